"""The loops of a tile: for each group, for each kept value, for each place of a turn, a step a cycle."""

from myhdl import always, always_comb

from rtl.hdl.hierarchy import module
from rtl.hdl.stream import bit, bus
from rtl.sat import bundles, layouts
from rtl.sat.config import SatConfig


@module
def stepper(clk, rst, start, loops, at, config):
    """Step through the loops of one tile after another.

    start       in   take `loops`; the first step is in the next cycle. Only with at.last, or not at.active
    loops       in   bundles.LoopCounts, each at least 1
    at          out  bundles.Position
    Latency     1 cycle from start to the first step
    Throughput  1 step per cycle, without a pause between tiles
    Reset       synchronous, active high
    Golden      none: three nested loops
    """
    f, turn = layouts.command(config), config.turn
    groups_left = bus(f, "groups")
    kept_per_group = bus(f, "kept_per_group")
    kept_in_last_group = bus(f, "kept_in_last_group")

    @always_comb
    def locate():
        if groups_left == 1:
            at.last_value.next = at.value + 1 == kept_in_last_group
        else:
            at.last_value.next = at.value + 1 == kept_per_group

    @always_comb
    def finish():
        at.turn_end.next = at.active and at.place == turn - 1
        at.group_end.next = at.active and at.place == turn - 1 and at.last_value
        at.last.next = at.active and at.place == turn - 1 and at.last_value and groups_left == 1

    @always(clk.posedge)
    def run():
        if start:
            at.active.next = True
            at.opening.next = True
        elif at.last:
            at.active.next = False
        elif at.turn_end:
            at.opening.next = False
        if rst:
            at.active.next = False

    @always(clk.posedge)
    def count():
        if start:
            groups_left.next = loops.groups
            kept_per_group.next = loops.kept_per_group
            kept_in_last_group.next = loops.kept_in_last_group
            at.value.next = 0
            at.place.next = 0
        elif at.active:
            if at.place != turn - 1:
                at.place.next = at.place + 1
            elif not at.last:
                at.place.next = 0
                if at.last_value:
                    groups_left.next = groups_left - 1
                    at.value.next = 0
                else:
                    at.value.next = at.value + 1

    return locate, finish, run, count


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `stepper`, by name."""
    return dict(clk=bit(), rst=bit(), start=bit(), loops=bundles.LoopCounts(config), at=bundles.Position(config))

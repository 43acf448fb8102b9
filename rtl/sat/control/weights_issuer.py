"""Sends weights to the array: the control words of its north edge, tile after tile."""

from myhdl import always, always_comb, concat

from rtl.hdl.hierarchy import module, waives
from rtl.hdl.lanes import pack
from rtl.hdl.stream import bit, bus, counter
from rtl.sat import bundles, layouts, timing
from rtl.sat.config import SatConfig
from rtl.sat.control.stepper import stepper


@waives(
    UNUSEDSIGNAL="of the command only some fields make weights, and of the stepper's position the opening does not",
    WIDTH="a place is compared with a wider number",
)
@module
def weights_issuer(clk, rst, upcoming, running, weights, north_control, config):
    """Step through the weights of one tile after another.

    upcoming       in   bundles.NextTile: with weights_start, the weights of that tile begin in the next cycle
    running        in   bundles.RunningTile.weights, from the next cycle on: where weights are stationary, there is a
                        group for each row, with blank weights where the tile has none, for the elements' bank
                        weights_bank; else they are sent to all rows, with the groups of the steps that use them
    weights        out  bundles.Progress
    north_control  out  layouts.north_control for column 0, SKEW cycles later
    Latency        1 cycle from weights_start to the first weight's issue
    Throughput     1 weight for each column and cycle, without a pause between tiles
    Reset          synchronous, active high
    Golden         none of its own; rtl/golden/gemm.py through the array
    """
    f, control = layouts.command(config), layouts.north_control(config)
    places = layouts.step(config).span("place", "bank")  # the address in an element's memory
    interleave, rows, bank_lines = config.interleave, config.rows, config.chunk
    oldest = control.at((timing.SKEW - 1) * control.width)

    loops, at = bundles.LoopCounts(config), bundles.Position(config, weights)
    line, lines_left = counter(control, "line"), bus(f, "north_lines")
    row = counter(control, "distance")
    sparse, blank, first_value, reading, writing, everyone = (bit() for _ in range(6))
    address = bus(places.width)
    now = bus(control)
    delayed = bus(timing.SKEW * control.width)  # the youngest in the low bits

    @always_comb
    def prepare():
        loops.kept_per_group.next = upcoming.command[f.kept_per_group_high : f.kept_per_group_low]
        if upcoming.command[f.weights_bit]:
            loops.groups.next = rows
            loops.kept_in_last_group.next = upcoming.command[f.kept_per_group_high : f.kept_per_group_low]
        else:
            loops.groups.next = upcoming.command[f.groups_high : f.groups_low]
            loops.kept_in_last_group.next = upcoming.command[f.kept_in_last_group_high : f.kept_in_last_group_low]

    @always(clk.posedge)
    def locate():
        if upcoming.weights_start:
            line.next = bank_lines if upcoming.bank else 0
            lines_left.next = upcoming.command[f.north_lines_high : f.north_lines_low]
            sparse.next = upcoming.command[f.sparse_bit]
            row.next = 0
        else:
            if at.turn_end and lines_left != 0:
                line.next = line + 1
                lines_left.next = lines_left - 1
            if at.group_end:
                row.next = row + 1

    @always_comb
    def describe():
        blank.next = lines_left == 0
        first_value.next = at.value == 0
        reading.next = weights.active and at.place == 0 and lines_left != 0
        writing.next = weights.active and at.place < interleave
        everyone.next = not running.stationary

    @always(clk.posedge)
    def delay():
        delayed.next = concat(delayed[oldest.low :], now)
        if rst:
            delayed.next = 0

    @always_comb
    def drive():
        north_control.next = delayed[oldest.high : oldest.low]

    wires = (
        pack(places, address, place=at.place, value=at.value, bank=running.weights_bank),
        pack(
            control,
            now,
            read=reading,
            line=line,
            value=at.value,
            first_value=first_value,
            last_value=at.last_value,
            sparse=sparse,
            blank=blank,
            address=address,
            write=writing,
            everyone=everyone,
            distance=row,
        ),
    )
    steps = stepper(clk, rst, upcoming.weights_start, loops, at, config)
    return prepare, locate, describe, delay, drive, wires, steps


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `weights_issuer`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        upcoming=bundles.NextTile(config),
        running=bundles.RunningTile(config).weights,
        weights=bundles.Progress(),
        north_control=bus(layouts.north_control(config)),
    )

"""The loops of a tile: for each group, for each kept value, for each place of a turn, a step a cycle."""

from myhdl import Signal, always, always_comb, intbv

from rtl.hierarchy import module


@module
def stepper(
    clk,
    rst,
    start,
    groups,
    values,
    tail,
    active,
    opening,
    place,
    value,
    last_value,
    turn_end,
    group_end,
    last_step,
    config,
):
    """Step through the loops of one tile after another.

    start       in   take the counts below; the first step is in the next cycle. Only with last_step, or not active
    groups      in   at least 1
    values      in   turns of a group; `tail` of the last group
    active      out  there is a step in this cycle
    opening     out  it is of the tile's first turn
    place       out  of the step in its turn
    value       out  of the turn in its group; last_value: it is the group's last
    turn_end, group_end, last_step  out  the step is the last of its turn, group, tile
    Latency     1 cycle from start to the first step
    Throughput  1 step per cycle, without a pause between tiles
    Reset       synchronous, active high
    Golden      none: three nested loops
    """
    turn = config.turn
    groups_left = Signal(intbv(0)[len(groups) :])
    values_each = Signal(intbv(0)[len(values) :])
    values_last = Signal(intbv(0)[len(tail) :])

    @always_comb
    def locate():
        if groups_left == 1:
            last_value.next = value + 1 == values_last
        else:
            last_value.next = value + 1 == values_each

    @always_comb
    def finish():
        turn_end.next = active and place == turn - 1
        group_end.next = active and place == turn - 1 and last_value
        last_step.next = active and place == turn - 1 and last_value and groups_left == 1

    @always(clk.posedge)
    def run():
        if start:
            active.next = True
            opening.next = True
        elif last_step:
            active.next = False
        elif turn_end:
            opening.next = False
        if rst:
            active.next = False

    @always(clk.posedge)
    def count():
        if start:
            groups_left.next = groups
            values_each.next = values
            values_last.next = tail
            value.next = 0
            place.next = 0
        elif active:
            if place != turn - 1:
                place.next = place + 1
            elif not last_step:
                place.next = 0
                if last_value:
                    groups_left.next = groups_left - 1
                    value.next = 0
                else:
                    value.next = value + 1

    return locate, finish, run, count

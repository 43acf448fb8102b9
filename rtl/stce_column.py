"""One column of the array: its north lane, its processing elements, and the lane of its sums.

Columns, not rows, are modules: weights and sums change each cycle and stay within a column, so the buses
between modules carry only the steps, and the activations, which change once a group.
"""

from myhdl import Signal, intbv

from rtl import words
from rtl.hierarchy import module, waives
from rtl.lanes import join, split
from rtl.north_lane import north_lane
from rtl.sum_lane import sum_lane
from rtl.uspe import uspe


@waives(UNUSEDSIGNAL="of some words only certain fields are used here")
@module
def stce_column(
    clk,
    rst,
    write,
    write_address,
    write_data,
    control,
    control_out,
    west_steps,
    west,
    east_steps,
    east,
    feed,
    feed_out,
    collect,
    collect_out,
    drain_load,
    drain_shift,
    drain_slot,
    drain_read,
    drain_address,
    drain_set,
    drain_memory,
    drained,
    config,
):
    """A column of `rows` processing elements.

    write*, control*   as in north_lane
    west*, east*       as in uspe, for each row
    feed*, collect*      as in sum_lane
    drain_*, drained   as in uspe and sum_lane; sums move down, the last row leaves first
    Latency            as in north_lane, uspe and sum_lane
    Reset              synchronous, active high
    Golden             none of its own; rtl/golden/gemm.py through the array
    """
    rows = range(config.rows)
    group_bits, step_bits = words.group_bits(config), words.step(config).width
    steps_in = [Signal(intbv(0)[step_bits:]) for _ in rows]
    steps_out = [Signal(intbv(0)[step_bits:]) for _ in rows]
    groups_in = [Signal(intbv(0)[group_bits:]) for _ in rows]
    groups_out = [Signal(intbv(0)[group_bits:]) for _ in rows]
    weights = [Signal(intbv(0)[words.descent(config).width :]) for _ in range(config.rows + 1)]
    sums = [Signal(intbv(0)[32:]) for _ in range(config.rows + 1)]

    wires = (split(west_steps, steps_in), join(steps_out, east_steps), split(west, groups_in), join(groups_out, east))
    north = north_lane(clk, write, write_address, write_data, control, control_out, weights[0], config)
    elements = [
        uspe(
            clk,
            rst,
            steps_in[r],
            groups_in[r],
            steps_out[r],
            groups_out[r],
            weights[r],
            weights[r + 1],
            sums[r],
            sums[r + 1],
            drain_load,
            drain_shift,
            drain_slot,
            config,
        )
        for r in rows
    ]
    ends = sum_lane(
        clk,
        rst,
        feed,
        feed_out,
        collect,
        collect_out,
        sums[config.rows],
        sums[0],
        drain_read,
        drain_address,
        drain_set,
        drain_memory,
        drained,
        config,
    )
    return wires, north, elements, ends

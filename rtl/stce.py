"""Sparse tensor computing engine: the systolic array with its operand buffers, its sums and its drain chain."""

from myhdl import Signal, always_comb, concat, intbv

from rtl import words
from rtl.config import BEAT
from rtl.hierarchy import module, waives
from rtl.lanes import join, split
from rtl.stce_column import stce_column
from rtl.west_lane import west_lane


@waives(UNUSEDSIGNAL="of some words only certain fields are used here")
@module
def stce(
    clk,
    rst,
    line,
    west_write,
    west_address,
    north_write,
    north_address,
    west_control,
    north_control,
    pace,
    last_row,
    below,
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
    """Rows x columns processing elements, output- or weight-stationary.

    line            in   an operand line: BEAT activations for each row, or `interleave` weights for each column
    west_write      in   store the line as activations at west_address
    north_write     in   store it as weights at north_address
    west_control    in   words.west_control, for row 0; every further row acts a hop later, as `pace` says
    north_control   in   words.north_control, for column 0; every further column acts a cycle later
    last_row        out  the control of the last row
    below           out  that of a row below it
    drain_*         in   as in uspe and sum_lane, to all at once
    drained         out  an FP32 word for each column
    Latency         from the issue of a step 6 cycles (WEST) to activations in the first element, 3 (NORTH) to
                    a weight there; drain_lag to all sums
    Reset           synchronous, active high, for at least reset_cycles (rtl/timing.py): controls hop
    Golden          rtl/golden/gemm.py
    """
    row_bits = BEAT * 16
    column_bits = config.interleave * words.weight(config).width
    group_bits, step_bits = words.group_bits(config), words.step(config).width
    boundary_bits = words.boundary(config).width
    control_w, control_n = len(west_control), len(north_control)
    rows, columns = range(config.rows), range(config.columns)

    row_lines = [Signal(intbv(0)[row_bits:]) for _ in rows]
    column_lines = [Signal(intbv(0)[column_bits:]) for _ in columns]
    west_controls = [west_control] + [Signal(intbv(0)[control_w:]) for _ in rows]
    north_controls = [north_control] + [Signal(intbv(0)[control_n:]) for _ in columns]
    steps = [Signal(intbv(0)[step_bits:]) for _ in rows]
    groups = [Signal(intbv(0)[group_bits:]) for _ in rows]
    step_buses = [Signal(intbv(0)[config.rows * step_bits :]) for _ in range(config.columns + 1)]
    group_buses = [Signal(intbv(0)[config.rows * group_bits :]) for _ in range(config.columns + 1)]
    feeds = [Signal(intbv(0)[boundary_bits:]) for _ in range(config.columns + 1)]
    collects = [Signal(intbv(0)[boundary_bits:]) for _ in range(config.columns + 1)]
    sums = [Signal(intbv(0)[32:]) for _ in columns]

    layout, low = words.west_control(config), words.west_control(config)["step"][1]
    begin_bit = layout["begin"][1]
    above_bit, fresh_bit, set_bit = (low + words.step(config)[name][1] for name in ("above", "fresh", "set"))
    last, beneath, feed, collect = west_controls[-2], west_controls[-1], feeds[0], collects[0]
    assert list(words.boundary(config).fields) == ["valid", "begin", "fresh", "set"]

    @always_comb
    def report():
        last_row.next = last
        below.next = beneath
        feed.next = concat(
            west_control[set_bit], west_control[fresh_bit], west_control[begin_bit], west_control[above_bit]
        )
        collect.next = concat(beneath[set_bit], beneath[fresh_bit], beneath[begin_bit], beneath[above_bit])

    wires = (
        split(line, row_lines),
        split(line, column_lines),
        join(steps, step_buses[0]),
        join(groups, group_buses[0]),
        join(sums, drained),
    )
    lanes = [
        west_lane(
            clk,
            rst,
            west_write,
            west_address,
            row_lines[r],
            pace,
            west_controls[r],
            west_controls[r + 1],
            steps[r],
            groups[r],
            config,
        )
        for r in rows
    ]
    array = [
        stce_column(
            clk,
            rst,
            north_write,
            north_address,
            column_lines[c],
            north_controls[c],
            north_controls[c + 1],
            step_buses[c],
            group_buses[c],
            step_buses[c + 1],
            group_buses[c + 1],
            feeds[c],
            feeds[c + 1],
            collects[c],
            collects[c + 1],
            drain_load,
            drain_shift,
            drain_slot,
            drain_read,
            drain_address,
            drain_set,
            drain_memory,
            sums[c],
            config,
        )
        for c in columns
    ]
    return report, wires, lanes, array

"""Sparse tensor computing engine: the systolic array with its operand buffers and its drain chain."""
from myhdl import Signal, intbv

from rtl import words
from rtl.config import BEAT
from rtl.hierarchy import module
from rtl.lanes import join, split
from rtl.stce_column import stce_column
from rtl.west_lane import west_lane


@module
def stce(clk, rst, line, west_write, west_address, north_write, north_address, west_control, north_control,
         drain_load, drain_shift, drain_slot, drained, config):
    """Rows x columns processing elements; output-stationary.

    line            in   an operand line: BEAT activations for each row, or `interleave` weights for each column
    west_write      in   store the line as activations at west_address
    north_write     in   store it as weights at north_address
    west_control    in   words.west_control, for row 0; every further row acts a cycle later
    north_control   in   words.north_control, for column 0; every further column acts a cycle later
    drain_*         in   as in uspe, to all at once; sums move up, row 0 leaves first
    drained         out  an FP32 word for each column
    Latency         from the issue of a step 6 cycles (WEST) to activations in the first element, 3 (NORTH) to
                    its weight; drain_lag to all sums
    Reset           synchronous, active high, for at least rows + columns cycles: controls hop
    Golden          rtl/golden/gemm.py
    """
    row_bits = BEAT * 16
    column_bits = config.interleave * words.weight(config).width
    group_bits = words.group_bits(config)
    control_w, control_n = len(west_control), len(north_control)
    rows, columns = range(config.rows), range(config.columns)

    row_lines = [Signal(intbv(0)[row_bits:]) for _ in rows]
    column_lines = [Signal(intbv(0)[column_bits:]) for _ in columns]
    west_controls = [west_control] + [Signal(intbv(0)[control_w:]) for _ in rows]
    north_controls = [north_control] + [Signal(intbv(0)[control_n:]) for _ in columns]
    loads = [Signal(bool(0)) for _ in rows]
    groups = [Signal(intbv(0)[group_bits:]) for _ in rows]
    load_buses = [Signal(intbv(0)[config.rows:]) for _ in range(config.columns + 1)]
    group_buses = [Signal(intbv(0)[config.rows * group_bits:]) for _ in range(config.columns + 1)]
    sums = [Signal(intbv(0)[32:]) for _ in columns]

    wires = (split(line, row_lines), split(line, column_lines), join(loads, load_buses[0]),
             join(groups, group_buses[0]), join(sums, drained))
    lanes = [
        west_lane(clk, west_write, west_address, row_lines[r], west_controls[r], west_controls[r + 1],
                  loads[r], groups[r], config)
        for r in rows]
    # A column's drain chain is closed to a ring, for what enters at the bottom is never sent.
    array = [
        stce_column(clk, rst, north_write, north_address, column_lines[c], north_controls[c], north_controls[c + 1],
                    load_buses[c], group_buses[c], load_buses[c + 1], group_buses[c + 1],
                    drain_load, drain_shift, drain_slot, sums[c], sums[c], config)
        for c in columns]
    return wires, lanes, array

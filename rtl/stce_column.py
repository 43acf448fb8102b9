"""One column of the array: its north lane and its processing elements.

Columns, not rows, are modules: steps and drained sums change each cycle and stay within a column, so
the buses between modules carry only the activations, which change once a group.
"""
from myhdl import Signal, intbv

from rtl import words
from rtl.hierarchy import module
from rtl.lanes import join, split
from rtl.north_lane import north_lane
from rtl.uspe import uspe


@module
def stce_column(clk, rst, write, write_address, write_data, control, control_out, west_loads, west, east_loads, east,
                drain_load, drain_shift, drain_slot, drain_in, drain_out, config):
    """A column of `rows` processing elements.

    write*, control*   as in north_lane
    west*, east*       as in uspe, for each row
    drain_*            as in uspe; drain_in enters at the bottom, row 0 drives drain_out
    Latency            as in north_lane and uspe
    Reset              synchronous, active high
    Golden             none of its own; rtl/golden/gemm.py through the array
    """
    rows = range(config.rows)
    group_bits = words.group_bits(config)
    loads_in = [Signal(bool(0)) for _ in rows]
    loads_out = [Signal(bool(0)) for _ in rows]
    groups_in = [Signal(intbv(0)[group_bits:]) for _ in rows]
    groups_out = [Signal(intbv(0)[group_bits:]) for _ in rows]
    steps = [Signal(intbv(0)[words.step(config).width:]) for _ in range(config.rows + 1)]
    sums = [drain_out] + [Signal(intbv(0)[32:]) for _ in rows[1:]] + [drain_in]

    wires = (split(west_loads, loads_in), join(loads_out, east_loads), split(west, groups_in), join(groups_out, east))
    lane = north_lane(clk, write, write_address, write_data, control, control_out, steps[0], config)
    elements = [
        uspe(clk, rst, loads_in[r], groups_in[r], loads_out[r], groups_out[r], steps[r], steps[r + 1],
             drain_load, drain_shift, drain_slot, sums[r + 1], sums[r], config)
        for r in rows]
    return wires, lane, elements

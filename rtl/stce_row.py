"""One row of the array: its west lane and its processing elements."""
from myhdl import Signal, intbv

from rtl import words
from rtl.hierarchy import module
from rtl.lanes import join, split
from rtl.uspe import uspe
from rtl.west_lane import west_lane


@module
def stce_row(clk, rst, write, write_address, write_data, control, control_out, north, south,
             drain_load, drain_shift, drain_slot, drain_in, drain_out, config):
    """A row of `columns` processing elements.

    write*, control*   as in west_lane
    north, south       a words.step for each column
    drain_*            as in uspe, an FP32 word for each column
    Latency            as in west_lane and uspe
    Reset              synchronous, active high
    Golden             none of its own; rtl/golden/gemm.py through the array
    """
    step_bits = words.step(config).width
    columns = range(config.columns)
    groups = [Signal(intbv(0)[17 * config.largest_m:]) for _ in range(config.columns + 1)]
    loads = [Signal(bool(0)) for _ in range(config.columns + 1)]
    steps_in = [Signal(intbv(0)[step_bits:]) for _ in columns]
    steps_out = [Signal(intbv(0)[step_bits:]) for _ in columns]
    words_in = [Signal(intbv(0)[32:]) for _ in columns]
    words_out = [Signal(intbv(0)[32:]) for _ in columns]

    wires = (split(north, steps_in), join(steps_out, south), split(drain_in, words_in), join(words_out, drain_out))
    lane = west_lane(clk, write, write_address, write_data, control, control_out, loads[0], groups[0], config)
    elements = [
        uspe(clk, rst, loads[c], groups[c], loads[c + 1], groups[c + 1], steps_in[c], steps_out[c],
             drain_load, drain_shift, drain_slot, words_in[c], words_out[c], config)
        for c in columns]
    return wires, lane, elements

"""Faults to be planted in the generated Verilog of the preset `small`: each must make the check fail.

A few of every kind show that the checker sees bits, cycles, unknown values and hangs. How many faults the checks find
at all is what the mutation run says (tests/mutation/).

A row says which text of which file becomes which, and one of the stimuli (tests/cosim/test_faults.py) that catches
it: 'random' is one 2:8 GEMM of 9x40x18 normal numbers, stored as FP32, with stationary sums.
"""

from pathlib import Path
from typing import NamedTuple


class Fault(NamedTuple):
    name: str
    file: str
    old: str
    new: str
    caught_by: str = "random"


FAULTS = (
    # the multiplier
    Fault(
        "stuck bit in the product",
        "sat_fp16_mul.v",
        "product <= {sign, biased, shifted[21-1:0], 2'h0};",
        "product <= {sign, biased, shifted[21-1:0], 2'h0} | 32'h4000;",
    ),
    # the adder
    Fault(
        "larger and smaller addend swapped",
        "sat_fp32_add.v",
        "if ((a[31-1:0] < b[31-1:0])) begin",
        "if ((a[31-1:0] > b[31-1:0])) begin",
    ),
    Fault("subtraction adds", "sat_fp32_add.v", "if (order_subtract) begin", "if (1'b0) begin"),
    Fault("NaN not canonical", "sat_fp32_add.v", "(sign && (!invalid))", "sign", "special"),
    # the rounding
    Fault("ties away from zero", "sat_fp_round_8_23.v", "(guard && (sticky || word[0]))", "guard"),
    Fault("sticky ignored", "sat_fp_round_8_23.v", "(guard && (sticky || word[0]))", "(guard && word[0])"),
    Fault(
        "half rounding truncates",
        "sat_fp_round_5_10.v",
        "(nearest_even_kept + nearest_even_up)",
        "nearest_even_kept",
        "half",
    ),
    Fault(
        "half subnormals flushed",
        "sat_fp32_to_fp16.v",
        "if ((single[31-1:23] > 100)) begin",
        "if ((single[31-1:23] > 112)) begin",
        "half",
    ),
    # the processing element
    Fault("index bit dropped", "sat_uspe.v", "{fetched[20-1:16], 4'h0}", "{2'h0, fetched[18-1:16], 4'h0}"),
    Fault(
        "pruned mask ignored",
        "sat_uspe.v",
        "if (((east_group[272-1:256] & fetched[36-1:20]) != 0)) begin",
        "if (1'b0) begin",
        "special",
    ),
    Fault(
        "accumulator slot off by one",
        "sat_uspe.v",
        "accumulators[tags[42-1:39]] <= total;",
        "accumulators[tags[42-1:39] + 3'h1] <= total;",
    ),
    # the lanes
    Fault(
        "weight and its index swapped on the way down",
        "sat_north_lane.v",
        "select_taken = fetched[20-1:16];",
        "select_taken = fetched[4-1:0];",
    ),
    Fault("north address bit stuck", "sat_north_lane.v", "memory[control[8-1:1]]", "memory[control[8-1:1] | 7'h1]"),
    Fault("rows swapped at the west edge", "sat_stce.v", ".write_data(split_0_lane1)", ".write_data(split_0_lane2)"),
    Fault(
        "columns swapped at the north edge", "sat_stce.v", ".write_data(split_1_lane0)", ".write_data(split_1_lane3)"
    ),
    # control
    Fault("second north bank not used", "sat_loader.v", "north_line <= 64;", "north_line <= 0;"),
    Fault(
        "one group too few",
        "sat_stepper.v",
        "groups_left <= loops_groups;",
        "groups_left <= loops_groups - (loops_groups > 1);",
    ),
    Fault("a pause between tiles", "sat_dispatcher.v", "(steps_last || (!steps_active))", "(!steps_active)", "dense"),
    Fault(
        "setup a cycle late",
        "sat_loader.v",
        "assign commands_ready = ((!loading) && (!occupied[bank]));",
        "reg late; always @(posedge clk) late <= loading || occupied[bank];\n"
        "assign commands_ready = !loading && !occupied[bank] && !late;",
    ),
    Fault(
        "banks freed too late",
        "sat_skew_tracker.v",
        "assign bank_done = releasing[(2 - 1)];",
        "reg late; always @(posedge clk) late <= releasing[1];\nassign bank_done = late;",
        "dense",
    ),
    Fault(
        "drain a cycle early",
        "sat_skew_tracker.v",
        "assign finished = finishing[(9 - 1)];",
        "assign finished = finishing[(9 - 2)];",
    ),
    # where weights are stationary
    Fault(
        "sum handed over a cycle late",
        "sat_uspe.v",
        "assign handed = total;",
        "reg [31:0] late; always @(posedge clk) late <= total;\nassign handed = late;",
        "weights",
    ),
    Fault(
        "next weights overwrite those in use",
        "sat_uspe.v",
        "memory[north[41-1:36]] <=",
        "memory[north[41-1:36] & 5'h0f] <=",
        "weights",
    ),
    Fault("sums start from what was there", "sat_sum_lane.v", "if (feeds[14]) begin", "if (1'b0) begin", "weights"),
    Fault(
        "weights started again before their steps",
        "sat_dispatcher.v",
        "in_step && (!primed) && ",
        "in_step && ",
        "weights",
    ),
    Fault(
        "dataflow changed before the store",
        "sat_dispatcher.v",
        "((accumulators_free == 2) && ",
        "((accumulators_free != 0) && ",
        "mixed",
    ),
    Fault(
        "a finished block not kept waiting by the one that drains",
        "sat_drain.v",
        "draining <= 1'b1;",
        "draining <= 1'b0;",
        "queue",
    ),
    # the weight update
    Fault(
        "the later of two equals kept",
        "sat_sore_lane.v",
        "(value[15-1:0] > stack[compare_k][15-1:0])",
        "(value[15-1:0] >= stack[compare_k][15-1:0])",
        "update",
    ),
    Fault(
        "momentum and decay swapped",
        "sat_wuve_lane.v",
        "decay = rates[63:32],",
        "decay = rates[95:64],",
        "update",
    ),
    # counters and ports
    Fault(
        "busy counts one too few of each tile",
        "sat.v",
        "assign works = (steps_active || slices_active);",
        "assign works = (steps_active || slices_active) && !tile_done;",
    ),
    Fault(
        "tile_done a cycle late",
        "sat.v",
        "assign tile_done = (steps_last || slices_last);",
        "reg late; always @(posedge clk) late <= steps_last;\nassign tile_done = late;",
    ),
    Fault(
        "the end of a block not told",
        "sat.v",
        "assign stored = (blocks_stored || update_stored);",
        "assign stored = update_stored;",
    ),
    Fault(
        "an update's tile told to end with each of its words",
        "sat.v",
        "assign stored = (blocks_stored || update_stored);",
        "assign stored = (blocks_stored || (updates_busy && results_valid && results_ready));",
        "update",
    ),
    Fault(
        "an operand bit lost at the port",
        "sat_loader.v",
        "line_data <= operands_data;",
        "line_data <= operands_data & ~320'h200;",
    ),
    Fault("a result bit unknown", "sat_result_port.v", "results_data <= word;", "results_data <= {word[127:1], 1'bx};"),
    Fault(
        "never ready for a command",
        "sat_loader.v",
        "assign commands_ready = ((!loading) && (!occupied[bank]));",
        "assign commands_ready = 1'b0;",
    ),
)


def plant(folder: str | Path, fault: Fault) -> None:
    """Change the Verilog that keep= left in `folder`. Raises ValueError unless the old text stands there once."""
    path = Path(folder) / fault.file
    text = path.read_text()
    times = text.count(fault.old)
    if times != 1:
        raise ValueError(f"fault {fault.name!r} must find its text once in {fault.file}, not {times} times")
    path.write_text(text.replace(fault.old, fault.new))

"""Faults to be planted in the generated Verilog of the preset `small`: each must make the check fail.

A row says which text of which file becomes which, and the first of the stimuli (tests/cosim/test_faults.py)
that catches it: 'random' is one 2:8 GEMM of 9x40x18 normal numbers, stored as FP32.
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
    Fault("stuck bit in the product", "fp16_mul.v",
          "product <= {sign, normalise_biased, normalise_shifted[21-1:0], 2'h0};",
          "product <= {sign, normalise_biased, normalise_shifted[21-1:0], 2'h0} | 32'h4000;"),
    Fault("sign of a negative product lost", "fp16_mul.v", "sign <= (a[15] ^ b[15]);", "sign <= (a[15] & !b[15]);"),
    Fault("product normalised by one place too few", "fp16_mul.v", "normalise_biased = (normalise_biased - 1);",
          "normalise_biased = normalise_biased;"),
    Fault("exponent of a subnormal taken as 0", "fp16_mul.v",
          "(((a[15-1:10] + b[15-1:10]) + (!multiply_a_normal)) + (!multiply_b_normal))",
          "(a[15-1:10] + b[15-1:10])", "half"),
    Fault("an infinite activation is a number", "fp16_mul.v", "((a[15-1:10] == 31) || (b[15-1:10] == 31))",
          "(b[15-1:10] == 31)", "special"),
    Fault("infinity times zero is infinite", "fp16_mul.v",
          "((a[15-1:0] == 31744) && (b[15-1:0] == 0)) || ((a[15-1:0] == 0) && (b[15-1:0] == 31744))", "1'b0",
          "special"),
    # the adder
    Fault("larger and smaller addend swapped", "fp32_add.v", "if ((a[31-1:0] < b[31-1:0])) begin",
          "if ((a[31-1:0] > b[31-1:0])) begin"),
    Fault("bits shifted out are not remembered", "fp32_add.v",
          "(($signed({1'b0, align_and_add_aligned}) & ((1 << distance) - 1)) != 0)", "1'h0"),
    Fault("subtraction adds", "fp32_add.v", "exact <= ({major, 3'h0} - align_and_add_aligned);",
          "exact <= ({major, 3'h0} + align_and_add_aligned);"),
    Fault("guard ignored", "fp32_add.v", "guard <= normalise_shifted[3];", "guard <= 1'b0;"),
    Fault("sticky only of the place below guard", "fp32_add.v", "sticky <= (normalise_shifted[3-1:0] != 0);",
          "sticky <= normalise_shifted[2];"),
    Fault("a difference of zero keeps its sign", "fp32_add.v", "sign <= (exact_sign && (!exact_subtract));",
          "sign <= exact_sign;", "special"),
    Fault("infinity minus infinity is infinite", "fp32_add.v",
          "((order_little[31-1:0] == 32'h7f800000) && (order_big[31] != order_little[31]))", "1'b0", "special"),
    Fault("NaN not canonical", "fp32_add.v", "total = 32'h7fc00000;", "total = {sign, 31'h7fc00000};", "special"),
    # the rounding
    Fault("rounding truncates", "fp_round_8_23.v", "rounded = (word + 1);", "rounded = word;"),
    Fault("ties away from zero", "fp_round_8_23.v", "(guard && (sticky || word[0]))", "guard"),
    Fault("ties to odd", "fp_round_8_23.v", "(guard && (sticky || word[0]))", "(guard && (sticky || !word[0]))"),
    Fault("sticky ignored", "fp_round_8_23.v", "(guard && (sticky || word[0]))", "(guard && word[0])"),
    Fault("half rounding truncates", "fp_round_5_10.v", "rounded = (word + 1);", "rounded = word;", "half"),
    Fault("half subnormals flushed", "fp32_to_fp16.v", "if ((single[31-1:23] > 100)) begin",
          "if ((single[31-1:23] > 112)) begin", "half"),
    Fault("half overflows an exponent early", "fp32_to_fp16.v", "if ((single[31-1:23] > 142)) begin",
          "if ((single[31-1:23] > 141)) begin", "half"),
    Fault("half NaN not canonical", "fp32_to_fp16.v", "half = 32256;", "half = 65024;", "special_half"),
    Fault("half never chosen", "drain.v", "assign to_half = command[35];", "assign to_half = 1'b0;", "half"),
    # the processing element
    Fault("index bit dropped", "uspe.v", "{south[20-1:16], 4'h0}", "{2'h0, south[18-1:16], 4'h0}"),
    Fault("pruned mask ignored", "uspe.v", "if (((east[256+:16] & south[36-1:20]) != 0)) begin", "if (1'b0) begin",
          "special"),
    Fault("accumulator slot off by one", "uspe.v", "accumulators[tags[(29 - 1)-1:25]] <= total;",
          "accumulators[tags[(29 - 1)-1:25] + 3'h1] <= total;"),
    Fault("sum does not start from zero", "uspe.v", "tags[13] ? 0 : accumulators", "1'b0 ? 0 : accumulators"),
    Fault("sum starts anew in each chunk", "sequencer.v", "starting_sum <= candidate[27];", "starting_sum <= 1'b1;",
          "dense"),
    Fault("weight not handed on to the row below", "uspe.v", "south <= north;",
          "south <= {north[40:16], 16'h0};"),
    # the lanes
    Fault("weight and its index swapped in the step", "north_lane.v", "send_line[20-1:16];", "send_line[4-1:0];"),
    Fault("index of a sparse weight counted", "north_lane.v", "if (sparse) begin", "if (!sparse) begin"),
    Fault("last index of a group not pruned beyond", "north_lane.v",
          "(send_pruned | ((65535 >>> send_above) << send_above))", "send_pruned", "special"),
    Fault("north address bit stuck", "north_lane.v", "memory[control[13-1:6]]", "memory[control[13-1:6] | 7'h1]"),
    Fault("west address bit stuck", "west_lane.v", "memory[control[6-1:1]]", "memory[control[6-1:1] & 5'h1e]"),
    Fault("second beat of a group lost", "west_lane.v", "activations <= (activations | (beat << {place, 6'h0}));",
          "activations <= activations;"),
    Fault("rows swapped at the west edge", "stce.v", ".write_data(split_0_lane1)", ".write_data(split_0_lane2)"),
    Fault("columns swapped at the north edge", "stce.v", ".write_data(split_1_lane0)", ".write_data(split_1_lane3)"),
    # control
    Fault("second west bank not used", "sequencer.v", "west_line <= 16;", "west_line <= 0;", "dense"),
    Fault("second north bank not used", "loader.v", "north_line <= 64;", "north_line <= 0;"),
    Fault("last group ends as the others do", "sequencer.v", "last_value = ((value + 1) == command[23-1:20]);",
          "last_value = ((value + 1) == command[20-1:17]);", "dense"),
    Fault("one group too few", "sequencer.v", "groups_left <= candidate[17-1:12];",
          "groups_left <= candidate[17-1:12] - (candidate[17-1:12] > 1);"),
    Fault("tile ends a step early", "sequencer.v", "(groups_left == 1) && ($signed({1'b0, place}) == (4 - 1)));",
          "(groups_left == 1) && ($signed({1'b0, place}) == (4 - 2)));"),
    Fault("a pause between tiles", "sequencer.v", "((last_step || (!issuing)) && loaded[bank]",
          "((!issuing) && loaded[bank]", "dense"),
    Fault("banks freed too late", "sequencer.v", "assign bank_done = release_delay[(4 - 1)];",
          "reg late; always @(posedge clk) late <= release_delay[3];\nassign bank_done = late;", "dense"),
    Fault("drain a cycle early", "sequencer.v", "assign finished = drain_delay[(18 - 1)];",
          "assign finished = drain_delay[(18 - 2)];"),
    Fault("setup a cycle late", "loader.v", "assign commands_ready = ((!loading) && (!occupied[bank]));",
          "reg late; always @(posedge clk) late <= loading || occupied[bank];\n"
          "assign commands_ready = !loading && !occupied[bank] && !late;"),
    Fault("rows drain in the wrong order", "drain.v", "drain_shift = advance;", "drain_shift = !advance;"),
    Fault("drain slot stuck", "drain.v", "        steer_number = slot;", "        steer_number = slot & 3'h5;"),
    Fault("wrong set of accumulators drained", "drain.v", "steer_number = (steer_number + 4);",
          "steer_number = steer_number;"),
    Fault("busy counts one too few of each tile", "sat.v", "if (issuing) begin", "if (issuing && !tile_done) begin"),
    Fault("waiting for the store counts as idle", "sat.v", "(accumulators_free != 2)", "1'b0"),
    Fault("tile_done a cycle late", "sat.v", "    .last_step(tile_done)\n);",
          "    .last_step(last)\n);\nwire last; reg late; always @(posedge clk) late <= last;\n"
          "assign tile_done = late;"),
    Fault("an operand bit lost at the port", "loader.v", "line <= operands_data;",
          "line <= operands_data & ~320'h200;"),
    Fault("a result bit unknown", "drain.v", "results_data <= word;", "results_data <= {word[127:1], 1'bx};"),
    Fault("never ready for a command", "loader.v", "assign commands_ready = ((!loading) && (!occupied[bank]));",
          "assign commands_ready = 1'b0;"),
)


def plant(folder: str | Path, fault: Fault) -> None:
    """Change the Verilog that keep= left in `folder`. Raises ValueError unless the old text stands there once."""
    path = Path(folder) / fault.file
    text = path.read_text()
    times = text.count(fault.old)
    if times != 1:
        raise ValueError(f"fault {fault.name!r} must find its text once in {fault.file}, not {times} times")
    path.write_text(text.replace(fault.old, fault.new))

"""Faults to be planted in the generated Verilog of the preset `small`: each must make the check fail.

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
    Fault("stuck bit in the product", "fp16_mul.v",
          "product <= {sign, normalise_biased, normalise_shifted[21-1:0], 2'h0};",
          "product <= {sign, normalise_biased, normalise_shifted[21-1:0], 2'h0} | 32'h4000;"),
    Fault("sign of a negative product lost", "fp16_mul.v", "sign <= (a[15] ^ b[15]);", "sign <= (a[15] & !b[15]);"),
    Fault("product normalised by one place too few", "fp16_mul.v",
          "normalise_shifted = (normalise_shifted << normalise_fine);",
          "normalise_shifted = (normalise_shifted << (normalise_fine & 2'h2));"),
    Fault("exponent of a subnormal taken as 0", "fp16_mul.v", "multiply_high = 1;", "multiply_high = 0;", "half"),
    Fault("an infinite activation is a number", "fp16_mul.v", "((multiply_high == 31) || (multiply_low == 31))",
          "(multiply_low == 31)", "special"),
    Fault("infinity times zero is infinite", "fp16_mul.v", "(nan || (!normalise_shifted[21]))", "nan", "special"),
    # the adder
    Fault("larger and smaller addend swapped", "fp32_add.v", "if ((a[31-1:0] < b[31-1:0])) begin",
          "if ((a[31-1:0] > b[31-1:0])) begin"),
    Fault("bits shifted out are not remembered", "fp32_add.v",
          "{align_and_add_aligned[28-1:2], (align_and_add_aligned[2-1:0] != 0)}", "align_and_add_aligned[28-1:1]"),
    Fault("subtraction adds", "fp32_add.v", "if (order_subtract) begin", "if (1'b0) begin"),
    Fault("a difference is one too small", "fp32_add.v", " + order_subtract)", ")"),
    Fault("guard ignored", "fp32_add.v", "guard <= normalise_shifted[3];", "guard <= 1'b0;"),
    Fault("sticky only of the place below guard", "fp32_add.v", "sticky <= (normalise_shifted[3-1:0] != 0);",
          "sticky <= normalise_shifted[2];"),
    Fault("a difference of zero keeps its sign", "fp32_add.v", " sign <= 1'b0;", " sign <= exact_sign;", "special"),
    Fault("infinity minus infinity is infinite", "fp32_add.v",
          "((order_low == 255) && (order_big[31] != order_little[31]))", "1'b0", "special"),
    Fault("NaN not canonical", "fp32_add.v", "(sign && (!invalid))", "sign", "special"),
    # the rounding
    Fault("rounding truncates", "fp_round_8_23.v", "(nearest_even_kept + nearest_even_up)", "nearest_even_kept"),
    Fault("ties away from zero", "fp_round_8_23.v", "(guard && (sticky || word[0]))", "guard"),
    Fault("ties to odd", "fp_round_8_23.v", "(guard && (sticky || word[0]))", "(guard && (sticky || !word[0]))"),
    Fault("sticky ignored", "fp_round_8_23.v", "(guard && (sticky || word[0]))", "(guard && word[0])"),
    Fault("half rounding truncates", "fp_round_5_10.v", "(nearest_even_kept + nearest_even_up)", "nearest_even_kept",
          "half"),
    Fault("half subnormals flushed", "fp32_to_fp16.v", "if ((single[31-1:23] > 100)) begin",
          "if ((single[31-1:23] > 112)) begin", "half"),
    Fault("half overflows an exponent early", "fp32_to_fp16.v", "if ((single[31-1:23] > 142)) begin",
          "if ((single[31-1:23] > 141)) begin", "half"),
    Fault("half NaN not canonical", "fp32_to_fp16.v", "half = 32256;", "half = 65024;", "special_half"),
    Fault("half never chosen", "drain.v", "assign to_half = ", "assign to_half = 1'b0 && ", "half"),
    # the processing element
    Fault("index bit dropped", "uspe.v", "{chosen[20-1:16], 4'h0}", "{2'h0, chosen[18-1:16], 4'h0}"),
    Fault("pruned mask ignored", "uspe.v", "if (((east[256+:16] & chosen[36-1:20]) != 0)) begin", "if (1'b0) begin",
          "special"),
    Fault("accumulator slot off by one", "uspe.v", "accumulators[tags[42-1:39]] <= total;",
          "accumulators[tags[42-1:39] + 3'h1] <= total;"),
    Fault("sum does not start from zero", "uspe.v", "tags[15] ? 0 : accumulators", "1'b0 ? 0 : accumulators"),
    Fault("sum starts anew in each tile", "sequencer.v", "fresh = (command[27] && ", "fresh = (", "dense"),
    Fault("weight not handed on to the row below", "uspe.v", "south <= {hop_distance, north[43-1:0]};",
          "south <= {hop_distance, north[43-1:16], 16'h0};"),
    # the lanes
    Fault("weight and its index swapped on the way down", "north_lane.v", "send_line[20-1:16];", "send_line[4-1:0];"),
    Fault("index of a sparse weight counted", "north_lane.v", "if (sparse) begin", "if (!sparse) begin"),
    Fault("last index of a group not pruned beyond", "north_lane.v",
          "(send_pruned | ((65535 >>> send_above) << send_above))", "send_pruned", "special"),
    Fault("north address bit stuck", "north_lane.v", "memory[control[8-1:1]]", "memory[control[8-1:1] | 7'h1]"),
    Fault("west address bit stuck", "west_lane.v", "memory[control[6-1:1]]", "memory[control[6-1:1] & 5'h1e]"),
    Fault("second beat of a group lost", "west_lane.v", "activations <= (activations | (beat << {place, 6'h0}));",
          "activations <= activations;"),
    Fault("rows swapped at the west edge", "stce.v", ".write_data(split_0_lane1)", ".write_data(split_0_lane2)"),
    Fault("columns swapped at the north edge", "stce.v", ".write_data(split_1_lane0)", ".write_data(split_1_lane3)"),
    # control
    Fault("second west bank not used", "sequencer.v", "west_line <= bank ? 16 : 0;", "west_line <= 0;", "dense"),
    Fault("second north bank not used", "loader.v", "north_line <= 64;", "north_line <= 0;"),
    Fault("last group ends as the others do", "stepper.v", "if ((groups_left == 1)) begin", "if (1'b0) begin", "dense"),
    Fault("one group too few", "stepper.v", "groups_left <= groups;", "groups_left <= groups - (groups > 1);"),
    Fault("tile ends a step early", "stepper.v", "assign last_step = (active && ($signed({1'b0, place}) == (4 - 1))",
          "assign last_step = (active && ($signed({1'b0, place}) == (4 - 2))"),
    Fault("a pause between tiles", "dispatcher.v", "(last_step || (!issuing))", "(!issuing)", "dense"),
    Fault("banks freed too late", "sequencer.v", "assign bank_done = releasing[(2 - 1)];",
          "reg late; always @(posedge clk) late <= releasing[1];\nassign bank_done = late;", "dense"),
    Fault("drain a cycle early", "sequencer.v", "assign finished = finishing[(9 - 1)];",
          "assign finished = finishing[(9 - 2)];"),
    Fault("setup a cycle late", "loader.v", "assign commands_ready = ((!loading) && (!occupied[bank]));",
          "reg late; always @(posedge clk) late <= loading || occupied[bank];\n"
          "assign commands_ready = !loading && !occupied[bank] && !late;"),
    Fault("rows drain in the wrong order", "drain.v", "drain_shift = (advance", "drain_shift = (!advance"),
    Fault("drain slot stuck", "drain.v", "        steer_place = slot;", "        steer_place = slot & 3'h1;"),
    Fault("wrong set of accumulators drained", "drain.v", "drain_slot = {steer_place, accumulators};",
          "drain_slot = {steer_place, 1'h0};"),
    # where weights are stationary: the elements
    Fault("sum from above ignored", "uspe.v", "tags[16] ? sum_in", "1'b0 ? sum_in", "weights"),
    Fault("sum handed over a cycle late", "uspe.v", "assign handed = total;",
          "reg [31:0] late; always @(posedge clk) late <= total;\nassign handed = late;", "weights"),
    Fault("sums that stay handed over", "uspe.v", "assign handing = tags[38];", "assign handing = tags[35];"),
    Fault("weight of one row kept by all", "uspe.v", "(north[42] || (north[45-1:43] == 0))", "1'b1", "weights"),
    Fault("distance not counted down", "uspe.v", "(($signed({1'b0, north[45-1:43]}) - 1) % 4)", "north[45-1:43]",
          "weights"),
    Fault("next weights overwrite those in use", "uspe.v", "memory[north[41-1:36]] <=",
          "memory[north[41-1:36] & 5'h0f] <=", "weights"),
    Fault("second bank of weights not used", "uspe.v", "memory[east_step[10-1:5]]", "memory[east_step[10-1:5] & 5'h0f]",
          "weights"),
    # the rows' delay lines
    Fault("rows follow a cycle later instead of a group", "west_lane.v", "if (pace[0]) begin", "if (1'b0) begin",
          "weights"),
    Fault("pace a cycle too slow", "sequencer.v", "pace_last = ((values * 4) - 2);", "pace_last = ((values * 4) - 1);",
          "weights"),
    Fault("pace of four values for two", "sequencer.v", "pace_last = ((values * 4) - 2);", "pace_last = 14;",
          "sparse_weights"),
    # the columns' sums
    Fault("sums start from what was there", "sum_lane.v", "if (feeds[(12 + 2)]) begin", "if (1'b0) begin", "weights"),
    Fault("sums of the other set go on", "sum_lane.v", "else if (feeds[(12 + 3)]) begin",
          "else if (!feeds[(12 + 3)]) begin", "weights"),
    Fault("sums enter a place too far", "sum_lane.v", "next_out <= ((feed_address + 1) % 64);",
          "next_out <= ((feed_address + 2) % 64);", "weights"),
    Fault("sums do not begin anew in each tile", "sum_lane.v", "feed_address = feeds[(8 + 1)] ? 0 : next_out;",
          "feed_address = next_out;", "weights"),
    Fault("sum stored under the next one's address", "sum_bank_0.v", "memory[write_address] <=",
          "memory[write_address + 1] <=", "weights"),
    Fault("sums of the other set overwrite these", "sum_bank_0.v", "if ((write && (write_set == 0))) begin",
          "if (write) begin", "weights"),
    Fault("sum fed from the drain's address", "sum_bank_0.v", "feeding ? feed_address : drain_address", "drain_address",
          "weights"),
    Fault("sums lost at the bottom", "stce.v", "beneath[11]}", "1'b0}", "weights"),
    # where weights are stationary: control
    Fault("weights for one row too few", "sequencer.v", "weights_groups = 4;", "weights_groups = 3;", "weights"),
    Fault("all weights for the first row", "sequencer.v", "row <= ((row + 1) % (2 ** 2));", "row <= row;", "weights"),
    Fault("weights of one row for everyone", "sequencer.v", "{row, (!stationary),", "{row, 1'b1,", "weights"),
    Fault("weights beyond the last line", "sequencer.v", "lines_left <= candidate[12-1:5];", "lines_left <= 127;",
          "special_weights"),
    Fault("steps use the weights of the next tile", "sequencer.v", "step_bank, value, place",
          "weights_bank, value, place", "weights"),
    Fault("only the first row of a tile starts from zero", "sequencer.v", "(stationary || opening)", "opening",
          "weights"),
    Fault("each row of a tile is its first", "sequencer.v", "(valid && stationary && opening && (place == 0)",
          "(valid && stationary && (place == 0)", "weights"),
    Fault("operand bank freed by the first row", "sequencer.v", "last_row[8]", "west_control[8]", "sparse_weights"),
    Fault("first sum announced by the last row", "sequencer.v", "assign returned = below[20];",
          "assign returned = last_row[20];", "short"),
    Fault("lead of the weights a cycle short", "dispatcher.v", "lead_left <= (4 - 1);", "lead_left <= (4 - 2);",
          "weights"),
    Fault("first sum of the tile before not waited for", "dispatcher.v", "(returned || (!away))", "1'b1", "short"),
    Fault("start a cycle after the first sum", "dispatcher.v", "(returned || (!away))", "(!away)", "short"),
    Fault("weights started again before their steps", "dispatcher.v", "in_step && (!primed) && ", "in_step && ",
          "weights"),
    Fault("next weights start amid these", "dispatcher.v", "(weights_last || (!weights_active))", "1'b1", "short"),
    Fault("weights of each tile in the same bank", "dispatcher.v", "weights_bank <= (!weights_bank);",
          "weights_bank <= weights_bank;", "weights"),
    Fault("dataflow changed under way", "dispatcher.v", "assign in_step = ", "assign in_step = 1'b1 || ", "mixed"),
    Fault("dataflow changed before the store", "dispatcher.v", "((accumulators_free == 2) && ",
          "((accumulators_free != 0) && ", "mixed"),
    Fault("dataflow never changed", "dispatcher.v", "(accumulators_free == 2)", "1'b0", "mixed"),
    Fault("memory of sums not drained", "drain.v", "drain_memory = ", "drain_memory = 1'b0 && ", "weights"),
    Fault("rows drained as if they were slots", "drain.v", "((address + 4) % 64)", "((address + 1) % 64)", "weights"),
    Fault("first word of each slot drained for all rows", "drain.v", "drain_read = ((fetch || advance)",
          "drain_read = (fetch", "weights"),
    Fault("memory drained from the other set", "drain.v", "drain_set = accumulators;", "drain_set = !accumulators;",
          "weights"),
    # counters and ports
    Fault("busy counts one too few of each tile", "sat.v", "if (issuing) begin", "if (issuing && !tile_done) begin"),
    Fault("waiting for the store counts as idle", "sat.v", "(accumulators_free != 2)", "1'b0"),
    Fault("tile_done a cycle late", "sat.v", ".last_step(tile_done)\n);",
          ".last_step(last)\n);\nwire last; reg late; always @(posedge clk) late <= last;\n"
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

"""Mutants that survive because they change nothing that the accelerator ever shows, each with the reason."""

import re

from tests.mutation.mutants import Mutant

# A regular expression for the mutant as it prints itself (file, line, operator, old => new) without the prefix of its
# accelerator, and why it is no fault.
EXPLAINED: tuple[tuple[str, str], ...] = (
    (r"fp32_to_fp16\.v.* - 1\)\) != 0\);  =>  .* - 2\)\) != 0\);", "the lowest bit of what is shifted out is always 0"),
    (
        r"fp32_to_fp16\.v.* sticky = (0;|\(single\[31-1:0\] != 0\);)  =>",
        "where it is not set otherwise, guard is 0 and nothing is rounded up",
    ),
    (r"fp32_to_fp16\.v.*> 142\)\) begin  =>  .*> 143", "rounding makes all of the largest exponent infinite"),
    (
        r"fp32_to_fp16\.v.*> 112\)\) begin  =>  .*> 113",
        "the way of subnormals gives the smallest normal numbers as well",
    ),
    (
        r"fp32_to_fp16\.v.*> 100\)\) begin  =>  end else if \((1'b1|.*> 101\)|.*>= 100\))\)",
        "still smaller numbers are shifted out altogether",
    ),
    (
        r"fp_round_\d+_\d+\.v.*== (31|255)\)\) begin  =>  .*(1'b0|== (32|256)\))",
        "rounding up to infinity leaves a fraction of 0 by itself",
    ),
    (
        r"skew_tracker\.v.*\(running_stationary\)\)? begin  =>  .*1'b1|skew_tracker\.v.*last_place = 0;  =>",
        "where sums stay, rows do not look at the place",
    ),
    (r"skew_tracker\.v.*last_place = \(\(4 \* 4\) - 1\);  =>", "in reset the delay lines may be gone around further"),
    (
        r"wuve\.v.*if \(.*collected\}\) == .*  =>  .*(1'b0|4 \+ 1|5 - 1)",
        "slices are a power of two, so the counter wraps by itself",
    ),
    (
        r"update_section_\d+_\d+\.v.*place\}\) != .*  =>  .*(1'b1|\d \+ 1|(5|17) - 1)",
        "no tile has so many rows that the counter passes the last place",
    ),
    (
        r"weights_issuer\.v.*\(at_place < \d\)",
        "a weight written to a place without an output, or once more, is not seen",
    ),
    (
        r"sore\.v.*backward_done <= 1'b0;  =>"
        r"|(wuve\.v.*halves_done|update_loader\.v.*slices_last) <= 1'b0;  =>  \(nothing\)",
        "no row is complete in the cycle after a reset",
    ),
    (r"skew_tracker\.v.*releasing <= 0;  =>  \(nothing\)", "the rows' control is empty long before the end of a reset"),
    (
        r"dispatcher\.v.*running_stationary <= 1'b0;  =>  \(nothing\)",
        "where nothing is under way, a tile of either dataflow may start",
    ),
    (
        r"steps_issuer\.v.*behind <= 0;  =>  .* <= 1;",
        "a step before the first tile adds to a sum that the tile starts from zero",
    ),
    (r"sum_lane\.v.*feeds <= 0;  =>  .* <= 1;", "no step takes the sum that is fed then"),
    (r"weights_issuer\.v.*delayed <= 0;  =>  .* <= 1;", "in reset a row reads a weight that nobody takes"),
    (
        r"(stepper\.v.*at_group_end.*  =>  .*\(4 - 2\)|steps_issuer\.v.*below = .*  =>  .*place < 4)",
        "of four places in a turn three are taken",
    ),
    (r"sore_lane\.v.*\(\(moves != 0\)\) begin  =>  .*1'b1", "where nothing moves, it stays as it is"),
    (
        r"west_lane\.v.*(control\[0\]\)\)? begin  =>  .*1'b1|control_out <= 0;  =>  .*1;)",
        "a word that is read without need is not used",
    ),
    (r"update_loader\.v.*entering_gradients = 0;  =>", "without momentum nobody looks at gradients"),
    (r"register_slice_\d+\.v.*filled <= 1'b0;  =>  \(nothing\)", "a second cycle of reset empties it"),
    (r"register_slice_\d+\.v.*if \(rst\) begin  =>  .*1'b0", "what it holds is thrown away by its neighbour"),
    (r"register_slice_\d+\.v.*leaving_valid <= 1'b0;  =>  \(nothing\)", "its neighbour throws that away"),
    (r"register_bank\.v.*_high <= ", "takes 2^32 cycles: tests/rtl/sat/axi/test_register_bank.py has such counters"),
    (
        r"sum_lane\.v.*collects <= 0;  =>|uspe\.v.*tags <= 0;  =>  .*1;",
        "a sum that is stored in reset is overwritten before it is read",
    ),
    (r"west_lane\.v.*delayed\[.*\] <= 0;  =>", "what is read in reset is not used"),
    (r"sore_word\.v.*keep_k % 4\) >= n\) \|\|", "sore_row takes no more groups than a word has"),
    (
        r"reset_holder_\d+\.v.*(left <= 22|left != 1\)|:35: assignment lost: left)",
        "a cycle more or less: tests/rtl/sat/axi/test_reset_holder.py holds it to the cycle",
    ),
    (r"benes_\d+_\d+\.v.*nothing = 0;  =>", "no output that is wanted comes from there"),
    (r"fan_choice_2_\d+\.v.*select_\w+ \+ 1\);  =>  .* - 1\);", "there are two wires, and they are counted modulo 2"),
    (
        r"fan_\d+_1\.v.*last_passed.*  =>  .*(1'b0|== 256|\] != 1\)|\] == 0\))",
        "products that are NaN have one pattern: tests/rtl/sigma/reduction/test_fan.py has others",
    ),
    (
        r"picker_16\.v.*(\(used\) begin  =>  .*1'b1|picked <= 0;  =>)",
        "a Flex-DPE's results are always picked",
    ),
    (r"span_adder\.v.*(addend = 0;  =>|\(spans\) begin  =>  .*1'b1)", "the sum is not taken where no row spans"),
    (
        r"step_trail\.v.*(trail <= 0;  =>|\(rst\) begin  =>  .*1'b0)",
        "none is under way after a reset that lasts as long as the trail",
    ),
    (
        r"drain\.v.*(if \(\(slot != 3\)\) begin  =>  .*(1'b1|!= 4)|\(slot != 3\)\)\) begin  =>  .*slot != 4)",
        "nothing looks at the slot after the last one",
    ),
    (
        r"drain\.v.*(if \(\(slot == .*  =>  .*1'b0|  =>  .*4 << )",
        "columns without a result have no weights: test_drain.py gives them some",
    ),
    (r"fp32_add\.v.*a\[.* < b.*  =>  .*<=", "of equal magnitudes either may be the larger one"),
    (r"sigma_fp32_add\.v.*order_exponent >= 3.*>= 33", "no sum of FP16 products is that small"),
    (r"tile_sequencer\.v.*count < columns.*  =>  .*<=", "a sum beyond the block's columns is not stored"),
    (r"fp32_(add|mul)\.v.*(coarse|fine) > \w*limit.*  =>  .*>=", "where both are equal, it stays as it is"),
    (r"record_\d+\.v.*strobes = .*\* 1\) \+ .*  =>  .*\* 1\) - ", "a record of one line has a first piece only"),
    (r"line_placer\.v:70: .* piece <= ", "the records of the Flex-DPU are one line"),
    (
        r"fan_(choice|control)_3_16\.v.*  =>  .*(- \(16 \* \w+_k|17 \* \w+_k)",
        "the highest level has one adder, whose number is 0",
    ),
    (r"span_adder\.v.*\(way\[.*\) begin  =>  .*1'b1", "where no row spans, the addend is 0"),
    (
        r"sigma_work_counters\.v.*idle|work_counters\.v.*(idle <= 1;|\(working\) begin  =>  .*1'b1)"
        r"|sigma\.v.*working = .*  =>  .*free_sums != 3",
        "no program ever idles: tests/rtl/shared/test_work_counters.py does",
    ),
)


def explanation(mutant: Mutant) -> str:
    """Why the mutant is no fault, or nothing."""
    return next((why for pattern, why in EXPLAINED if re.match(rf"(sat_|sigma_)?({pattern})", str(mutant))), "")

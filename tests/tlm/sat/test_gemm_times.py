"""Timelines of GEMMs on SAT worked out by hand, in both dataflows."""

from rtl.sparsity import Sparsity
from tests.support.gemm_times import BASE, with_rates
from tests.support.mixed import mixed_program
from tlm import Gemm, Mapping, schedule, simulate


def spans(gemm, config, mapping="os"):
    return [tuple(span) for span in simulate(schedule(gemm, config, mapping)).spans]


def test_two_chunks_of_one_block_where_compute_is_the_slowest():
    # A load: 1 + 10 + 20 lines. 64 steps. The store: 2 + 10 + 8 words, from 14 after the last step.
    assert spans(Gemm(2, 32, 8), BASE) == [(0, 31, 32, 96, None), (31, 62, 96, 160, 194)]


def test_two_chunks_of_one_block_where_reading_is_the_slowest():
    # 320 bytes at 2 a cycle: a load takes 1 + 10 + 160.
    assert spans(Gemm(2, 32, 8), with_rates(read=2)) == [(0, 171, 172, 236, None), (171, 342, 343, 407, 441)]


def test_three_blocks_where_writing_is_the_slowest():
    # A store takes 2 + 10 + 64. The third load waits for the first bank (36), its compute for the first store (123).
    assert spans(Gemm(6, 4, 8), with_rates(write=1)) == [
        (0, 16, 17, 33, 123),
        (16, 32, 33, 49, 199),
        (36, 52, 124, 140, 275),
    ]


def test_a_sparse_fp16_gemm():
    # 2 groups of 2 kept values: 4 west and 4 north lines, 16 steps; 8 words of FP16.
    config = BASE.model_copy(update=dict(largest_m=8))
    assert spans(Gemm(2, 16, 8, Sparsity(2, 8), "fp16"), config) == [(0, 19, 20, 36, 70)]


def test_with_one_output_an_element_a_turn_still_takes_four_cycles():
    assert spans(Gemm(2, 4, 2), BASE.model_copy(update=dict(interleave=1))) == [(0, 16, 17, 33, 61)]


def test_stationary_weights_start_a_row_each_before_their_steps():
    # A load: 1 + 10 + 12 lines. Weights at 24, steps at 26: 4 rows of 16. The store: 2 + 10 + 16 words, from 44 after.
    assert spans(Gemm(4, 8, 8), BASE, "ws") == [(0, 23, 26, 90, 162)]


def test_the_next_weights_are_loaded_while_a_tile_runs():
    # Weights of the second tile at 56, after those of the first; its first sums would be back at 64.
    assert spans(Gemm(4, 16, 8), BASE, "ws") == [(0, 23, 26, 90, None), (23, 46, 90, 154, 226)]


def test_but_not_before_they_have_come_from_memory():
    # 192 bytes at 2 a cycle: a load takes 1 + 10 + 96. Weights at 108 and 215, steps 2 later.
    assert spans(Gemm(4, 16, 8), with_rates(read=2), "ws") == [(0, 107, 110, 174, None), (107, 214, 217, 281, 353)]


def test_tiles_of_a_single_row_wait_for_the_first_sum_of_the_one_before():
    # 38 cycles from start to start: for a tile of 16 steps, the sum has two rows of 16 to go.
    assert spans(Gemm(1, 24, 8), BASE, "ws") == [(0, 20, 23, 39, None), (20, 40, 61, 77, None), (57, 77, 99, 115, 175)]


def test_a_sparse_fp16_gemm_with_stationary_weights():
    # A group's 2 values are 8 steps: 2 rows take 16, and sums stand 5 + 16 + 7 after them.
    config = BASE.model_copy(update=dict(largest_m=8))
    assert spans(Gemm(2, 16, 8, Sparsity(2, 8), "fp16"), config, "ws") == [(0, 19, 22, 38, 86)]


def test_three_blocks_with_stationary_weights_where_writing_is_the_slowest():
    # A store takes 2 + 10 + 128. The third block's weights wait for nothing (132), its steps for the first store (274).
    assert spans(Gemm(12, 8, 8), with_rates(write=1), "ws") == [
        (0, 23, 26, 90, 274),
        (23, 46, 90, 154, 414),
        (108, 131, 275, 339, 554),
    ]


def test_the_dataflow_changes_when_the_block_before_is_stored():
    # Blocks of 2 rows: sums stay, weights stay, sums stay. Each waits for the store (88, 187) though it was loaded.
    mixed = mixed_program(Gemm(6, 8, 8), BASE, Mapping("os", 2, 8, 16), (("os", 16), ("ws", 8)))
    assert [tuple(span) for span in simulate(mixed).spans] == [
        (0, 21, 22, 54, 88),
        (21, 42, 91, 123, 187),
        (57, 78, 188, 220, 254),
    ]
    assert simulate(mixed).cycles == 254  # told in short, too


def test_a_first_tile_waits_for_no_change_and_a_change_costs_nothing_that_a_slow_load_does_not_hide():
    mixed = mixed_program(Gemm(4, 8, 8), with_rates(read=1), Mapping("os", 2, 8, 16), (("ws", 8), ("os", 8)))
    # 160 bytes at 1 a cycle: a load takes 1 + 10 + 160. The first block is stored (280) before the second is loaded.
    assert [tuple(span) for span in simulate(mixed).spans] == [(0, 171, 174, 206, 270), (171, 342, 343, 375, 409)]
    assert simulate(mixed).cycles == 409

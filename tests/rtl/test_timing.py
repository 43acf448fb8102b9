"""The latencies are those of the blocks; what they add up to is checked through the array in the blocks' own tests."""
import ast
import inspect

import pytest

from rtl import fp16_mul, fp32_add, fp32_mul, fp32_to_fp16, timing


def test_the_float_units_have_the_latencies_that_the_model_counts():
    assert fp16_mul.LATENCY == timing.FP16_MUL
    assert fp32_add.LATENCY == timing.FP32_ADD
    assert fp32_mul.LATENCY == timing.FP32_MUL
    assert fp32_to_fp16.LATENCY == 0


def test_weights_are_issued_later_because_their_way_is_shorter():
    assert timing.WEST - timing.SKEW == timing.NORTH


@pytest.mark.parametrize("rows, columns, release, drain", [
    (1, 1, 2, 12), (1, 2, 2, 13), (4, 4, 4, 18), (32, 32, 32, 74), (2, 7, 7, 19)])
def test_the_lags_of_an_array_are_those_worked_out_by_hand(rows, columns, release, drain):
    assert timing.release_lag(rows, columns) == release
    assert timing.drain_lag(rows, columns) == drain     # 12 for the first element; each row and column a cycle more


def test_the_model_reads_them_without_a_simulator():
    nodes = ast.walk(ast.parse(inspect.getsource(timing)))
    assert not [node for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom))]

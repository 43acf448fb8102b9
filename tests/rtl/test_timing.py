"""The float units' latencies are those of the units."""

import ast
import inspect

from rtl import timing
from rtl.float import fp16_mul, fp32_add, fp32_mul, fp32_to_fp16


def test_the_float_units_have_the_latencies_that_the_model_counts():
    assert fp16_mul.LATENCY == timing.FP16_MUL
    assert fp32_add.LATENCY == timing.FP32_ADD
    assert fp32_mul.LATENCY == timing.FP32_MUL
    assert fp32_to_fp16.LATENCY == 0


def test_the_model_reads_them_without_a_simulator():
    nodes = ast.walk(ast.parse(inspect.getsource(timing)))
    assert not [node for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom))]

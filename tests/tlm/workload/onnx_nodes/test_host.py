"""Multiply-adds of what stays on the host."""

import pytest

from tests.support.onnx_models import UINT8, held, node, read, value
from tlm.workload.onnx_graph import RULES
from tlm.workload.onnx_nodes.host import FORMULAS, UNCOUNTED, WITHOUT

MICROSOFT = "com.microsoft"


@pytest.mark.parametrize(
    "op, reads, domain, attributes, macs",
    [
        ("ConvInteger", "image kernel", "", {}, 2 * 16 * 4 * 27),
        ("QLinearConv", "image s z kernel s z s z", "", {}, 2 * 16 * 4 * 27),
        ("MatMulInteger", "rows columns", "", {}, 2 * 5 * 8 * 3),
        ("QLinearMatMul", "rows s z columns s z s z", "", {}, 2 * 5 * 8 * 3),
        ("FusedMatMul", "x w", MICROSOFT, dict(transA=1, transB=1), 2 * 8 * 5 * 6),
        ("FusedGemm", "m w", MICROSOFT, dict(transB=1), 4 * 5 * 6),
        ("Attention", "x qkv", MICROSOFT, dict(num_heads=2), 2 * 5 * 8 * 24 + 2 * 2 * 5 * 5 * 8),
        ("MultiHeadAttention", "x k k", MICROSOFT, dict(num_heads=2), 2 * 2 * 5 * 7 * 8),
        ("MatMulNBits", "x packed s", MICROSOFT, dict(K=8, N=6), 2 * 5 * 8 * 6),
        ("LinearRegressor", "m", "ai.onnx.ml", dict(coefficients=[0.0] * 15, targets=3), 4 * 15),
    ],
)
def test_formulas(tmp_path, op, reads, domain, attributes, macs):
    tensors = [
        held("kernel", 4, 3, 3, 3, kind=UINT8),
        held("columns", 8, 3, kind=UINT8),
        held("s"),
        held("z", kind=UINT8),
        held("w", 6, 5),
        held("qkv", 8, 24),
        held("packed", 6, 1, 4, kind=UINT8),
    ]
    inputs = [value("x", 2, 5, 8), value("m", 4, 5), value("k", 2, 7, 8)]
    inputs += [value("image", 2, 3, 6, 6, kind=UINT8), value("rows", 2, 5, 8, kind=UINT8)]
    found = read(tmp_path, [node(op, reads, "y", domain=domain, **attributes)], inputs, tensors)
    assert [(one.call, one.forward) for one in found.on_host] == [(op, macs)] and found.remark == ""
    trained = {"w", "qkv"} & set(reads.split())
    assert found.on_host[0].backward == macs * len(trained) and not found.calls


def test_operators_of_standing_that_have_no_formula_are_named(tmp_path):
    nodes = [node("SVMRegressor", "x", "y", domain="ai.onnx.ml", name="svm")]
    found = read(tmp_path, nodes, [value("x", 2, 8)], [])
    assert found.remark == "multiply-adds are not known of svm (ai.onnx.ml.SVMRegressor)"


def test_operators_that_have_no_products_are_not(tmp_path):
    nodes = [node("SkipLayerNormalization", "x x w", "n", domain=MICROSOFT), node("MatMul", "n m", "y")]
    found = read(tmp_path, nodes, [value("x", 2, 3, 8)], [held("w", 8), held("m", 8, 4)])
    assert len(found.calls) == 1 and not found.on_host and found.remark == "" and found.calls[0].input_gradient


def test_no_operator_is_in_two_tables():
    assert not WITHOUT & FORMULAS.keys() and not UNCOUNTED & FORMULAS.keys() and not UNCOUNTED & RULES.keys()

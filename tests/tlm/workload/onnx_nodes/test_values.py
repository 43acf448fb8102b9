"""What values are: weights as a whole or derived, activations, and what depends on what is trained."""

import pytest
from onnx import helper

from tests.support.onnx_models import FLOAT, INT8, held, model, node, value, written
from tlm.workload.onnx_nodes.model import load
from tlm.workload.onnx_nodes.shapes import Types, infer
from tlm.workload.onnx_nodes.values import Operand, Values, Weight

W = held("w", 4, 6)


def values(folder, nodes, tensors=(W,), inputs=()):
    made = infer(load(written(folder, model(nodes, [value("x", 4, 6), *inputs], list(tensors))), None))
    found = Values(made.graph, Types(made))
    for one in found.nodes:
        found.follow(one)
    return found


@pytest.mark.parametrize(
    "nodes, whole",
    [
        ([], True),
        ([node("Identity", "w", "a")], True),
        ([node("Transpose", "w", "a")], True),
        ([node("Transpose", "w", "t"), node("Transpose", "t", "a", perm=[1, 0])], True),
        ([node("Cast", "w", "a", to=10)], False),
        ([node("Flatten", "w", "a", axis=0)], False),
        ([node("Mul", "one w", "a")], False),
        ([node("Flatten", "w", "f"), node("Transpose", "f", "a")], False),
    ],
)
def test_a_weight_is_a_tensor_or_what_is_made_of_it(tmp_path, nodes, whole):
    nodes = [*nodes, node("Relu", "x", "end")]
    found = values(tmp_path, nodes, [W, held("one")]).operand("a" if len(nodes) > 1 else "w")
    assert (found.weight, found.trained, found.held) == (Weight("w", whole), True, whole and found.held)


def test_with_an_activation_it_is_an_activation(tmp_path):
    found = values(tmp_path, [node("Add", "x w", "a"), node("Shape", "x", "s"), node("ConstantOfShape", "s", "z")])
    assert [found.operand(name) for name in "xaz"] == [
        Operand((4, 6)),
        Operand((4, 6), trained=True),
        Operand((4, 6)),
    ]


def test_what_is_trained(tmp_path):
    """Initializers of floating point but single numbers, and Constants where they are a layer's own."""
    constant = node("Constant", "", "c", value=helper.make_tensor("c", FLOAT, [4, 6], [0.0] * 24))
    found = values(tmp_path, [constant, node("Relu", "x", "end")], [W, held("one", 1), held("i", 4, 6, kind=INT8)])
    flags = {name: (found.operand(name).trained, found.operand(name).held) for name in ("w", "c", "one", "i")}
    assert flags == dict(w=(True, True), c=(False, True), one=(False, True), i=(False, False))


@pytest.mark.parametrize("op", ["ArgMax", "Shape", "Greater"])
def test_no_gradient_goes_through_what_is_no_floating_point(tmp_path, op):
    nodes = [node("Mul", "x w", "y"), node(op, "y x" if op == "Greater" else "y", "i"), node("Cast", "i", "f", to=1)]
    found = values(tmp_path, nodes)
    assert found.operand("y").trained and not found.operand("i").trained and not found.operand("f").trained


def test_a_gradient_goes_through_what_is_quantized_but_scales_are_not_trained(tmp_path):
    scales, zeros = held("s", 6), held("q", 6, kind=INT8)
    fake = [node("Mul", "x w", "y"), node("QuantizeLinear", "y s q", "i"), node("DequantizeLinear", "i s q", "f")]
    assert values(tmp_path, fake, [W, scales, zeros]).operand("f").trained
    made = [node("DequantizeLinear", "v s q", "f"), node("Relu", "x", "end")]
    found = values(tmp_path, made, [held("v", 4, 6, kind=INT8), scales, zeros]).operand("f")
    assert (found.weight, found.trained) == (Weight("v", False), False)


def test_the_only_user_of_a_value(tmp_path):
    nodes = [node("Relu", "x", "a"), node("Add", "a w", "b"), node("Add", "b b", "c"), node("Relu", "c", "end")]
    found = values(tmp_path, nodes)
    users = [found.only_user(name) for name in ("a", "b", "c", "end", "none")]
    assert [user and user.op_type for user in users] == ["Add", None, "Relu", None, None]


def test_an_operand_turned_and_reshaped():
    operand = Operand((2, 3, 4), Weight("w"), True, True)
    assert operand.turned == Operand((2, 4, 3), Weight("w"), True, True)
    assert operand.reshaped(24) == Operand((24,), Weight("w", False), True)

"""Recurrent operators step by step, and attention."""

import pytest

from tests.support.onnx_models import held, node, read, sizes, value
from tests.support.refused import refused
from tlm.workload.layer import Conv, Product
from tlm.workload.methods import Scheme
from tlm.workload.step import Call, updates_of

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
STEPS, BATCH, INPUTS, SIZE = 5, 2, 3, 6


def cells(folder, op, directions=1, reads="x w r b", **attributes):
    rows = GATES[op] * SIZE
    tensors = [held("w", directions, rows, INPUTS), held("r", directions, rows, SIZE), held("b", directions, 2 * rows)]
    tensors.append(held("h", directions, BATCH, SIZE))
    x = value("x", STEPS, BATCH, INPUTS) if not attributes.get("layout") else value("x", BATCH, STEPS, INPUTS)
    nodes = [node(op, reads, "y", name="cell", hidden_size=SIZE, **attributes)]
    return read(folder, nodes, [x], tensors)


@pytest.mark.parametrize("op", GATES)
@pytest.mark.parametrize("layout", [0, 1])
def test_products_of_inputs_and_of_each_step(tmp_path, op, layout):
    rows = GATES[op] * SIZE
    found = cells(tmp_path, op, linear_before_reset=1, layout=layout).calls
    first, *steps = found
    biased = dict(bias=True)
    assert first == Call(Conv("cell.W.0", INPUTS, rows, 1, 1, **biased), STEPS * BATCH, False, weight=("w", "W.0"))
    hidden = Conv("cell.R.0", SIZE, rows, 1, 1, **biased)
    assert steps == [Call(hidden, BATCH, step > 0, weight=("r", "R.0")) for step in range(STEPS)]
    assert len(updates_of(found, Scheme())) == 4  # of each weight, and of its bias


def test_two_directions_have_weights_of_their_own(tmp_path):
    found = cells(tmp_path, "LSTM", 2, direction="bidirectional").calls
    assert len(found) == 2 * (1 + STEPS)
    assert [call.layer.name for call in found[:: 1 + STEPS]] == ["cell.W.0", "cell.W.1"]
    assert len({call.owner for call in found}) == 4


def test_a_reset_before_the_product_makes_two_of_it(tmp_path):
    found = cells(tmp_path, "GRU", reads="x w r").calls
    assert [call.layer.outputs for call in found] == [3 * SIZE, *[2 * SIZE, SIZE] * STEPS]
    assert len({call.owner for call in found}) == 3 and not any(call.layer.bias for call in found)


def test_a_first_state_that_is_trained_has_a_gradient(tmp_path):
    found = cells(tmp_path, "RNN", reads="x w r - - h").calls
    assert [call.input_gradient for call in found] == [False] + [True] * STEPS


def test_weights_that_do_not_fit_are_refused(tmp_path):
    nodes, tensors = [node("LSTM", "x w r", "y", name="cell")], [held("w", 1, 24, 4), held("r", 1, 24, 6)]
    refused(
        "node cell: inputs must be 4, as the weight has, not 3", read, tmp_path, nodes, [value("x", 5, 2, 3)], tensors
    )
    refused("LSTM must have operands of 3 dimensions, not", read, tmp_path, nodes, [value("x", 5, 3)], tensors)


@pytest.mark.parametrize("heads", [True, False])
def test_attention_is_its_scores_and_its_mix(tmp_path, heads):
    shapes = ((2, 4, 5, 8), (2, 2, 7, 8), (2, 2, 7, 6)) if heads else ((2, 5, 32), (2, 7, 16), (2, 7, 12))
    given = [value(name, *shape) for name, shape in zip("qkv", shapes, strict=True)]
    numbers = {} if heads else dict(q_num_heads=4, kv_num_heads=2)
    nodes = [node("Mul", "v s", "scaled"), node("Attention", "q k scaled", "y", name="att", **numbers)]
    found = read(tmp_path, nodes, given, [held("s", shapes[2][-1])], opset=23)
    scores, mix = Product("att.scores", 5, 8, 7), Product("att.mix", 5, 7, 6)
    assert found.calls == [
        Call(scores, 8, False, second_gradient=False),
        Call(mix, 8, False, second_gradient=True),
    ]


@pytest.mark.parametrize("earlier", [0, 9])
def test_attention_with_keys_of_earlier_calls(tmp_path, earlier):
    given = [value(name, 2, 4, 1, 8) for name in "qkv"] + [value("all", 2, 4, 9, 8)]
    nodes = [node("Slice", "all zero keys axis", name) for name in "po"]
    nodes.append(node("Attention", "q k v - p o", "y", name="att"))
    found = read(tmp_path, nodes, given, [sizes("zero", 0), sizes("keys", earlier), sizes("axis", 2)], opset=23)
    products = Product("att.scores", 1, 8, 1 + earlier), Product("att.mix", 1, 1 + earlier, 8)
    assert [call.layer for call in found.calls] == [*products]


def test_heads_must_divide_what_they_share(tmp_path):
    given = [value(name, 2, 5, 32) for name in "qkv"]
    nodes = [node("Attention", "q k v", "y", name="att", q_num_heads=5, kv_num_heads=4)]
    refused("whose last size its 5 heads divide, not of shape (2, 5, 32)", read, tmp_path, nodes, given, [], opset=23)

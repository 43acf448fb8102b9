"""ONNX's recurrent operators and its Attention as calls, as PyTorch's layers are followed step by step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tlm.workload.layer import Conv, Product
from tlm.workload.onnx_nodes.layers import Calls, layer
from tlm.workload.onnx_nodes.node import Node
from tlm.workload.onnx_nodes.shapes import Shape
from tlm.workload.onnx_nodes.values import Operand
from tlm.workload.step import Call


def recurrent(node: Node) -> Calls:
    """LSTM, GRU and RNN: of each direction the products of all steps' inputs, and then of each step's hidden state.

    Steps behind a sequence's own end are counted, as they are in PyTorch's padded sequences.
    """
    x, weights, hidden = (node.operand(place) for place in range(3))
    if not len(x.shape) == len(weights.shape) == len(hidden.shape) == 3 or weights.shape[0] != hidden.shape[0]:
        raise ValueError(
            f"{node.op} must have operands of 3 dimensions, not {x.shape}, {weights.shape}, {hidden.shape}"
        )
    if x.shape[2] != weights.shape[2]:
        raise ValueError(f"inputs must be {weights.shape[2]}, as the weight has, not {x.shape[2]}")
    return [call for direction in range(weights.shape[0]) for call in _run(node, direction, x, weights, hidden)]


def _run(node: Node, direction: int, x: Operand, weights: Operand, hidden: Operand) -> Iterator[Call]:
    """One direction. The state of the first step has a gradient where it is given, and depends on what is trained."""
    steps, batch = x.shape[:2] if node.number("layout") == 0 else x.shape[1::-1]
    bias = node.operand(3) if node.has(3) else None
    state = node.operand(5) if node.has(5) else Operand((batch, hidden.shape[2]))
    yield _linear(node, f"W.{direction}", steps * batch, weights.shape[1], x, weights, bias)
    size = hidden.shape[2]
    parts = {f"R.{direction}": hidden.shape[1]}
    if node.op == "GRU" and not node.number("linear_before_reset"):  # the new state's product is of what reset leaves
        parts = {f"R.{direction}.gates": 2 * size, f"R.{direction}.new": size}
    for step in range(steps):
        before = replace(state, trained=state.trained if step == 0 else hidden.trained or x.trained or state.trained)
        for part, outputs in parts.items():
            yield _linear(node, part, batch, outputs, before, hidden, bias)


def _linear(node: Node, part: str, rows: int, outputs: int, x: Operand, weight: Operand, bias: Operand | None) -> Call:
    conv = Conv(node.product_name(part), weight.shape[2], outputs, 1, 1, bias=bias is not None)
    return layer(conv, rows, x, weight, bias, part)


def attention(node: Node) -> Calls:
    """ONNX's Attention: its scores, and its mix of values, for each head of each image."""
    query, key, value = (node.operand(place) for place in range(3))
    own = node.number("kv_num_heads")
    batch, heads, length, size = _by_head(query.shape, node.number("q_num_heads"))
    others, width = _by_head(key.shape, own)[2], _by_head(value.shape, own)[3]
    others += _by_head(node.operand(4).shape, own)[2] if node.has(4) else 0  # keys of earlier calls
    scores = Product(node.product_name("scores"), length, size, others)
    mix = Product(node.product_name("mix"), length, others, width)
    return [
        Call(scores, batch * heads, query.trained, second_gradient=key.trained),
        Call(mix, batch * heads, query.trained or key.trained, second_gradient=value.trained),
    ]


def _by_head(shape: Shape, heads: int) -> Shape:
    """(batch, heads, length, size) of an operand, where heads lie one beside the other in its last dimension."""
    if len(shape) == 4:
        return shape
    if len(shape) != 3 or heads < 1 or shape[2] % heads:
        raise ValueError(f"Attention must have operands whose last size its {heads} heads divide, not of shape {shape}")
    return shape[0], heads, shape[1], shape[2] // heads

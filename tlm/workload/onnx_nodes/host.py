"""Multiply-adds of the operators whose products stay on the host, from the shapes of their operands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod

from tlm.workload.onnx_nodes.layers import broadcast
from tlm.workload.onnx_nodes.node import Node, NoShapeError
from tlm.workload.onnx_nodes.shapes import Shape

MICROSOFT, ML = "com.microsoft", "ai.onnx.ml"


@dataclass(frozen=True)
class Formula:
    """The multiply-adds of an operator.

    macs    of the forward pass, from a node and the shapes of its operands
    places  the inputs that are its operands; each that depends on what is trained has a gradient, of as many
    """

    macs: Callable[..., int]
    places: tuple[int, ...] = (0, 1)

    def of(self, node: Node) -> tuple[int, int]:
        """Of the forward and the backward pass. Raises NoShapeError, and ValueError for operands that do not fit."""
        operands = [node.operand(place) for place in self.places]
        macs = self.macs(node, *(one.shape for one in operands))
        return macs, macs * min(2, sum(one.trained for one in operands))


def _convolved(node: Node, _: Shape, weight: Shape) -> int:
    """Each weight once for each output pixel."""
    out = node.output()
    return prod(out[:1] + out[2:]) * prod(weight)


def _scattered(_: Node, x: Shape, weight: Shape) -> int:
    """Each weight once for each input pixel."""
    return prod(x[:1] + x[2:]) * prod(weight)


def _multiplied(node: Node, a: Shape, b: Shape) -> int:
    """a @ b, or their transposes."""
    a, b = ((*one[:-2], *one[:-3:-1]) if node.number(name) else one for one, name in ((a, "transA"), (b, "transB")))
    columns = b[-1:] if len(b) > 1 else ()
    return prod(broadcast(a[:-2], b[:-2])) * prod(a[-2:]) * prod(columns)


def _summed(node: Node, *_: Shape) -> int:
    """Einsum: one for each combination of its letters, and each operand after the first."""
    terms = node.text("equation").replace(" ", "").partition("->")[0].split(",")
    shapes = [node.operand(place).shape for place in range(len(node.proto.input))]
    if [len(term) for term in terms] != [len(shape) for shape in shapes]:
        raise NoShapeError
    letters = zip("".join(terms), (size for shape in shapes for size in shape), strict=True)
    sizes: dict[str, int] = {}
    for letter, size in letters:
        sizes[letter] = max(size, sizes.get(letter, 1))
    return prod(sizes.values()) * (len(terms) - 1)


def _attention(_: Node, query: Shape, key: Shape) -> int:
    """Scores and mix of query and key (batch, length, size), or (batch, heads, length, size)."""
    if len(key) < 3:
        raise NoShapeError
    return 2 * prod(query) * key[-2]


def _projected_attention(_: Node, x: Shape, weight: Shape) -> int:
    """Attention with the projections of its input (batch, length, size), by weights of all three side by side."""
    if len(x) != 3:
        raise NoShapeError
    return prod(x) * weight[-1] + 2 * prod(x[:2]) * x[1] * (weight[-1] // 3)


def _coefficients(node: Node, x: Shape) -> int:
    """A linear model of features (rows, features)."""
    return prod(x[:-1]) * node.length("coefficients")


def _columns(node: Node, x: Shape) -> int:
    """A matrix of packed weights, of N columns."""
    return prod(x) * node.number("N")


FORMULAS: Mapping[tuple[str, str], Formula] = {
    ("", "CausalConvWithState"): Formula(_convolved),
    ("", "Conv"): Formula(_convolved),
    ("", "ConvInteger"): Formula(_convolved),
    ("", "ConvTranspose"): Formula(_scattered),
    ("", "DeformConv"): Formula(_convolved),
    ("", "Einsum"): Formula(_summed),
    ("", "Gemm"): Formula(_multiplied),
    ("", "MatMul"): Formula(_multiplied),
    ("", "MatMulInteger"): Formula(_multiplied),
    ("", "QLinearConv"): Formula(_convolved, (0, 3)),
    ("", "QLinearMatMul"): Formula(_multiplied, (0, 3)),
    ("ai.onnx.preview", "FlexAttention"): Formula(_attention),
    (ML, "LinearClassifier"): Formula(_coefficients, (0,)),
    (ML, "LinearRegressor"): Formula(_coefficients, (0,)),
    (MICROSOFT, "Attention"): Formula(_projected_attention),
    (MICROSOFT, "DynamicQuantizeMatMul"): Formula(_multiplied),
    (MICROSOFT, "FusedConv"): Formula(_convolved),
    (MICROSOFT, "FusedGemm"): Formula(_multiplied),
    (MICROSOFT, "FusedMatMul"): Formula(_multiplied),
    (MICROSOFT, "GroupQueryAttention"): Formula(_attention),
    (MICROSOFT, "MatMulIntegerToFloat"): Formula(_multiplied),
    (MICROSOFT, "MatMulNBits"): Formula(_columns, (0,)),
    (MICROSOFT, "MultiHeadAttention"): Formula(_attention),
    (MICROSOFT, "QAttention"): Formula(_projected_attention),
}
# Operators of standing whose products have no formula: named, with no multiply-adds.
UNCOUNTED = frozenset({("", "LinearAttention"), (ML, "SVMClassifier"), (ML, "SVMRegressor")})
# Operators of ONNX Runtime that have no matrix products; some it writes as if they were ONNX's own.
WITHOUT = frozenset(
    (domain, name)
    for domain in (MICROSOFT, "")
    for name in """
    BiasAdd BiasDropout BiasGelu BiasSoftmax BiasSplitGelu DequantizeLinear EmbedLayerNormalization FastGelu Gelu
    GroupNorm LayerNormalization NhwcMaxPool QLinearAdd QLinearAveragePool QLinearConcat QLinearGlobalAveragePool
    QLinearLeakyRelu QLinearMul QLinearSigmoid QLinearSoftmax QuantizeLinear QuickGelu RotaryEmbedding
    SimplifiedLayerNormalization SkipGroupNorm SkipLayerNormalization SkipSimplifiedLayerNormalization
    """.split()
)

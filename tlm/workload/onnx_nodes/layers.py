"""Matrix products of ONNX's operators without windows, as calls: Gemm, MatMul and Einsum, with a weight or without."""

from __future__ import annotations

from collections.abc import Hashable
from math import prod

from tlm.workload.layer import Conv, Product
from tlm.workload.onnx_nodes.node import Node, NoShapeError
from tlm.workload.onnx_nodes.shapes import Shape
from tlm.workload.onnx_nodes.values import Operand
from tlm.workload.step import AS_SCHEME, Call

_DOTS = "!#$%&*+;"  # for the dimensions of an ellipsis: no letters

Calls = list[Call] | None  # None: no rule fits


def layer(
    conv: Conv, batch: int, x: Operand, weight: Operand, bias: Operand | None = None, part: Hashable = None
) -> Call:
    """The call of a layer. `part` tells apart layers whose weights are parts of one tensor."""
    of = weight.weight
    whole = of is not None and of.whole
    return Call(
        conv,
        batch,
        x.trained,
        weight.trained or weight.held,
        weight_updated=whole and (weight.trained or weight.held),
        bias_updated=bias is not None and bias.held,
        weight=None if not (of and whole) else of.name if part is None else (of.name, part),
        derived=not whole,
        pattern=AS_SCHEME if of else None,
    )


def gemm(node: Node) -> Calls:
    """Gemm: a linear layer with a bias where that is a vector for each row, else it is added by the host."""
    a, b = node.operand(0), node.operand(1)
    if len(a.shape) != 2 or len(b.shape) != 2:
        raise ValueError(f"Gemm must have two matrices, not operands of shapes {a.shape} and {b.shape}")
    a, b = (one.turned if node.number(name) else one for one, name in ((a, "transA"), (b, "transB")))
    plain = node.real("alpha", 1) == 1 == node.real("beta", 1)
    bias = node.operand(2) if node.has(2) and plain else None
    if bias and (bias.weight is None or bias.shape not in ((b.shape[1],), (1, b.shape[1]))):
        bias = None
    return multiplied(node, a, b, bias)


def matmul(node: Node) -> Calls:
    """MatMul, with the bias that is added to nothing but its result, as exporters write a linear layer."""
    b = node.operand(1)
    return multiplied(node, node.operand(0), b, _added(node, b.shape[-1:]) if b.weight and len(b.shape) == 2 else None)


def multiplied(node: Node, a: Operand, b: Operand, bias: Operand | None = None) -> Calls:
    """a (..., M, K) @ b (..., K, N) by numpy.matmul's rules. Raises ValueError for shapes that do not fit."""
    if not (a.shape and b.shape) or len(a.shape) == len(b.shape) == 1:
        return None
    if len(a.shape) == 1:
        return multiplied(node, a.reshaped(1, *a.shape), b)
    if len(b.shape) == 1:
        return multiplied(node, a, b.reshaped(*b.shape, 1))
    if a.shape[-1] != b.shape[-2]:
        raise ValueError(f"{node.op} must have operands that fit, not of shapes {a.shape} and {b.shape}")
    if b.weight:
        return [_weighted(node, a, b, bias)]
    if a.weight:
        return [_weighted(node, b.turned, a.turned, None)]
    (m, k), n = a.shape[-2:], b.shape[-1]
    leading = broadcast(a.shape[:-2], b.shape[:-2])
    if len(b.shape) == 2:  # the same for all rows
        m, leading = prod(a.shape[:-1]), ()
    product = Product(node.product_name(), m, k, n)
    return [Call(product, prod(leading), a.trained, second_gradient=b.trained)]


def broadcast(one: Shape, other: Shape) -> Shape:
    """The shape to which both are broadcast. Raises ValueError where they do not fit."""
    count = max(len(one), len(other))
    pairs = zip((1,) * (count - len(one)) + one, (1,) * (count - len(other)) + other, strict=True)
    found = tuple(b if a == 1 else a if b in (1, a) else 0 for a, b in pairs)
    if 0 in found:
        raise ValueError(f"shapes {one} and {other} must fit to be broadcast")
    return found


def _weighted(node: Node, x: Operand, weight: Operand, bias: Operand | None) -> Call:
    """x (..., M, K) @ weight (..., K, N): a linear layer, or as many of them as it has matrices, grouped."""
    assert weight.weight is not None
    name, (k, n) = node.layer_name(weight.weight.name), weight.shape[-2:]
    if len(weight.shape) == 2:
        conv = Conv(name, k, n, prod(x.shape[1:-1]), 1, bias=bias is not None)
        return layer(conv, prod(x.shape[:-1][:1]), x, weight, bias)
    groups = prod(broadcast(x.shape[:-2], weight.shape[:-2]))
    conv = Conv(name, groups * k, groups * n, x.shape[-2], 1, groups=groups)
    return layer(conv, 1, x, weight.reshaped(*weight.shape))


def _added(node: Node, width: Shape) -> Operand | None:
    """The bias that the next node adds."""
    user = node.values.only_user(node.proto.output[0]) if node.proto.output else None
    if user is None or user.op_type != "Add" or user.domain:
        return None
    others = [node.values.operand(name) for name in user.input if name != node.proto.output[0]]
    fit = [one for one in others if one is not None and one.weight and one.shape == width]
    return fit[0] if fit else None


def reshape(node: Node) -> Calls:
    """Reshape has no products. Raises ValueError where it makes elements: of a batch other than that of the input."""
    try:
        given, made = prod(node.operand(0).shape), prod(node.output())
    except NoShapeError:
        return []
    if given != made:
        raise ValueError(f"Reshape must keep {given} elements, not make {made}: its batch may be fixed in the file")
    return []


def einsum(node: Node) -> Calls:
    """Einsum of two operands by one product, as training/einsum.py does it; any other is not understood."""
    if len(node.proto.input) != 2:
        return None
    a, b = node.operand(0), node.operand(1)
    letters = _letters(node.text("equation"), a.shape, b.shape)
    if letters is None:
        return None
    left, right, out = letters
    sizes = dict(zip(left + right, a.shape + b.shape, strict=True))
    if any(sizes[x] != size for x, size in zip(left, a.shape, strict=True)):
        return None
    shared = [x for x in left if x in right and x in out]
    summed = [x for x in left if x in right and x not in out]
    rows, columns = ([x for x in own if x in out and x not in shared] for own in (left, right))
    if not summed:
        return []  # products of elements
    a = _arranged(a, left, [shared, rows, summed], sizes)
    b = _arranged(b, right, [shared, summed, columns], sizes)
    return multiplied(node, a, b)


def _letters(equation: str, *shapes: Shape) -> tuple[str, str, str] | None:
    """The letters of both operands' dimensions and of the result's; None for an equation of another kind."""
    terms, arrow, out = equation.replace(" ", "").partition("->")
    sides = terms.split(",")
    if len(sides) != 2:
        return None
    dots = [len(shape) - len(side.replace("...", "")) for side, shape in zip(sides, shapes, strict=True)]
    if any(count < 0 or (count and "..." not in side) for count, side in zip(dots, sides, strict=True)):
        return None
    # The ellipses' dimensions are aligned at their ends.
    left, right = (side.replace("...", _DOTS[len(_DOTS) - n :]) for side, n in zip(sides, dots, strict=True))
    if not arrow:
        once = sorted(x for x in {*left, *right} if (left + right).count(x) == 1 and x not in _DOTS)
        out = "..." + "".join(once)
    out = out.replace("...", _DOTS[len(_DOTS) - max(dots) :])
    usual = all(len(set(term)) == len(term) for term in (left, right, out)) and set(out) <= {*left, *right}
    return (left, right, out) if usual and max(dots) <= len(_DOTS) else None


def _arranged(operand: Operand, own: str, parts: list[list[str]], sizes: dict[str, int]) -> Operand:
    """An operand with a dimension for each part, without the first where it has no letters."""
    shape = [prod(sizes[x] for x in part) for part in parts]
    if parts[0]:
        return operand.reshaped(*shape)
    matrix = len(own) == 2 and all(len(part) == 1 for part in parts[1:])
    return Operand(tuple(shape[1:]), operand.weight, operand.trained) if matrix else operand.reshaped(*shape[1:])

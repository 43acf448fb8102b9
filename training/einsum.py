"""torch.einsum of two operands, as matrix products."""

from math import prod
from typing import Any

from torch import Tensor

from training.matmul import matmul
from training.site import Site

DOTS = "αβγδεζηθ"  # letters for the dimensions of an ellipsis, of which no equation has any


def einsum(site: Site, equation: Any, *operands: Any) -> Tensor:
    """torch.einsum: of two operands by one product; others, and those with a letter twice in an operand, in PyTorch."""
    if len(operands) == 1 and isinstance(operands[0], tuple | list):
        operands = tuple(operands[0])
    letters = _letters(equation, operands) if isinstance(equation, str) and len(operands) == 2 else None
    if letters is None:
        return site.plain(equation, *operands)
    left, right, out = letters
    sizes = dict(zip(left + right, operands[0].shape + operands[1].shape, strict=True))
    if any(sizes[x] != size for x, size in zip(left, operands[0].shape, strict=True)):
        return site.plain(equation, *operands)  # a dimension of 1 is broadcast, or the sizes are wrong
    shared = [x for x in left if x in right and x in out]
    summed = [x for x in left if x in right and x not in out]
    rows, columns = ([x for x in own if x in out and x not in shared] for own in (left, right))
    if not summed:
        return site.plain(equation, *operands)  # no sums: products of elements
    a = _arranged(operands[0], left, [shared, rows, summed], sizes)
    b = _arranged(operands[1], right, [shared, summed, columns], sizes)
    of_a, of_b = (site.weight(operand) for operand in operands)
    if shared:
        product = matmul(site, a, b, of_a and of_a.part, of_b and of_b.part)
    else:
        whole_a = len(left) == 2 and len(rows) == len(summed) == 1
        whole_b = len(right) == 2 and len(columns) == len(summed) == 1
        if of_a is not None:
            of_a = (of_a if left == "".join(rows + summed) else of_a.transposed) if whole_a else of_a.part
        if of_b is not None:
            of_b = (of_b if right == "".join(summed + columns) else of_b.transposed) if whole_b else of_b.part
        product = matmul(site, a[0], b[0], of_a, of_b)
    order = shared + rows + columns
    return product.reshape([sizes[x] for x in order]).permute([order.index(x) for x in out])


def _letters(equation: str, operands: tuple[Any, ...]) -> tuple[str, str, str] | None:
    """The letters of both operands' dimensions and of the result's; None for an equation of another kind."""
    terms, arrow, out = equation.replace(" ", "").partition("->")
    sides = terms.split(",")
    if len(sides) != 2 or not all(isinstance(operand, Tensor) for operand in operands):
        return None
    dots = [operand.dim() - len(side.replace("...", "")) for side, operand in zip(sides, operands, strict=True)]
    if any(count < 0 or (count and "..." not in side) for count, side in zip(dots, sides, strict=True)):
        return None
    # The ellipses' dimensions are aligned at their ends.
    left, right = (side.replace("...", DOTS[len(DOTS) - n :]) for side, n in zip(sides, dots, strict=True))
    if not arrow:
        once = sorted(x for x in {*left, *right} if (left + right).count(x) == 1 and x not in DOTS)
        out = "..." + "".join(once) if max(dots) else "".join(once)
    out = out.replace("...", DOTS[len(DOTS) - max(dots) :] if max(dots) else "")
    usual = all(len(set(term)) == len(term) for term in (left, right, out)) and set(out) <= {*left, *right}
    return (left, right, out) if usual and max(dots) <= len(DOTS) else None


def _arranged(operand: Tensor, own: str, parts: list[list[str]], sizes: dict[str, int]) -> Tensor:
    """An operand with three dimensions, of which each has the letters of a part; it is summed over letters of none."""
    wanted = [x for part in parts for x in part]
    alone = [place for place, x in enumerate(own) if x not in wanted]
    if alone:
        operand, own = operand.sum(alone), "".join(x for x in own if x in wanted)
    return operand.permute([own.index(x) for x in wanted]).reshape([prod(sizes[x] for x in part) for part in parts])

"""SR-STE's decay: weights that a method prunes are also pulled to zero."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from cosim.kernel.kernel import prune
from rtl.sparsity import Sparsity
from training.converted import Conversion
from training.hooks import conversions
from training.precision import operand
from training.products import Use


class Decay:
    """The term decay * w for each weight that a scheme prunes: in the forward pass, or where it prunes none there, in
    the backward pass. A converted module's layers say which scheme and which decay; a shared weight decays once.

    It knows the weights that a layer has as a whole, once they have been used.
    """

    def __init__(self, module: nn.Module):
        self._conversions = [of for of in conversions(module) if of.scheme.strength]

    @torch.no_grad()
    def add(self, scale: float = 1.0) -> None:
        """Add it to the gradients, which are of the loss times `scale`; to be called between backward pass and update.

        A weight without a gradient is left alone.
        """
        for weight, use in _pruned(self._conversions):
            if weight.grad is not None:
                scheme = use.lowering.scheme
                term = weight.masked_fill(_kept(weight, use), 0.0)
                weight.grad.add_(term.mul_(scale * scheme.strength))


def _pruned(of: Sequence[Conversion]) -> Iterator[tuple[Tensor, Use]]:
    """Each weight that is pruned and decays, with its first use."""
    seen = set[Tensor]()
    for conversion in of:
        for weight, uses in conversion.uses.items():
            use = next(iter(uses.values()))
            scheme, known = use.lowering.scheme, weight in seen
            seen.add(weight)
            if known or weight.dim() == 1 or not (scheme.strength and scheme.sparsity):
                continue
            if _channels(use) >= scheme.sparsity.m:  # with fewer channels it stays dense
                yield weight, use


def _channels(use: Use) -> int:
    """Channels of a group of the convolution along which the weight is pruned."""
    geometry = use.lowering.geometry
    return geometry.channels if _rows_pruned(use) else geometry.outputs


def _rows_pruned(use: Use) -> bool:
    """Whether N:M groups run along the rows of a kernel position, and not along the columns."""
    stages = (
        stage for stage in ("ff", "bp") if (rule := use.lowering.scheme.rule(stage)) and rule.operand == "weights"
    )
    rule = use.lowering.scheme.rule(next(stages))
    return rule is not None and (rule.along == "inputs") != use.conv.transposed


def _kept(weight: Tensor, use: Use) -> Tensor:
    """The mask of the weights that are kept: bool, of the weight's shape."""
    sparsity, groups = use.lowering.scheme.sparsity, use.conv.groups
    assert sparsity is not None
    as_layer = (weight.T if use.turned else weight).reshape(use.weight_shape)  # (Co, Ci / groups, ...)
    if _rows_pruned(use):
        mask = kept(as_layer, sparsity, 1)
    else:
        mask = kept(as_layer.unflatten(0, (groups, -1)), sparsity, 1).flatten(0, 1)
    return (mask.T if use.turned else mask).reshape(weight.shape)


def kept(weight: Tensor, sparsity: Sparsity, dim: int) -> Tensor:
    """The mask of the weights that are kept along a dimension, rounded to FP16 first: bool, of the weight's shape."""
    bits = operand(weight).view(np.uint16)
    # A magnitude's bits plus one keep the order, and no weight that is kept is a zero any more.
    larger = ((bits & 0x7FFF) + np.uint16(1)).view(np.float16)
    return torch.from_numpy(prune(larger, sparsity.n, sparsity.m, dim) != 0).to(weight.device)

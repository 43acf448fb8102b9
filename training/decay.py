"""SR-STE's decay: weights that a method prunes are also pulled to zero."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from cosim.kernel.kernel import prune
from rtl.sparsity import Sparsity
from tlm.workload.methods import Scheme
from training.conversion import offloaded
from training.layers import SatMatMul
from training.precision import operand

DIMENSIONS = {"inputs": 1, "outputs": 0}  # of a weight (Co, Ci) or (Co, Ci, Kh, Kw)


@dataclass(frozen=True)
class _Pruning:
    """The dimension of a weight along which it is pruned, by which pattern, and the strength of its decay."""

    dim: int
    sparsity: Sparsity
    decay: float


class Decay:
    """The term decay * w for each weight that a scheme prunes: in the forward pass, or where it prunes none there, in
    the backward pass. A converted module's layers say which scheme and which decay; a shared weight decays once."""

    def __init__(self, module: nn.Module):
        self._prunings: dict[Tensor, _Pruning] = {}
        for layer in offloaded(module):
            scheme = layer.offload.scheme.of_layer(layer.offload.layer)
            if scheme.strength and scheme.sparsity and not isinstance(layer, SatMatMul):
                dim = DIMENSIONS[_pruned_along(scheme)]
                if layer.weight.shape[dim] >= scheme.sparsity.m:  # with fewer channels it stays dense
                    self._prunings.setdefault(layer.weight, _Pruning(dim, scheme.sparsity, scheme.strength))

    @torch.no_grad()
    def add(self, scale: float = 1.0) -> None:
        """Add it to the gradients, which are of the loss times `scale`; to be called between backward pass and update.

        A weight without a gradient is left alone.
        """
        for weight, pruning in self._prunings.items():
            if weight.grad is not None:
                term = weight.masked_fill(kept(weight, pruning.sparsity, pruning.dim), 0.0)
                weight.grad.add_(term.mul_(scale * pruning.decay))


def kept(weight: Tensor, sparsity: Sparsity, dim: int) -> Tensor:
    """The mask of the weights that are kept along a dimension, rounded to FP16 first: bool, of the weight's shape."""
    bits = operand(weight).view(np.uint16)
    # A magnitude's bits plus one keep the order, and no weight that is kept is a zero any more.
    larger = ((bits & 0x7FFF) + np.uint16(1)).view(np.float16)
    return torch.from_numpy(prune(larger, sparsity.n, sparsity.m, dim) != 0).to(weight.device)


def _pruned_along(scheme: Scheme) -> str:
    """The channels of the first stage in which the scheme prunes weights."""
    return next(rule.along for rule in map(scheme.rule, ("ff", "bp")) if rule and rule.operand == "weights")

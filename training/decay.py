"""SR-STE's decay: what a method prunes is also pulled to zero."""

import numpy as np
import torch
from torch import Tensor, nn

from cosim.kernel import prune
from tlm.workload.methods import Scheme
from training.conversion import offloaded
from training.layers import SatMatMul
from training.precision import operand

DIMENSIONS = {"inputs": 1, "outputs": 0}  # of a weight (Co, Ci) or (Co, Ci, Kh, Kw)


class Decay:
    """The term decay * w for each weight that a scheme prunes: in the forward pass, or where it prunes none there, in
    the backward pass. A converted module's layers say which scheme and which decay; a shared weight decays once."""

    def __init__(self, module: nn.Module):
        self._schemes: dict[nn.Parameter, tuple[Scheme, int]] = {}
        for layer in offloaded(module):
            scheme = layer.offload.scheme.of_layer(layer.offload.layer)
            if scheme.decay and not isinstance(layer, SatMatMul):
                dim = DIMENSIONS[_pruned_along(scheme)]
                if layer.weight.shape[dim] >= scheme.sparsity.m:  # with fewer channels it stays dense
                    self._schemes.setdefault(layer.weight, (scheme, dim))

    @torch.no_grad()
    def add(self, scale: float = 1.0) -> None:
        """Add it to the gradients, which are of the loss times `scale`; to be called between backward pass and update.

        A weight without a gradient is left alone.
        """
        for weight, (scheme, dim) in self._schemes.items():
            if weight.grad is not None:
                term = weight.masked_fill(kept(weight, scheme, dim), 0.0)
                weight.grad.add_(term.mul_(scale * scheme.decay))


def kept(weight: Tensor, scheme: Scheme, dim: int) -> Tensor:
    """Which weights are kept along a dimension: the mask of the FP16 weights, bool of the weight's shape."""
    bits = operand(weight).view(np.uint16)
    # A magnitude's bits plus one: the order is the same, and nothing that is kept looks like the zero of what is not.
    larger = ((bits & 0x7FFF) + np.uint16(1)).view(np.float16)
    return torch.from_numpy(prune(larger, scheme.sparsity.n, scheme.sparsity.m, dim) != 0).to(weight.device)


def _pruned_along(scheme: Scheme) -> str:
    """The channels of the first stage in which the scheme prunes weights."""
    return next(rule.along for rule in map(scheme.rule, ("ff", "bp")) if rule and rule.operand == "weights")

"""Counts of parameters, and layers by hand, that the tests of the networks share."""

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm, conv2d

from tests.training.support import draw
from training import models


def parameters(name: str, image: int, classes: int) -> int:
    """The number of values that a network learns."""
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in models.build(name, 0, image, classes).parameters())


def uneven(module: nn.Module) -> nn.Module:
    """The module for evaluation, its norms no longer identities and its biases no longer zeros."""
    with torch.no_grad():
        for i, value in enumerate(module.state_dict().values()):
            if value.dim() == 1:
                value.copy_(1 + draw(tuple(value.shape), i) / 8)
    return module.eval()


class ByHand:
    """Layers as plain functions of a state dict, named as there."""

    def __init__(self, module: nn.Module):
        self.state = module.state_dict()

    def conv(self, x: Tensor, name: str, norm: str, stride: int = 1, padding: int = 0) -> Tensor:
        """A convolution and the batch norm after it."""
        y = conv2d(x, self.state[f"{name}.weight"], self.state.get(f"{name}.bias"), stride, padding)
        of_norm = (self.state[f"{norm}.{key}"] for key in ("running_mean", "running_var", "weight", "bias"))
        return batch_norm(y, *of_norm)

    def linear(self, x: Tensor, name: str) -> Tensor:
        """A linear layer."""
        y = x @ self.state[f"{name}.weight"].T
        return y + self.state[f"{name}.bias"] if f"{name}.bias" in self.state else y

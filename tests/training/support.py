"""Modules, engines and comparisons that the training tests share."""

import copy

import numpy as np
import torch
from torch import nn

import cosim
from cosim.check.recorder import Recorder
from tests.training.layers import on_channels
from tlm import Update
from training import convert, nm_mask


def functional() -> cosim.Engine:
    """The fast engine; vcu1525 has the fewest tiles, and so the quickest timeline."""
    return cosim.engine("functional", "vcu1525")


def recorded(module: nn.Module, method: str, n: int | None = None, m: int | None = None) -> tuple[nn.Module, Recorder]:
    """The converted module, and the recorder of the GEMMs that it executes."""
    recorder = Recorder(functional())
    return convert(module, method, n, m, recorder), recorder


def draw(shape: tuple[int, ...], seed: int) -> torch.Tensor:
    """Normal numbers that FP16 represents."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).half().float()


def gradients(module: nn.Module, x: torch.Tensor, seed: int) -> dict[str, torch.Tensor]:
    """Output, and the gradients of input and parameters, for a seeded output gradient."""
    x = x.clone().requires_grad_()
    module.zero_grad()
    y = module(x)
    y.backward(draw(tuple(y.shape), seed))
    return {"y": y.detach(), "x": x.grad, **{name: p.grad for name, p in module.named_parameters()}}


def masked(layer: nn.Module, side: str, n: int, m: int) -> nn.Module:
    """A copy of the layer with its FP16 weights pruned along its 'inputs' or 'outputs', dense where a group of it has
    fewer than M of them."""
    result = copy.deepcopy(layer)

    def mask(weight: torch.Tensor, dim: int) -> torch.Tensor:
        return nm_mask(weight, n, m, dim) if weight.shape[dim] >= m else torch.ones_like(weight, dtype=torch.bool)

    with torch.no_grad():
        weight = result.weight.half()
        result.weight.copy_(weight * on_channels(layer, side, weight, mask))
    return result


def difference(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """Largest difference, in units of FP16's last place (2^-11) at the size of the largest value."""
    assert ours.shape == theirs.shape and ours.numel() > 0
    return float((ours - theirs).abs().max() / theirs.abs().max().clamp(min=1e-3)) * 2**11


def linear():
    """Layers that are quick, and a draw in each step."""
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 10)
    )


class Keeping(Recorder):
    """A recorder that keeps the result of each program as well."""

    def __init__(self, inner):
        super().__init__(inner)
        self.given = []

    def run(self, program, operands):
        result, report = super().run(program, operands)
        self.given.append(result)
        return result, report

    def forget(self):
        """All that has run so far."""
        del self.runs[:], self.given[:]

    def updated(self):
        """(update, its result) of each update, in order."""
        return [
            (program.work, given)
            for (program, _), given in zip(self.runs, self.given, strict=True)
            if isinstance(program.work, Update)
        ]


def seeded(factory, seed=7):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return factory()


def give_gradients(module, seed):
    """Gradients of many sizes, subnormals among them, the same for each copy of a module."""
    for i, weight in enumerate(module.parameters()):
        scale = 10.0 ** np.random.default_rng([seed, i]).integers(-42, 3, tuple(weight.shape))
        weight.grad = draw(tuple(weight.shape), seed + i) * torch.from_numpy(scale).float()

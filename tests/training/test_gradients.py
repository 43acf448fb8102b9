"""Outputs and gradients of every method against autograd in float64 on operands that are masked here, in PyTorch."""

import pytest
import torch
from torch import nn

from tests.training.layer_cases import CASES, layer_and_input
from tests.training.layers import on_channels
from tests.training.support import difference, draw, functional, gradients
from training import METHODS, Scheme, convert

METHOD_CASES = [(name, rescale) for name in METHODS for rescale in ((False, True) if name == "sdgp" else (False,))]


def kept(values, dim, n, m):
    """1 for the n largest magnitudes of each m along dim, by a stable sort; all where there are fewer than m."""
    if values.shape[dim] < m:
        return torch.ones_like(values)
    lanes = values.abs().movedim(dim, -1)
    padded = nn.functional.pad(lanes, (0, -lanes.shape[-1] % m), value=-1.0)
    groups = padded.reshape(*padded.shape[:-1], -1, m)
    rank = groups.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    return (rank < n).reshape(padded.shape)[..., : lanes.shape[-1]].movedim(-1, dim).to(values.dtype)


def by_autograd(layer, x, dy, method, n, m, rescale):
    """y, dx, dw and db in float64: three passes, each with its own masked operands."""
    layer = layer.double()
    weight, x = layer.weight.detach().half().double(), x.double().requires_grad_()
    spatial, groups = weight.dim() - 2, getattr(layer, "groups", 1)
    channel = -1 - spatial
    inputs, outputs = (
        on_channels(layer, side, weight, lambda of, dim: kept(of, dim, n, m)) for side in ("inputs", "outputs")
    )
    ff = inputs if method in ("srste", "bdwp") else 1
    bp = {"srste": inputs, "sdwp": outputs, "bdwp": outputs}.get(method, 1)
    pruned = dy = dy.half().double()
    if method == "sdgp":
        pruned = dy * kept(dy.unflatten(channel, (groups, -1)), channel, n, m).flatten(channel - 1, channel)
        if rescale:
            axes = tuple(range(-spatial, 0)) if spatial else tuple(range(1, dy.dim() - 1))
            sums = [value.abs().sum(axes, keepdim=True) if axes else value.abs() for value in (dy, pruned)]
            pruned = pruned * torch.where(sums[1] > 0, sums[0] / sums[1], 1.0)

    def run(weight):
        return torch.func.functional_call(layer, {"weight": weight}, (x,))

    y = run(weight * ff)
    (dx,) = torch.autograd.grad(run(weight * bp), x, pruned)
    dense = weight.clone().requires_grad_()
    parameters = dict(layer.named_parameters()) | {"weight": dense}  # the weight first
    gradients_of = torch.autograd.grad(run(dense), [*parameters.values()], dy)
    return {"y": y.detach(), "x": dx, **dict(zip(parameters, gradients_of, strict=True))}


@pytest.mark.parametrize("n, m", [(2, 8), (1, 4), (4, 16)])
@pytest.mark.parametrize("method, rescale", METHOD_CASES)
@pytest.mark.parametrize("case", CASES)
def test_outputs_and_gradients_are_those_of_autograd_on_masked_operands(case, method, rescale, n, m):
    layer, x = layer_and_input(case)
    if rescale and isinstance(layer, nn.ConvTranspose3d):
        pytest.skip("rows of three dimensions overlap, and their sums count what they share as often")
    ours = gradients(convert(layer, Scheme.of(method, n, m, rescale=rescale), engine=functional()), x, 2)
    theirs = by_autograd(layer, x, draw(tuple(ours["y"].shape), 2), method, n, m, rescale)
    assert ours.keys() == theirs.keys() and len(ours) >= 3
    for name, want in theirs.items():
        assert difference(ours[name].double(), want) < 2.1, name


def test_the_masks_here_are_worked_out_by_hand():
    values = torch.tensor([[1.0, -3, 3, 2, 0, 0, 0, 5, 9]])
    assert kept(values, 1, 2, 4).tolist() == [[0, 1, 1, 0, 1, 0, 0, 1, 1]]
    assert kept(values, 0, 2, 4).tolist() == [[1] * 9]

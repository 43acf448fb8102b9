"""The engine and plan of a layer: its programs, and the gradients that it prunes."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

import cosim
from cosim.check.recorder import Recorder
from rtl.golden import nm_mask
from tests.training.support import draw, functional, recorded
from tlm.workload.layer import Conv
from training import MatMul, Offload, Scheme, convert
from training.conversion import use_engine
from training.hooks import conversions


@pytest.mark.parametrize(
    "name, wrap",
    [("functional", lambda engine: engine), ("functional", Recorder), ("icarus", lambda engine: engine)],
    ids=["functional", "recorded", "icarus"],
)
def test_gradients_are_pruned_as_the_sore_does(name, wrap):
    offload = Offload("l", Scheme.of("sdgp", 2, 8), wrap(cosim.engine(name, "small")))
    for groups, outputs in ((1, 19), (2, 19), (2, 16)):
        lowering = offload.lowering(Conv("l", 8, groups * outputs, 5, 6, (3, 3), groups=groups), 2)
        dy = np.random.default_rng(1).standard_normal((groups, 2, 3, 4, outputs)).astype(np.float16)
        pruned = offload.pruned_gradients(lowering, dy)
        keep = nm_mask(np.moveaxis(dy, -1, 0), 2, 8)
        assert np.array_equal(pruned, np.where(np.moveaxis(keep, 0, -1), dy, 0)) and 0.2 < keep.mean() < 0.4


class Attention(nn.Module):
    """Two products without weights, of several heads."""

    def __init__(self):
        super().__init__()
        self.scores, self.mix = MatMul(), MatMul()

    def forward(self, q, k, v):
        return self.mix(self.scores(q, k.transpose(-2, -1)).softmax(-1), v)


def test_products_and_their_gradients_run_on_the_engine():
    plain, (converted, recorder) = Attention(), recorded(Attention(), "bdwp", 2, 8)
    given = [draw((2, 3, 5, 8), seed).requires_grad_() for seed in range(3)]
    results = []
    for module in (plain, converted):
        y = module(*given)
        results.append([y, *torch.autograd.grad(y, given, draw(tuple(y.shape), 9))])
    for ours, theirs in zip(*results[::-1], strict=True):
        assert ours.shape == theirs.shape and torch.allclose(ours, theirs, atol=4e-3)
    gemms = [program.gemm for program, _ in recorder.runs]
    assert [(gemm.layer, gemm.stage, gemm.shape, gemm.count) for gemm in gemms] == [
        ("scores", "ff", (5, 8, 5), 6),
        ("mix", "ff", (5, 5, 8), 6),
        ("mix", "bp", (5, 8, 5), 6),
        ("mix", "bp", (5, 5, 8), 6),
        ("scores", "bp", (5, 5, 8), 6),
        ("scores", "bp", (8, 5, 5), 6),
    ]
    assert all(gemm.sparsity is None for gemm in gemms)


def test_a_single_product_is_one_too_and_misfits_are_refused():
    module = convert(MatMul(), "dense", engine=functional())
    a, b = draw((4, 6), 1), draw((6, 3), 2)
    assert torch.allclose(module(a, b), a @ b, atol=4e-3)
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        module(a, b[:5])


def test_a_copy_uses_the_same_hardware_and_forgets_what_has_run():
    module, _ = recorded(nn.Linear(8, 8), "bdwp", 2, 8)
    module(draw((2, 8), 1))
    (mine,), (other,) = map(conversions, (module, copy.deepcopy(module)))
    assert other is not mine and other.engine is mine.engine
    assert mine.offload("Linear").stages == {"ff"} and not other.offloads


def test_gradients_of_a_layer_that_keeps_all_of_them_are_not_pruned():
    offload = Offload("l", Scheme.of("bdwp", 2, 8), functional())
    lowering = offload.lowering(Conv("l", 8, 19, 5, 6, (3, 3)), 2)
    with pytest.raises(ValueError, match="^layer l: method bdwp prunes no gradients of it$"):
        offload.pruned_gradients(lowering, np.zeros((1, 2, 3, 4, 19), np.float16))


def test_a_gemm_has_one_program_and_one_with_other_sources_another():
    module, recorder = recorded(nn.Conv2d(8, 8, 3, padding=1), "dense")
    for _ in range(2):
        for size in ((6, 4), (4, 6)):
            module(draw((1, 8, *size), 1))
    first, other, *again = (program for program, _ in recorder.runs)
    assert again[0] is first and again[1] is other and other is not first
    assert first.gemm.shape == other.gemm.shape and first.gemm.source != other.gemm.source


def test_another_engine_schedules_anew():
    module, first = recorded(nn.Linear(8, 8), "dense")
    module(draw((2, 8), 1))
    second = Recorder(cosim.engine("functional", "small"))
    use_engine(module, second)
    module(draw((2, 8), 1))
    assert [program.config.name for program, _ in first.runs + second.runs] == ["vcu1525", "small"]

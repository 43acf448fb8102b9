"""The table of functions: each form in which a product may be written."""

import pytest
import torch
from torch.nn import functional as F

from tests.training.agreement import Calls, agrees, drawn, layers
from tests.training.support import draw, recorded
from training.functions import HANDLERS

LINEAR = [("weights.0", "ff"), ("weights.0", "bp"), ("weights.0", "wu")]


@pytest.mark.parametrize(
    "function",
    [
        F.linear,
        lambda x, w: F.linear(input=x, weight=w),
        lambda x, w: torch.mm(x, w.t()),
        lambda x, w: x.mm(mat2=w.T),
        lambda x, w: x.matmul(w.T),
        lambda x, w: x @ w.mT,
        lambda x, w: x.__rmatmul__(w.new_ones(1, 5)) @ w.T,
        lambda x, w: torch.linalg.matmul(x, w.transpose(0, 1)),
        lambda x, w: torch.einsum("bi,oi->bo", x, w),
        lambda x, w: F.conv1d(x[..., None], w[..., None])[..., 0],
    ],
)
def test_a_linear_layer_may_be_written_in_many_ways(function):
    ran = agrees(Calls(function, (6, 8)), *drawn((5, 8)))
    assert [one for one in ran if one[0] == "weights.0"] == LINEAR


@pytest.mark.parametrize("shapes, layers_of", [([(8, 6), (6,)], 1), ([(8, 6), (5, 6)], 1)])
@pytest.mark.parametrize("beta, alpha", [(1, 1), (0.5, 2), (0, 1)])
def test_addmm_adds_a_vector_or_a_matrix(shapes, layers_of, beta, alpha):
    module = Calls(lambda x, w, b: torch.addmm(b, x, w, beta=beta, alpha=alpha), *shapes)
    assert layers(agrees(module, *drawn((5, 8)))) == ["weights.0"]
    assert layers(agrees(Calls(lambda x, w, b: b.addmm(x, w), *shapes), *drawn((5, 8)))) == ["weights.0"]


def test_batched_products_with_a_sum():
    module = Calls(lambda a, b, c: torch.baddbmm(c, a, b, beta=0.5), (3, 5, 6))
    assert layers(agrees(module, *drawn((3, 5, 8), (3, 8, 6)))) == ["baddbmm"]
    assert layers(agrees(Calls(torch.bmm), *drawn((3, 5, 8), (3, 8, 6)))) == ["bmm"]


@pytest.mark.parametrize(
    "function, shapes",
    [
        (torch.mm, [(2, 3, 4), (2, 4, 5)]),
        (torch.bmm, [(1, 3, 4), (2, 4, 5)]),
        (torch.bmm, [(3, 4), (4, 5)]),
        (torch.baddbmm, [(2, 3, 5), (1, 3, 4), (2, 4, 5)]),
        (torch.addmm, [(5,), (2, 3, 4), (4, 5)]),
    ],
)
def test_what_pytorch_does_not_broadcast_is_refused_by_it(function, shapes):
    module, recorder = recorded(Calls(function), "dense")
    with pytest.raises(RuntimeError):
        module(*drawn(*shapes))
    assert not recorder.runs


def test_complex_whole_and_sparse_matrices_stay_in_pytorch():
    module, recorder = recorded(Calls(torch.matmul), "dense")
    a, b = draw((3, 4), 1), draw((4, 5), 2)
    assert torch.equal(module(a.int(), b.int()), a.int() @ b.int())
    assert torch.equal(module(a.cfloat(), b.cfloat()), a.cfloat() @ b.cfloat())
    assert torch.allclose(module(a.to_sparse(), b), a @ b, atol=1e-5)
    assert not recorder.runs


def test_an_output_that_is_given_is_filled_by_pytorch():
    module, recorder = recorded(Calls(lambda a, b, out: torch.mm(a, b, out=out)), "dense")
    out = torch.zeros(3, 5)
    with torch.no_grad():
        module(draw((3, 4), 1), draw((4, 5), 2), out)
    assert out.any() and not recorder.runs


@pytest.mark.parametrize("bias", [(1, 12), (1,), (5, 12)])
def test_a_bias_that_is_broadcast_is_added_by_the_host(bias):
    assert layers(agrees(Calls(F.linear, (12, 8), bias), *drawn((5, 8)))) == ["weights.0"]


@pytest.mark.parametrize("x, w", [((3, 0, 8), (3, 8, 8)), ((0, 2, 8), (0, 8, 8)), ((0, 8), (8, 8))])
def test_products_of_nothing_are_empty(x, w):
    module, recorder = recorded(Calls(torch.matmul, w), "dense")
    assert module(torch.zeros(x)).shape == (*x[:-1], 8) and not recorder.runs


def test_every_function_that_is_taken_is_one_of_pytorch():
    assert all(callable(function) for function in HANDLERS) and len(HANDLERS) >= 30

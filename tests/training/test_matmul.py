"""Products by torch.matmul's rules, of activations and with weights."""

import pytest
import torch

from tests.training.agreement import Calls, agrees, drawn, layers
from training import MatMul, convert


@pytest.mark.parametrize(
    "function, weight, x, layer",
    [
        (lambda x, w: x @ w, (8, 12), (3, 4, 8), "weights.0"),
        (lambda x, w: w @ x, (12, 8), (3, 8, 4), "weights.0"),
        (lambda x, w: x @ w, (8, 12), (8,), "weights.0"),
        (lambda x, w: w @ x, (12, 8), (8,), "weights.0"),
        (lambda x, w: x @ w.T, (12, 8), (5, 8), "weights.0"),
        (lambda x, w: x @ w.view(4, 2, 12).flatten(0, 1), (8, 12), (5, 8), "weights.0"),
        (lambda x, w: x @ w, (3, 8, 12), (3, 5, 8), "weights.0"),
        (lambda x, w: x @ w, (3, 8, 12), (2, 1, 5, 8), "weights.0"),
        (lambda x, w: w @ x, (3, 12, 8), (3, 8, 5), "weights.0"),
    ],
)
def test_a_weight_on_either_side_is_a_linear_layer(function, weight, x, layer):
    ran = agrees(Calls(function, weight), *drawn(x))
    assert ran == [(layer, "ff"), (layer, "bp"), (layer, "wu")]


@pytest.mark.parametrize(
    "a, b",
    [((5, 8), (8, 3)), ((2, 3, 5, 8), (2, 3, 8, 4)), ((2, 1, 5, 8), (3, 8, 4)), ((2, 3, 5, 8), (8, 4)), ((8,), (8, 4))],
)
def test_products_of_activations_are_broadcast_as_pytorch_does(a, b):
    assert agrees(Calls(torch.matmul), *drawn(a, b)) == [("matmul", "ff"), ("matmul", "bp"), ("matmul", "bp")]


def test_a_dot_product_of_vectors_stays_in_pytorch():
    assert agrees(Calls(torch.matmul), *drawn((8,), (8,)), within=0.01) == []


def test_a_matmul_module_is_named_by_its_path():
    class Two(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.scores, self.mix = MatMul(), MatMul()

        def forward(self, a, b):
            return self.mix(self.scores(a, b), a)

    assert layers(agrees(Two(), *drawn((4, 5), (5, 4)))) == ["scores", "mix"]


@pytest.mark.parametrize("a, b", [((4, 6), (5, 3)), ((2, 4, 6), (3, 6, 2))])
def test_misfits_are_refused_in_pytorchs_words(a, b):
    module, operands = Calls(torch.matmul), drawn(a, b)
    with pytest.raises(RuntimeError) as theirs:
        module(*operands)
    with pytest.raises(RuntimeError) as ours:
        convert(module, "dense")(*operands)
    assert str(ours.value) == str(theirs.value)

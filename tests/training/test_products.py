"""The products of layers against PyTorch's own autograd in float32."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.training.layer_cases import CASES, layer_and_input
from tests.training.support import difference, draw, functional, gradients, masked, recorded
from training import convert, nm_mask, training_step


@pytest.mark.parametrize("case", CASES)
def test_dense_layers_agree_with_autograd(case):
    layer, x = layer_and_input(case)
    plain = masked(layer, "inputs", 1, 1)  # FP16 weights, none pruned
    theirs, ours = gradients(plain, x, 1), gradients(convert(layer, "dense", None, None, functional()), x, 1)
    assert ours.keys() == theirs.keys() and len(ours) >= 3
    assert max(difference(ours[name], theirs[name]) for name in theirs) < 2.1


@pytest.mark.parametrize("n, m", [(2, 8), (1, 4), (4, 16)])
@pytest.mark.parametrize("case", CASES)
def test_bdwp_prunes_along_inputs_going_forward_and_along_outputs_going_back(case, n, m):
    layer, x = layer_and_input(case)
    ours = gradients(convert(layer, "bdwp", n, m, functional()), x, 2)
    forward, backward = gradients(masked(layer, "inputs", n, m), x, 2), gradients(masked(layer, "outputs", n, m), x, 2)
    assert difference(ours["y"], forward["y"]) < 2.1
    assert difference(ours["x"], backward["x"]) < 2.1
    # Straight through: the weight gradient is dense, and does not depend on the weights at all.
    assert all(difference(ours[name], forward[name]) < 1 for name, _ in layer.named_parameters())


@pytest.mark.parametrize(
    "case, stage, pattern",
    [
        ("convolution", "ff", "2:8"),
        ("convolution", "bp", "2:8"),
        ("convolution", "wu", "None"),
        ("too few channels", "ff", "None"),
        ("too few channels", "bp", "None"),
        ("stride 2", "bp", "2:8"),
    ],
)
def test_each_stage_runs_with_the_sparsity_of_the_method(case, stage, pattern):
    layer, x = layer_and_input(case)
    converted, recorder = recorded(layer, "bdwp", 2, 8)
    gradients(converted, x, 3)
    found = [str(program.gemm.sparsity) for program, _ in recorder.runs if program.gemm.stage == stage]
    assert found == [pattern]


def test_the_first_layer_has_no_bp_and_a_frozen_weight_no_wu():
    module = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8), nn.Linear(8, 8))
    module[2].weight.requires_grad_(False)
    converted, recorder = recorded(module, "dense")
    converted(draw((4, 8), 1)).sum().backward()
    stages = [(program.gemm.layer, program.gemm.stage) for program, _ in recorder.runs]
    assert stages == [("0", "ff"), ("2", "ff"), ("3", "ff"), ("3", "bp"), ("3", "wu"), ("2", "bp"), ("0", "wu")]


def test_without_gradients_only_the_forward_gemm_runs():
    converted, recorder = recorded(nn.Linear(8, 8), "dense")
    with torch.no_grad():
        converted(draw((4, 8), 1))
    assert [program.gemm.stage for program, _ in recorder.runs] == ["ff"]


def test_operands_are_rounded_to_fp16_and_gradients_of_weights_stay_fp32():
    layer = convert(nn.Linear(1, 1, bias=False), "dense", engine=functional())
    with torch.no_grad():
        layer.weight.fill_(1 + 2.0**-12)  # rounds to 1
    x = torch.tensor([[3 + 2.0**-12], [2.0**-11]], requires_grad=True)  # the first rounds to 3
    layer(x).backward(torch.tensor([[1.0], [1.0]]))
    assert layer(x).flatten().tolist() == [3, 2.0**-11]
    assert x.grad.flatten().tolist() == [1, 1]
    assert layer.weight.grad.item() == 3 + 2.0**-11  # no FP16 number


def test_overflow_becomes_infinity_and_nan_the_canonical_one():
    layer = convert(nn.Linear(2, 1, bias=False), "dense", None, None, functional())
    with torch.no_grad():
        layer.weight.fill_(1)
    strange = np.array([[0x7BFF, 0x7BFF], [0, 0xFD23]], np.uint16).view(np.float16)  # twice the largest; a NaN
    y = layer(torch.from_numpy(strange)).detach().numpy()
    assert y.view(np.uint16).flatten().tolist() == [0x7C00, 0x7E00]
    assert layer(torch.tensor([[1e6, 0.0]])).item() == float("inf")


def test_the_bias_is_added_in_fp32_and_rounded_to_fp16():
    layer = convert(nn.Linear(1, 1), "dense", None, None, functional())
    with torch.no_grad():
        layer.weight.fill_(1)
        layer.bias.fill_(1 + 2.0**-11 + 2.0**-12)  # an FP16 bias would be 1 + 2^-10
    assert layer(torch.tensor([[2.0**-12]])).item() == 1 + 2.0**-10
    assert layer(torch.tensor([[-(2.0**-12)]])).item() == 1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_results_have_the_dtype_of_the_input(dtype):
    layer = convert(nn.Conv2d(2, 3, 3), "dense", None, None, functional())
    x = draw((1, 2, 4, 4), 1).to(dtype).requires_grad_()
    y = layer(x)
    y.sum().backward()
    assert (y.dtype, x.grad.dtype, layer.weight.grad.dtype) == (dtype, dtype, torch.float32)


def test_the_mask_is_that_of_the_fp16_weights():
    layer = nn.Linear(8, 1, bias=False)
    with torch.no_grad():
        layer.weight.copy_(1 + torch.arange(8) * 2.0**-16)  # growing, but all equal in FP16: the first two stay
    y = convert(layer, "bdwp", 2, 8, functional())(torch.eye(8)).flatten()
    assert y.tolist() == [1, 1, 0, 0, 0, 0, 0, 0]
    assert nm_mask(layer.weight.half(), 2, 8, 1).sum() == 2


@pytest.mark.parametrize(
    "case, shape",
    [
        ("linear", (5, 64)),
        ("convolution", (2, 4, 6, 5)),
        ("convolution", (8, 6)),
        ("no padding", (2, 16, 2, 5)),
        ("groups", (2, 8, 6, 5)),
        ("transposed", (2, 8, 5, 4)),
    ],
)
def test_an_input_that_does_not_fit_is_refused_in_pytorchs_words(case, shape):
    layer, _ = layer_and_input(case)
    with pytest.raises(RuntimeError) as theirs:
        layer(torch.zeros(shape))
    with pytest.raises(RuntimeError) as ours:
        convert(layer, "dense", None, None, functional())(torch.zeros(shape))
    assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize("case, shape", [("linear", (0, 32)), ("convolution", (0, 8, 6, 5))])
def test_an_empty_batch_has_an_empty_output_and_gradients_of_zeros(case, shape):
    layer, _ = layer_and_input(case)
    converted, recorder = recorded(layer, "bdwp", 2, 8)
    found = gradients(converted, torch.zeros(shape), 1)
    assert found["y"].shape == layer(torch.zeros(shape)).shape and not recorder.runs
    assert all(not found[name].any() for name, _ in layer.named_parameters())


class Named(nn.Module):
    """Calls its layer by the name of the argument, as PyTorch's own may be called."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(8, 4)

    def forward(self, x):
        return self.linear(input=x)


def test_a_layer_is_called_by_the_names_of_pytorchs_arguments():
    converted, recorder = recorded(Named(), "dense")
    assert converted(draw((2, 8), 1)).shape == (2, 4)
    assert training_step(Named(), (2, 8))[0] == recorder.runs[0][0].gemm


def test_a_half_input_may_change_after_the_layer_has_read_it():
    converted, x = convert(nn.Linear(8, 4), "dense"), draw((3, 8), 1).half()
    y, expected = converted(x), x.float().sum(0)
    x.zero_()
    y.sum().backward()
    assert torch.allclose(converted.weight.grad, expected.expand(4, 8))

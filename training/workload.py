"""The GEMMs and updates of one training step, found from shapes alone."""

import copy

import torch
from torch import Tensor, nn

from tlm import Gemm, Update
from tlm.workload import step
from tlm.workload.layer import Product
from tlm.workload.methods import Scheme
from tlm.workload.step import Call, Work
from training.conversion import Layer, find_layers, scheme_of
from training.layers import MatMul
from training.offload import described


def training_step(
    module: nn.Module,
    input_shape: tuple[int, ...],
    method: str | Scheme = "dense",
    n: int | None = None,
    m: int | None = None,
) -> list[Gemm]:
    """Every GEMM of a training step of `module`, in the order in which a converted module executes them.

    module       plain or converted; its parameters may be on the meta device
    input_shape  of one batch, batch included: (B, C, H, W) for images
    method, n, m as in training.convert
    Forward passes come first; then, from the last layer to the first, each one's input gradient and weight gradient.
    A layer whose input needs no gradient, which is the first, has no 'bp'. No value is computed: the module is traced
    on the meta device, where ResNet50 takes a fraction of a second.
    Raises ValueError as training.convert does.
    """
    work = step.gemms_of(traced(module, input_shape), scheme_of(method, n, m))
    return [one for one in work if isinstance(one, Gemm)]


def update_step(
    module: nn.Module,
    input_shape: tuple[int, ...],
    method: str | Scheme = "dense",
    n: int | None = None,
    m: int | None = None,
) -> list[Update]:
    """The updates of a training step of `module`: of each layer that is called its weights, with the copies that the
    next step reads, and its bias; once where layers share it. Parameters outside of nn.Linear and nn.Conv2d are updated
    on the host.

    input_shape, method, n, m as in training_step, and so is the ValueError
    """
    return step.updates_of(traced(module, input_shape), scheme_of(method, n, m))


def whole_step(
    module: nn.Module,
    input_shape: tuple[int, ...],
    method: str | Scheme = "dense",
    n: int | None = None,
    m: int | None = None,
) -> list[Work]:
    """Everything of a training step that runs on the hardware: the GEMMs of training_step, with the reductions that
    prune their operands where the method needs them; then the updates of update_step."""
    return step.whole_step(traced(module, input_shape), scheme_of(method, n, m))


def traced(module: nn.Module, input_shape: tuple[int, ...]) -> list[Call]:
    """The calls of the module's layers, in order. Raises ValueError as training.convert does."""
    calls: list[Call] = []
    owners = _owners(module)  # copies on the meta device share no weights
    shadow = copy.deepcopy(module).to("meta").train()
    for name, layer in find_layers(shadow):

        def record(layer, inputs, named, _output, name=name):
            calls.append(_call(name, layer, (*inputs, *named.values()), owners[name]))

        layer.register_forward_hook(record, with_kwargs=True)
    with torch.enable_grad():
        shadow(torch.empty(input_shape, device="meta"))
    return calls


def _owners(module: nn.Module) -> dict[str, str]:
    """Of each layer, by its name, the name of the first layer that has its weight; its own where it has none."""
    first: dict[Tensor, str] = {}
    return {
        name: name if isinstance(layer, MatMul) else first.setdefault(layer.weight, name)
        for name, layer in find_layers(module)
    }


def _call(name: str, layer: Layer, inputs: tuple[Tensor, ...], owner: str) -> Call:
    """The call of a layer on these operands; `owner` is the same for calls that share their weight."""
    if isinstance(layer, MatMul):
        a, b = inputs
        (m, k), n = a.shape[-2:], b.shape[-1]
        return Call(Product(name, m, k, n), a.shape[:-2].numel(), a.requires_grad, second_gradient=b.requires_grad)
    conv, batch = described(name, layer, inputs[0].shape)
    return Call(
        conv,
        batch,
        inputs[0].requires_grad,
        layer.weight.requires_grad,
        layer.bias is not None and layer.bias.requires_grad,
        weight=owner,
    )

"""Conversion: a copy of a module whose linear layers, convolutions and matrix products run on an engine."""

import copy
from collections.abc import Callable, Iterator

import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.utils import parametrize

import cosim
from cosim import Engine
from tlm.accelerator import StepPlan
from tlm.workload.methods import Scheme
from training.layers import MatMul, SatConv2d, SatLinear, SatMatMul, check_convolution
from training.offload import Offload, check_engine

Layer = nn.Linear | nn.Conv2d | MatMul
DropIn = SatLinear | SatConv2d | SatMatMul
_DROP_INS: dict[type[Layer], type[DropIn]] = {nn.Linear: SatLinear, nn.Conv2d: SatConv2d, MatMul: SatMatMul}
# Layers with GEMMs that would stay in PyTorch unseen, and be missing in every report.
_NOT_LOWERED = (nn.Conv1d, nn.Conv3d, nn.modules.conv._ConvTransposeNd, nn.Bilinear, nn.RNNBase, nn.RNNCellBase)


def convert(
    module: nn.Module,
    method: str | Scheme,
    n: int | None = None,
    m: int | None = None,
    engine: Engine | None = None,
    plan: StepPlan | None = None,
) -> nn.Module:
    """A deep copy of `module` in which every nn.Linear, nn.Conv2d and MatMul runs its GEMMs on `engine`.

    method   one of training.METHODS, with n, m its sparsity, ignored for dense; or a whole training.Scheme
    engine   None: the functional one
    plan     how its GEMMs are laid on the array; without one, output-stationary with the largest tiles
    A layer's name in reports is its dotted path in the module; a module that is itself a layer goes by its class name.
    Parameters, hooks and mode are kept, and shared layers and parameters stay shared. Converting a converted module
    changes its method or engine.
    Raises ValueError, naming layer, rule and value, for a layer that cannot be lowered; for an unknown method or
    pattern; for an engine whose operands are not FP16; and, naming the field, for a plan of another configuration or
    accelerator than the engine's.
    """
    scheme = scheme_of(method, n, m)
    engine = cosim.engine("functional") if engine is None else engine
    check_engine(engine, plan)
    result = copy.deepcopy(module)
    layers = find_layers(result)
    scheme.check_names([name for name, _ in layers])
    drop_ins: dict[nn.Module, nn.Module] = {
        layer: _drop_in(layer, Offload(name, scheme, engine, plan)) for name, layer in layers
    }
    for parent in list(result.modules()):
        for attribute, child in parent._modules.items():
            if child in drop_ins:
                parent._modules[attribute] = drop_ins[child]
    return drop_ins.get(result, result)


def scheme_of(method: str | Scheme, n: int | None = None, m: int | None = None) -> Scheme:
    """A scheme as it is, or that of a method's name and its N:M. Raises ValueError."""
    return method if isinstance(method, Scheme) else Scheme.of(method, n, m)


def find_layers(module: nn.Module) -> list[tuple[str, Layer]]:
    """(name, layer) of every layer to be lowered, in the order of registration. Raises ValueError as convert does."""
    layers: list[tuple[str, Layer]] = []
    for path, child in module.named_modules():
        if isinstance(child, nn.MultiheadAttention):
            raise ValueError(
                f"layer {path or 'MultiheadAttention'}: attention must be written with nn.Linear, "
                f"since {type(child).__name__} never calls its layers"
            )
        if isinstance(child, _NOT_LOWERED):
            raise ValueError(
                f"layer {path or type(child).__name__}: only nn.Linear and nn.Conv2d run on the array, "
                f"not {type(child).__name__}"
            )
        if isinstance(child, Layer):
            name = path or _kind(child).__name__
            _check(child, name)
            layers.append((name, child))
    return layers


def use_engine(module: nn.Module, engine: Engine) -> None:
    """From now on the converted layers of `module` run on `engine`. The bits stay the same.

    Raises ValueError, before any layer changes, for an engine whose operands are not FP16, or where the layers have a
    plan of another configuration or accelerator.
    """
    _change(module, lambda offload: (engine, offload.plan))


def use_plan(module: nn.Module, plan: StepPlan | None) -> None:
    """From now on the converted layers of `module` run by `plan`. The bits stay the same.

    Raises ValueError, before any layer changes, for a plan of another configuration or accelerator than the layers'.
    """
    _change(module, lambda offload: (offload.engine, plan))


def _change(module: nn.Module, choice: Callable[[Offload], tuple[Engine, StepPlan | None]]) -> None:
    """Have each converted layer use the engine and plan that `choice` gives for it, if all layers may."""
    choices = [(layer.offload, choice(layer.offload)) for layer in offloaded(module)]
    for _, chosen in choices:
        check_engine(*chosen)
    for offload, chosen in choices:
        offload.use(*chosen)


def offloaded(module: nn.Module) -> Iterator[DropIn]:
    """The converted layers of a module."""
    return (child for child in module.modules() if isinstance(child, DropIn))


def _kind(layer: Layer) -> type[Layer]:
    """The class of PyTorch, or MatMul, that a layer is or derives from."""
    return next(kind for kind in _DROP_INS if isinstance(layer, kind))


def _check(layer: Layer, name: str) -> None:
    """Raise ValueError, naming layer, rule and value, for a layer whose computation is not that of its kind."""
    kind = _kind(layer)
    if type(layer).forward not in (kind.forward, _DROP_INS[kind].forward):
        raise ValueError(f"layer {name}: forward must be that of {kind.__name__}, not {type(layer).__name__}'s own")
    if isinstance(layer, LazyModuleMixin):
        raise ValueError(f"layer {name}: must know its sizes before it is converted, not be {type(layer).__name__}")
    if isinstance(layer, MatMul):
        return
    if parametrize.is_parametrized(layer):
        assert isinstance(layer.parametrizations, nn.ModuleDict)
        raise ValueError(f"layer {name}: must have no parametrization, not {', '.join(layer.parametrizations)}")
    if layer.weight.dtype != torch.float32:
        raise ValueError(f"layer {name}: master weights must be float32, not {layer.weight.dtype}")
    if isinstance(layer, nn.Conv2d):
        check_convolution(layer, name)


def _drop_in(layer: Layer, offload: Offload) -> DropIn:
    """The layer's own state in the drop-in class: nothing is built or copied that the user did not make."""
    cls = _DROP_INS[_kind(layer)]
    result = cls.__new__(cls)
    result.__dict__.update(layer.__dict__, offload=offload)
    return result

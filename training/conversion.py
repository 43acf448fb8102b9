"""Which layers of a module can run on an engine, and a copy of the module in which they do."""

import copy
from collections.abc import Iterator

import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.utils import parametrize

import cosim
from cosim import Engine
from tlm import Plan
from tlm.workload.methods import Scheme
from training.layers import MatMul, SatConv2d, SatLinear, SatMatMul, check_convolution
from training.offload import Offload

Layer = nn.Linear | nn.Conv2d | MatMul
_DROP_IN = {nn.Linear: SatLinear, nn.Conv2d: SatConv2d, MatMul: SatMatMul}
# Layers with GEMMs that would stay in PyTorch unseen, and be missing in every report.
_NOT_LOWERED = (nn.Conv1d, nn.Conv3d, nn.modules.conv._ConvTransposeNd, nn.Bilinear, nn.RNNBase, nn.RNNCellBase)


def convert(
    module: nn.Module,
    method: str | Scheme,
    n: int | None = None,
    m: int | None = None,
    engine: Engine | None = None,
    plan: Plan | None = None,
) -> nn.Module:
    """A deep copy of `module` in which every nn.Linear, nn.Conv2d and MatMul runs its GEMMs on `engine`.

    method   one of training.METHODS, with n, m its sparsity, ignored for dense; or a whole training.Scheme
    engine   None: the functional one
    plan     how its GEMMs are laid on SAT's array; without one, output-stationary with the largest tiles
    A layer's name in reports is its dotted path in the module; a module that is itself a layer goes by its class name.
    Parameters, hooks and mode are kept, and what was shared is shared. Converting a converted module changes its
    method or engine.
    Raises ValueError, naming layer, rule and value, for what cannot be lowered; also for an unknown method or pattern.
    """
    scheme, result = scheme_of(method, n, m), copy.deepcopy(module)
    engine = cosim.engine("functional") if engine is None else engine
    if engine.operand_format != "fp16":
        raise ValueError(f"training runs on fp16 operands, not on {engine.operand_format} of {engine.config.name}")
    scheme.check_names([name for name, _ in find_layers(result)])
    offloaded = {layer: _drop_in(layer, Offload(name, scheme, engine, plan)) for name, layer in find_layers(result)}
    for parent in list(result.modules()):
        for attribute, child in parent._modules.items():
            if child in offloaded:
                parent._modules[attribute] = offloaded[child]
    return offloaded.get(result, result)


def scheme_of(method: str | Scheme, n: int | None = None, m: int | None = None) -> Scheme:
    """A scheme as it is, or that of a method's name and its N:M. Raises ValueError."""
    return method if isinstance(method, Scheme) else Scheme.of(method, n, m)


def find_layers(module: nn.Module) -> list[tuple[str, Layer]]:
    """(name, layer) of every layer to be lowered, in the order of registration. Raises ValueError as convert does."""
    layers = []
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
        kind = next((kind for kind in _DROP_IN if isinstance(child, kind)), None)
        if kind:
            name = path or kind.__name__
            _check(child, kind, name)
            layers.append((name, child))
    return layers


def use_engine(module: nn.Module, engine: Engine) -> None:
    """From now on the converted layers of `module` run on `engine`. The bits stay the same."""
    for child in offloaded(module):
        child.offload.use(engine, child.offload.plan)


def use_plan(module: nn.Module, plan: Plan | None) -> None:
    """From now on the converted layers of `module` run by `plan`. The bits stay the same."""
    for child in offloaded(module):
        child.offload.use(child.offload.engine, plan)


def offloaded(module: nn.Module) -> Iterator[SatLinear | SatConv2d | SatMatMul]:
    """The converted layers of a module."""
    return (child for child in module.modules() if isinstance(child, tuple(_DROP_IN.values())))


def _check(layer: nn.Module, kind: type[nn.Module], name: str) -> None:
    if type(layer).forward not in (kind.forward, _DROP_IN[kind].forward):
        raise ValueError(f"layer {name}: forward must be that of {kind.__name__}, not {type(layer).__name__}'s own")
    if isinstance(layer, LazyModuleMixin):
        raise ValueError(f"layer {name}: must know its sizes before it is converted, not be {type(layer).__name__}")
    if kind is MatMul:
        return
    if parametrize.is_parametrized(layer):
        raise ValueError(f"layer {name}: must have no parametrization, not {', '.join(layer.parametrizations)}")
    if layer.weight.dtype != torch.float32:
        raise ValueError(f"layer {name}: master weights must be float32, not {layer.weight.dtype}")
    if kind is nn.Conv2d:
        check_convolution(layer, name)


def _drop_in(layer: Layer, offload: Offload) -> SatLinear | SatConv2d | SatMatMul:
    """The layer's own state in the drop-in class: nothing is built or copied that the user did not make."""
    cls = next(drop_in for kind, drop_in in _DROP_IN.items() if isinstance(layer, kind))
    result = cls.__new__(cls)
    result.__dict__.update(layer.__dict__, offload=offload)
    return result

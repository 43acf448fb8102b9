"""Conversion: a copy of a module whose matrix products run on an engine."""

import torch
from torch import nn
from torch.nn.parameter import UninitializedParameter

import cosim
from cosim import Engine
from tlm.accelerator import StepPlan
from tlm.workload.methods import Scheme
from training.checkpoints import install
from training.converted import Conversion, copied, fits, layer_name
from training.first_look import watch
from training.hooks import conversions, intercept
from training.matmul import MatMul
from training.offload import check_engine


def convert(
    module: nn.Module,
    method: str | Scheme,
    n: int | None = None,
    m: int | None = None,
    engine: Engine | None = None,
    plan: StepPlan | None = None,
    host: tuple[str, ...] = (),
) -> nn.Module:
    """A deep copy of `module` whose matrix products run on `engine`: layers, and products written as functions.

    method   one of training.METHODS, with n, m its sparsity, ignored for dense; or a whole training.Scheme
    engine   None: the functional one
    plan     how its GEMMs are laid on the array; without one, output-stationary with the largest tiles
    host     names or patterns of layers and modules, such as 'encoder.*', that stay in PyTorch
    A layer's name in reports is the dotted path of its weight in the module, without '.weight'; that of a product of
    two activations is the path of the module that calls it, and the function. A module that is itself a layer goes by
    its class name. Parameters, hooks and mode are kept, and shared layers and parameters stay shared. Converting a
    converted module changes its method or engine. The first forward pass warns (training.HostProductsWarning) of matrix
    products that stay in PyTorch, and training.on_host names them.
    Raises ValueError, naming layer, rule and value, for weights that are not float32 or not made yet; for an unknown
    method or pattern, or names that fit no layer; for an engine whose operands are not FP16; and, naming the field,
    for a plan of another configuration or accelerator than the engine's.
    """
    scheme = scheme_of(method, n, m)
    engine = cosim.engine("functional") if engine is None else engine
    check_engine(engine, plan)
    check_weights(module)
    scheme.check_names(layer_names(module))
    check_host(module, host)
    result = copied(module)
    conversion = Conversion(scheme, engine, plan, tuple(host))
    install()
    intercept(result, conversion)
    watch(result, conversion)
    return result


def scheme_of(method: str | Scheme, n: int | None = None, m: int | None = None) -> Scheme:
    """A scheme as it is, or that of a method's name and its N:M. Raises ValueError."""
    return method if isinstance(method, Scheme) else Scheme.of(method, n, m)


def layer_names(module: nn.Module) -> list[str]:
    """The names of all that may be a layer, as reports have them: parameters with columns, and each MatMul."""
    parameters = module.named_parameters(remove_duplicate=False)
    names = [layer_name(name) or type(module).__name__ for name, parameter in parameters if parameter.dim() > 1]
    return names + [path for path, child in module.named_modules() if isinstance(child, MatMul)]


def check_weights(module: nn.Module) -> None:
    """Raise ValueError, naming layer, rule and value, for parameters that no hardware trains as they are."""
    if isinstance(module, torch.jit.ScriptModule):
        raise ValueError("a module must be one of Python, not of TorchScript, inside of which no product can be seen")
    for name, parameter in module.named_parameters():
        layer = layer_name(name) or type(module).__name__
        if isinstance(parameter, UninitializedParameter):
            raise ValueError(f"layer {layer}: must know its sizes before it is converted, not be lazy")
        if parameter.dim() > 1 and parameter.is_floating_point() and parameter.dtype != torch.float32:
            raise ValueError(f"layer {layer}: master weights must be float32, not {parameter.dtype}")


def check_host(module: nn.Module, host: tuple[str, ...]) -> None:
    """Raise ValueError for names or patterns of what stays on the host that fit no layer and no module."""
    if isinstance(host, str):
        raise ValueError(f"host must be several names or patterns, such as ({host!r},), not {host!r}")
    names = [path for path, _ in module.named_modules()] + layer_names(module)
    for pattern in host:
        if not any(fits(name, (pattern,)) for name in names):
            raise ValueError(f"host names no layer and no module: {pattern!r}")


def use_engine(module: nn.Module, engine: Engine) -> None:
    """From now on the products of a converted module run on `engine`. The bits stay the same.

    Raises ValueError, before anything changes, for an engine whose operands are not FP16, or where the module has a
    plan of another configuration or accelerator.
    """
    of = conversions(module)
    for conversion in of:
        check_engine(engine, conversion.plan)
    for conversion in of:
        conversion.use(engine, conversion.plan)


def use_plan(module: nn.Module, plan: StepPlan | None) -> None:
    """From now on the products of a converted module run by `plan`. The bits stay the same.

    Raises ValueError, before anything changes, for a plan of another configuration or accelerator than the engine's.
    """
    of = conversions(module)
    for conversion in of:
        check_engine(conversion.engine, plan)
    for conversion in of:
        conversion.use(conversion.engine, plan)

"""The GEMMs and updates of one training step, found from shapes alone."""

from torch import nn

from tlm import Gemm, Update
from tlm.workload import step
from tlm.workload.methods import Scheme
from tlm.workload.step import Work
from training.conversion import scheme_of
from training.tracing import Inputs, trace


def training_step(
    module: nn.Module,
    inputs: Inputs,
    method: str | Scheme = "dense",
    n: int | None = None,
    m: int | None = None,
    host: tuple[str, ...] = (),
) -> list[Gemm]:
    """Every GEMM of a training step of `module`, in the order in which a converted module executes them.

    module       plain or converted; its parameters may be on the meta device
    inputs       the shape of its one input, batch included, such as (B, C, H, W); or inputs, as in training.trace
    method, n, m, host  as in training.convert
    Forward passes come first; then, from the last layer to the first, each one's input gradient and weight gradient.
    A layer whose input needs no gradient, which is the first, has no 'bp'. No value is computed, if the module needs
    none: ResNet50 takes a fraction of a second. Products that stay in PyTorch are in `training.trace` alone.
    Raises ValueError as training.convert does.
    """
    work = step.gemms_of(trace(module, inputs, host).calls, scheme_of(method, n, m))
    return [one for one in work if isinstance(one, Gemm)]


def update_step(
    module: nn.Module,
    inputs: Inputs,
    method: str | Scheme = "dense",
    n: int | None = None,
    m: int | None = None,
    host: tuple[str, ...] = (),
) -> list[Update]:
    """The updates of a training step of `module`: of each layer that is called its weights, with the copies that the
    next step reads, and its bias; once where layers share it. Other parameters are updated on the host.

    inputs, method, n, m, host as in training_step, and so is the ValueError
    """
    return step.updates_of(trace(module, inputs, host).calls, scheme_of(method, n, m))


def whole_step(
    module: nn.Module,
    inputs: Inputs,
    method: str | Scheme = "dense",
    n: int | None = None,
    m: int | None = None,
    host: tuple[str, ...] = (),
) -> list[Work]:
    """Everything of a training step that runs on the hardware: the GEMMs of training_step, with the reductions that
    prune their operands where the method needs them; then the updates of update_step."""
    return step.whole_step(trace(module, inputs, host).calls, scheme_of(method, n, m))

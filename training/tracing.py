"""A training step of a module, followed from shapes: the calls of its layers, and the products of the host."""

import logging
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._pytree import tree_map_only

import cosim
from tlm.workload.methods import Scheme
from tlm.workload.trace import Trace
from training.checkpoints import install
from training.conversion import check_host, check_weights
from training.converted import Conversion, copied
from training.counting import Counter, taken_apart
from training.first_look import unwatch
from training.follower import Follower
from training.hooks import intercept, release

SEED = 0  # of inputs that are drawn


@dataclass(frozen=True)
class Input:
    """An input of that shape, batch included, and dtype."""

    shape: tuple[int, ...]
    dtype: torch.dtype = torch.float32


# The shape of the one input; or the input; or several, in order or by their names.
Inputs = tuple[int, ...] | Tensor | Input | Sequence[Any] | Mapping[str, Any]


def trace(module: nn.Module, inputs: Inputs, host: tuple[str, ...] = ()) -> Trace:
    """The matrix products of a training step of a module, in training mode: those of layers and functions that a
    converted module runs on its engine, and those that would stay in PyTorch.

    inputs  the shape of its one input, of float32; or that input, a tensor or an Input (its shape and dtype); or
            several of them in order, or by their names in a mapping
    host    names or patterns of layers and modules that stay in PyTorch, as in convert
    Forward and backward pass run on tensors without values. Where the module needs values, for a branch that depends on
    them, both run on the inputs themselves, and the trace's remark says so: of a shape they are drawn at random.
    Raises ValueError as convert does; and what the module raises for inputs that it does not take.
    """
    check_weights(module)
    check_host(module, host)
    arguments = _arguments(inputs)
    try:
        return _followed(module, arguments, host, fake=True)
    except Exception as error:  # whatever a module does with values that are not there
        remark = (
            f"followed on values, by dense products, since shapes alone do not tell ({_first_line(error)}): "
            f"other values, here drawn by seed {SEED} where none are given, may give other cycles"
        )
    return _followed(module, arguments, host, fake=False, remark=remark)


def _followed(module: nn.Module, arguments: Any, host: tuple[str, ...], fake: bool, remark: str = "") -> Trace:
    """One forward and backward pass of a copy of the module."""
    mode = FakeTensorMode(allow_non_fake_inputs=True) if fake else None
    followed = _plain_copy(module, mode)
    conversion = Conversion(Scheme(), cosim.engine("functional"), host=tuple(host))
    conversion.tracer = follower = Follower(conversion)
    install()
    intercept(followed, conversion)
    with ExitStack() as active:
        active.enter_context(torch.random.fork_rng(devices=[]))
        torch.manual_seed(SEED)
        active.enter_context(_quiet())
        active.callback(random.setstate, random.getstate())
        active.enter_context(torch.enable_grad())
        active.enter_context(taken_apart())
        if mode:
            active.enter_context(mode)
        args, kwargs = tree_map_only((Input, Tensor), lambda one: _made(one, mode), arguments)
        active.enter_context(Counter(follower.seen))
        outputs = list(_tensors(followed.train()(*args, **kwargs), set()))
        roots = [one for one in outputs if one.requires_grad and (one.is_floating_point() or one.is_complex())]
        follower.backward()
        if roots:
            torch.autograd.backward(roots, [torch.ones_like(root) for root in roots])
        elif any(weight.requires_grad for weight in followed.parameters()):
            remark = f"{remark}; " * bool(remark) + "no output wants a gradient: there is no backward pass"
    return follower.trace(remark)


@contextmanager
def _quiet() -> Iterator[None]:
    """PyTorch logs a traceback for each operation that it cannot follow; here its exception tells."""
    log = logging.getLogger("torch._subclasses.fake_tensor")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


def _plain_copy(module: nn.Module, mode: FakeTensorMode | None) -> nn.Module:
    """A copy of the module that is not converted; in a mode its parameters and buffers have no values."""
    memo: dict[int, Any] = {}
    if mode:
        with mode:
            for parameter in module.parameters():
                memo[id(parameter)] = nn.Parameter(_empty(parameter), requires_grad=parameter.requires_grad)
            for buffer in module.buffers():
                memo.setdefault(id(buffer), _empty(buffer))
    found = copied(module, memo)
    unwatch(found)
    release(found)
    return found


def _empty(like: Tensor) -> Tensor:
    if like.layout is not torch.strided:
        raise ValueError("the elements of a sparse matrix are not known from its shape")
    return torch.empty_strided(like.size(), like.stride(), dtype=like.dtype, device="cpu")


def _made(one: Input | Tensor, mode: FakeTensorMode | None) -> Tensor:
    """An input; in a mode one without values. Of a shape it is drawn, and whole numbers are zeros."""
    if isinstance(one, Tensor):
        return _empty(one).requires_grad_(one.requires_grad) if mode else one
    if mode or not one.dtype.is_floating_point:
        return torch.zeros(one.shape, dtype=one.dtype)
    return torch.randn(one.shape).to(one.dtype)


def _arguments(inputs: Inputs) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The positional and the named arguments of a call."""
    if isinstance(inputs, Mapping):
        return (), dict(inputs)
    if isinstance(inputs, Tensor | Input):
        return (inputs,), {}
    if inputs and all(isinstance(size, int) for size in inputs):
        return (Input(tuple(inputs)),), {}
    return tuple(inputs), {}


def _tensors(output: Any, seen: set[int]) -> Iterator[Tensor]:
    """The tensors in an output: in containers, and in objects of the user's own classes."""
    if isinstance(output, Tensor):
        yield output
    if isinstance(output, Tensor | str | bytes | int | float | type(None) | nn.Module) or id(output) in seen:
        return
    seen.add(id(output))
    if isinstance(output, Mapping):
        parts = list(output.values())
    elif isinstance(output, list | tuple | set | frozenset):
        parts = list(output)
    else:
        slots = [name for kind in type(output).__mro__ for name in getattr(kind, "__slots__", ())]
        parts = [*getattr(output, "__dict__", {}).values(), *(getattr(output, name, None) for name in slots)]
    for part in parts:
        yield from _tensors(part, seen)


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".split("\n")[0].strip()[:200]

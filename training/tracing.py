"""A training step of a module, followed from shapes: the calls of its layers, and the products of the host."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._pytree import tree_leaves, tree_map_only

import cosim
from tlm.workload.layer import Layer, Product
from tlm.workload.methods import Scheme
from tlm.workload.step import AS_SCHEME, Call
from tlm.workload.trace import HostProduct, Trace
from training.conversion import check_host, check_weights
from training.converted import Conversion, Weight, copied
from training.counting import Counter, taken_apart
from training.first_look import unwatch
from training.interception import intercept, place, release
from training.products import Gradients


@dataclass(frozen=True)
class Input:
    """An input of that shape, batch included, and dtype."""

    shape: tuple[int, ...]
    dtype: torch.dtype = torch.float32


# The shape of the one input; or the input; or several, in order or by their names.
Inputs = tuple[int, ...] | Tensor | Input | Sequence[Any] | Mapping[str, Any]


@dataclass
class _Noted:
    """A call, and which of its gradients have been asked for."""

    layer: Layer
    batch: int
    weight: Weight | None
    owner: str | None
    biased: bool
    gradients: Gradients = field(default_factory=Gradients)

    def call(self) -> Call:
        """The call of a training step."""
        of = self.gradients
        if isinstance(self.layer, Product):
            return Call(self.layer, self.batch, of.input, second_gradient=of.second)
        return Call(
            self.layer,
            self.batch,
            of.input,
            of.second,
            of.bias and self.biased,
            weight=self.owner,
            derived=self.owner is None,
            pattern=AS_SCHEME if self.weight else None,
        )


class _Follower:
    """Notes the calls of a step and the products of the host, with the module and function that they are of."""

    shapes = True

    def __init__(self, conversion: Conversion):
        self._conversion, self.noted_calls = conversion, list[_Noted]()
        self._forward = True
        self._places: list[tuple[int, tuple[str, str]]] = []  # of products, by the number of their autograd node
        self._macs: dict[tuple[str, str], list[int]] = {}

    def noted(self, layer: Layer, batch: int, weight: Weight | None, bias: Tensor | None) -> Gradients:
        """Note a call; what is returned is told which of its gradients are asked for."""
        owner = biased = None
        if weight and weight.parameter is not None and (known := self._conversion.weight(weight.parameter)):
            owner = known.name
        if bias is not None and (known := self._conversion.weight(bias)):
            biased = known.parameter
        self.noted_calls.append(_Noted(layer, batch, weight, owner, biased is not None))
        return self.noted_calls[-1].gradients

    def backward(self) -> None:
        """From now on it is the backward pass."""
        self._forward = False

    def seen(self, operator: str, macs: int) -> None:
        """Note a product of the host."""
        here = place()
        if self._forward or here:
            key = here or ("", operator)
            self._places.append((torch.autograd._get_sequence_nr() - 1, key))
        else:
            key = self._origin(operator)
        self._macs.setdefault(key, [0, 0])[not self._forward] += macs

    def _origin(self, operator: str) -> tuple[str, str]:
        """The product of the forward pass whose gradient is computed: the last one of a node not later than this."""
        node = torch._C._current_autograd_node()
        number = node._sequence_nr() if node is not None else -1
        found = bisect_right(self._places, number, key=lambda one: one[0])
        return self._places[found - 1][1] if found else ("", operator)

    def trace(self, remark: str) -> Trace:
        """All that has been noted."""
        products = [HostProduct(*key, *macs) for key, macs in self._macs.items()]
        return Trace([one.call() for one in self.noted_calls], products, remark)


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
        remark = f"followed on real values, since it cannot be on shapes alone: {_first_line(error)}"
    return _followed(module, arguments, host, fake=False, remark=remark)


def _followed(module: nn.Module, arguments: Any, host: tuple[str, ...], fake: bool, remark: str = "") -> Trace:
    """One forward and backward pass of a copy of the module."""
    mode = FakeTensorMode(allow_non_fake_inputs=True) if fake else None
    followed = _plain_copy(module, mode)
    conversion = Conversion(Scheme(), cosim.engine("functional"), host=tuple(host))
    conversion.tracer = follower = _Follower(conversion)
    intercept(followed, conversion)
    with ExitStack() as active:
        active.enter_context(torch.random.fork_rng(devices=[]))
        active.enter_context(torch.enable_grad())
        active.enter_context(taken_apart())
        if mode:
            active.enter_context(mode)
        args, kwargs = tree_map_only((Input, Tensor), lambda one: _made(one, mode), arguments)
        active.enter_context(Counter(follower.seen))
        leaves = tree_leaves(_content(followed.train()(*args, **kwargs)))
        roots = [leaf for leaf in leaves if isinstance(leaf, Tensor) and leaf.requires_grad]
        follower.backward()
        if roots:
            torch.autograd.backward(roots, [torch.ones_like(root) for root in roots])
    return follower.trace(remark)


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


def _content(output: Any) -> Any:
    """What an output of the user's own class holds."""
    return vars(output) if hasattr(output, "__dict__") and not isinstance(output, Tensor | Mapping) else output


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".split("\n")[0].strip()[:200]

"""The state of a converted module: how its products run, and what is known of its parameters."""

import re
from collections.abc import Hashable, MutableMapping
from copy import deepcopy
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, Protocol
from weakref import ref

from torch import Tensor, nn
from torch.utils.weak import WeakTensorKeyDictionary

from cosim import Engine
from tlm.accelerator import StepPlan
from tlm.workload.layer import Conv, Product
from tlm.workload.methods import Scheme
from tlm.workload.trace import HostProduct
from training.offload import Offload, check_engine
from training.products import Gradients, Use

_PARAMETRIZED = re.compile(r"parametrizations\.(\w+)\.original\d*$")


@dataclass(frozen=True)
class Weight:
    """A tensor that is a weight: a parameter, or made of parameters alone.

    name       of the layer whose weight it is, as reports have it
    parameter  the parameter that it is as a whole, or whose transpose it is; None: made of parameters otherwise
    turned     it is the transpose
    """

    name: str
    parameter: Tensor | None = None
    turned: bool = False

    @property
    def transposed(self) -> "Weight":
        """What the tensor's transpose is."""
        return replace(self, turned=not self.turned)

    @property
    def part(self) -> "Weight":
        """What a part of the tensor is, or another tensor that is made of it."""
        return Weight(self.name)


class Tracer(Protocol):
    """Notes the calls of a step.

    shapes  products of tensors without values are followed, too
    """

    shapes: bool

    def moved(self, path: str) -> None:
        """The module of that path is at work from now on."""

    def noted(self, layer: Conv | Product, batch: int, weight: Weight | None, bias: Tensor | None) -> Gradients | None:
        """Note a call. What is returned, if anything, is told which of its gradients are asked for."""


class Conversion:
    """How the products of a converted module run: by which scheme, engine and plan; and what stays on the host.

    host      names or patterns of layers and modules that stay in PyTorch
    on_host_found  what the host multiplied in the forward pass that was looked at last, once there has been one
    owners    of a parameter that has several names the first, by each other one
    known     of each parameter the layer that it is of, by the parameter's id, and of each buffer None
    uses      of each parameter that a layer has as a whole, weight or bias: the ways in which it has been used, in
              order
    None of them keeps a tensor: one that a call has brought along is forgotten with it.
    """

    def __init__(self, scheme: Scheme, engine: Engine, plan: StepPlan | None = None, host: tuple[str, ...] = ()):
        self.scheme, self.engine, self.plan, self.host = scheme, engine, plan, host
        self.owners: dict[str, str] = {}
        self.tracer: Tracer | None = None
        self.on_host_found: list[HostProduct] | None = None
        self.uses: MutableMapping[Tensor, dict[Hashable, Use]] = WeakTensorKeyDictionary()
        self.offloads: dict[tuple[str, bool], Offload] = {}
        self._derived: dict[int, tuple[ref[Tensor], Weight]] = {}
        self.kinds: dict[tuple, Use] = {}  # of calls that are alike, by the ids of their parameters and more
        self.known: dict[int, str | None] = {}
        self._alive: dict[int, ref[Tensor]] = {}  # what is known

    def __deepcopy__(self, memo: dict) -> "Conversion":
        if id(self) not in memo:  # the modules of a copy share a copy
            memo[id(self)] = copied = Conversion(self.scheme, self.engine, self.plan, self.host)
            copied.owners = self.owners
        return memo[id(self)]

    def __reduce__(self) -> tuple[Any, ...]:
        return Conversion, (self.scheme, self.engine, self.plan, self.host), dict(owners=self.owners)

    def use(self, engine: Engine, plan: StepPlan | None) -> None:
        """From now on products run by these. Raises ValueError as `check_engine` does, and changes nothing then."""
        check_engine(engine, plan)
        self.engine, self.plan = engine, plan
        for offload in self.offloads.values():
            offload.use(engine, plan)

    def offload(self, name: str, weights: bool = True) -> Offload:
        """That of a layer; without weights it stays dense."""
        key = name, weights  # a layer and a product of activations may have one name
        if key not in self.offloads:
            scheme = self.scheme if weights else Scheme()
            self.offloads[key] = Offload(name, scheme, self.engine, self.plan)
        return self.offloads[key]

    def learn(self, module: nn.Module, path: str) -> None:
        """Take in a module's parameters and buffers, by the first of a parameter's names in the whole module."""
        for name, parameter in module.named_parameters():
            full = join(path, name)
            layer = layer_name(self.owners.get(full, full)) or type(module).__name__
            self._know(parameter, layer)
        for buffer in module.buffers():
            self._know(buffer, None)

    def _know(self, tensor: Tensor, layer: str | None) -> None:
        key = id(tensor)
        if key not in self.known:
            self.known[key], self._alive[key] = layer, ref(tensor, lambda _: self._forget(key))

    def _forget(self, key: int) -> None:
        """The tensor of that id is no more, and another one may get it."""
        del self.known[key], self._alive[key]
        for kind in [kind for kind in self.kinds if key in kind[0]]:
            del self.kinds[kind]

    def is_known(self, tensor: Tensor) -> bool:
        """Whether it is a parameter or buffer of the module, or made of parameters alone."""
        return id(tensor) in self.known or self._derived_weight(tensor) is not None

    def weight(self, tensor: Tensor) -> Weight | None:
        """What a tensor is as a weight; None for one that is none."""
        key = id(tensor)
        if key not in self.known:
            return self._derived_weight(tensor)
        layer = self.known[key]
        return None if layer is None else Weight(layer, tensor)

    def remember(self, tensor: Tensor, weight: Weight | None) -> None:
        """From now on a tensor is such a weight, for as long as it lives; None: no more."""
        key = id(tensor)
        if weight is None:
            self._derived.pop(key, None)
        else:
            self._derived[key] = ref(tensor, lambda _: self._derived.pop(key, None)), weight

    def _derived_weight(self, tensor: Tensor) -> Weight | None:
        derived = self._derived.get(id(tensor))
        return derived[1] if derived and derived[0]() is tensor else None

    def on_host(self, *names: str) -> bool:
        """Whether a layer or module of one of these names, or one that it is in, stays on the host."""
        return bool(self.host) and any(fits(name, self.host) for name in names)


def copied(module: nn.Module, memo: dict[int, Any] | None = None) -> nn.Module:
    """A deep copy of a module. What its hooks make of its parameters in each forward pass, such as a pruned weight, is
    copied as it is now; PyTorch would refuse to.

    memo  of copy.deepcopy: what is to stand in place of some parts, by their ids
    """
    memo = {} if memo is None else memo
    for child in module.modules():
        for value in vars(child).values():
            if isinstance(value, Tensor) and not value.is_leaf:
                memo[id(value)] = value.detach().clone()
    return deepcopy(module, memo)


def join(path: str, name: str) -> str:
    """A dotted path."""
    return f"{path}.{name}" if path and name else path or name


def fits(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a pattern fits a dotted name, or that of a module that it is in."""
    parts = name.split(".")
    outer = [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
    return any(fnmatchcase(one, pattern) for one in outer for pattern in patterns)


def layer_name(parameter: str) -> str:
    """The name of a layer, from that of the parameter that is its weight: 'fc' of 'fc.weight', also where the weight is
    parametrized; any other parameter is a layer by its own name."""
    name = _PARAMETRIZED.sub(r"\1", parameter)
    return "" if name == "weight" else name.removesuffix(".weight")

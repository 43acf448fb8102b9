"""The forward pass of a converted module as a whole: eager, and at first watched for what PyTorch multiplies itself."""

import inspect
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn

from tlm.workload.layer import Layer
from tlm.workload.trace import HostProduct
from training.converted import Conversion, Weight
from training.counting import Counter
from training.hooks import conversions
from training.interception import place, unwound

NAMED = 5  # products in a warning


class HostProductsWarning(UserWarning):
    """Matrix products of a converted module ran in PyTorch, on the host."""


class Whole:
    """The forward pass of a converted module, in place of its own.

    torch.compile leaves it as it is: products run on an engine, which no compiler sees. The first pass in training mode
    and the first in evaluation mode are looked at: what the host multiplies is noted, and told by a warning.
    """

    def __init__(self, module: nn.Module, conversion: Conversion, own: Callable | None = None):
        self.module, self.conversion, self.own = module, conversion, own
        self._looked = set[bool]()

    def __deepcopy__(self, memo: dict[int, Any]) -> "Whole":
        return Whole(deepcopy(self.module, memo), deepcopy(self.conversion, memo), deepcopy(self.own, memo))

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self._function)

    @property
    def _function(self) -> Callable:
        return self.own or MethodType(type(self.module).forward, self.module)

    @torch._disable_dynamo
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if torch.jit.is_tracing():
            raise ValueError("torch.jit sees no engine: trace the plain module, with training.pruned_state_dict")
        if (mode := self.module.training) in self._looked or self.conversion.tracer:
            with unwound(self.module):
                return self._function(*args, **kwargs)
        look = _Look()
        with unwound(self.module), look.at(self.conversion):
            result = self._function(*args, **kwargs)
        self._looked.add(mode)
        self.conversion.on_host_found = look.products
        if look.products:
            warnings.warn(look.text, HostProductsWarning, stacklevel=2)
        return result


class _Look:
    """The multiply-adds of one forward pass: those of the engine, and those of the host by module and function."""

    shapes = False

    def __init__(self):
        self._engines, self._hosts = 0, dict[tuple[str, str], int]()

    @contextmanager
    def at(self, conversion: Conversion) -> Iterator[None]:
        """Count for as long as this holds."""
        conversion.tracer = self
        try:
            with Counter(self._of_host):
                yield
        finally:
            conversion.tracer = None

    def noted(self, layer: Layer, batch: int, _weight: Weight | None, _bias: Tensor | None) -> None:
        """Count a product of the engine."""
        self._engines += batch * layer.macs

    def moved(self, path: str) -> None:
        """Where a product is, `place` tells."""

    def _of_host(self, operator: str, macs: int) -> None:
        key = place() or ("", operator)
        self._hosts[key] = self._hosts.get(key, 0) + macs

    @property
    def products(self) -> list[HostProduct]:
        """Those of the host, the largest first."""
        found = (HostProduct(module, call, macs) for (module, call), macs in self._hosts.items())
        return sorted(found, key=lambda one: -(one.forward or 0))

    @property
    def text(self) -> str:
        """What ran on the host, in words."""
        products, total = self.products, sum(self._hosts.values())
        shown = ((one.module or "the module itself", one.call, one.forward) for one in products[:NAMED])
        named = ", ".join(f"{module}: {call} {macs:,}" for module, call, macs in shown)
        more = f" and {len(products) - NAMED} more" if len(products) > NAMED else ""
        return (
            f"{total:,} multiply-adds of this forward pass, {total / (total + self._engines):.1%} of all, ran in "
            f"PyTorch on the host: {named}{more}; training.on_host(module) names all"
        )


def watch(module: nn.Module, conversion: Conversion) -> None:
    """Have the module's forward pass be that of Whole."""
    unwatch(module)
    module.forward = Whole(module, conversion, vars(module).get("forward"))


def unwatch(module: nn.Module) -> None:
    """Give a module, and those in it, their own forward passes back."""
    for child in module.modules():
        if isinstance(whole := vars(child).get("forward"), Whole):
            del child.forward
            if whole.own:
                child.forward = whole.own


def on_host(module: nn.Module) -> list[HostProduct]:
    """The matrix products of a converted module that ran in PyTorch in the forward pass that was looked at last: the
    first one in training mode or in evaluation mode. Their multiply-adds are those of that pass alone.

    Raises ValueError for a module that is not converted, or has had no forward pass.
    """
    found = [of.on_host_found for of in conversions(module)]
    looked = [products for products in found if products is not None]
    if not looked:
        raise ValueError("what a module does on the host is known after the first forward pass of its conversion")
    return [product for products in looked for product in products]

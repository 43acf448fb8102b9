"""Interception: the matrix products that a module's forward pass calls, taken from PyTorch and run on an engine.

A `TorchFunctionMode` is active while a converted module, or a part of it, is called. It sees every function of PyTorch
before autograd does, with the parameters themselves: a product is one whoever calls it, a layer or the user's own code,
and whatever class the layer has. Hooks on the modules (training/hooks.py) switch the mode on, and tell it which is at
work.
"""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from training.converted import Conversion, Weight, join
from training.functions import HANDLERS, PRODUCTS_OF_TWO
from training.matmul import MatMul
from training.site import Site

_SHAPE_ALONE = re.compile("^new_|_like$")  # functions whose result has no values of their argument


@dataclass
class Frame:
    """A module at work: its path, and how often each function has been called in it."""

    path: str
    module: nn.Module
    calls: dict[str, int] = field(default_factory=dict)

    def product(self, word: str) -> str:
        """The name of a product of two activations: its module's path, where that is a MatMul."""
        return self.path if self.path and isinstance(self.module, MatMul) else self.numbered(word)

    def numbered(self, name: str) -> str:
        """The name of a call of a function that has no weight: numbered from the second call on."""
        count = self.calls[name] = self.calls.get(name, 0) + 1
        return join(self.path, name if count == 1 else f"{name}_{count}")


class Interception(TorchFunctionMode):
    """The mode during one call of a converted module."""

    def __init__(self, conversion: Conversion, frames: Iterable[Frame] = ()):
        super().__init__()
        self.conversion, self.frames = conversion, list(frames)
        self.function: Callable | None = None  # the last one that was called

    def __torch_function__(
        self, func: Callable, types: Sequence[type], args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs, self.function = kwargs or {}, func
        if _CALLS.active[-1] is not self:  # what a converted module inside of this one leaves to the host
            return func(*args, **kwargs)
        handler = HANDLERS.get(func)
        result = func(*args, **kwargs) if handler is None else handler(Site(self, func), *args, **kwargs)
        if handler is None or func in PRODUCTS_OF_TWO:
            given = (*args, *kwargs.values())
            # In most functions the first argument is an activation, and then no weight comes of them.
            if given and (isinstance(given[0], tuple | list) or self.conversion.is_known(given[0])):
                self._follow(func, given, result)
        return result

    @property
    def frame(self) -> Frame:
        """The module that is at work."""
        return self.frames[-1]

    def weight(self, tensor: Tensor) -> Weight | None:
        """What a tensor is as a weight; None for an activation."""
        module, path = self.frame.module, self.frame.path or type(self.frame.module).__name__
        found = self.conversion.weight(tensor)
        own = any(tensor is parameter for parameter in module._parameters.values())
        if found is None and isinstance(tensor, nn.Parameter):  # put there since conversion
            self.conversion.learn(self.frames[0].module, self.frames[0].path)
            found = self.conversion.weight(tensor)
        if found is None and own:  # for this call alone
            found = Weight(path, tensor)
        if found is not None and found.parameter is not None and module._parameters.get("weight") is found.parameter:
            found = Weight(path, found.parameter, found.turned)
        return found

    def _follow(self, func: Callable, given: Sequence[Any], result: Any) -> None:
        """Remember a result that is made of weights alone as a weight; of one that was changed in place by something
        else that it is none any more."""
        if _SHAPE_ALONE.search(func.__name__):
            return
        source, weight = given[0], self._made_of(given)
        for part in result if isinstance(result, tuple | list) else (result,):
            if not isinstance(part, Tensor) or id(part) in self.conversion.known:
                continue
            if weight is None:
                if part is source:
                    self.conversion.remember(part, None)
            elif part is not source:
                whole = weight.parameter is not None and _transposed(part, source, weight)
                self.conversion.remember(part, weight.transposed if whole else weight.part)

    def _made_of(self, given: Sequence[Any]) -> Weight | None:
        """The first weight among the arguments, where all tensors in them are weights, buffers or whole numbers."""
        found = None
        for arg in given:
            if isinstance(arg, Tensor):
                weight = self.conversion.weight(arg)
                if weight is None and arg.is_floating_point() and not self.conversion.is_known(arg):
                    return None
                found = found or weight
            elif isinstance(arg, tuple | list) and any(isinstance(part, Tensor) for part in arg):
                if (weight := self._made_of(arg)) is None:
                    return None
                found = found or weight
        return found


def _transposed(result: Tensor, source: Any, weight: Weight) -> bool:
    """Whether a result is the transpose of a matrix that is a parameter as a whole."""
    parameter = weight.parameter
    return (
        isinstance(source, Tensor)
        and parameter is not None
        and source.dim() == result.dim() == 2
        and result._base is not None
        and result._base is (source if source._base is None else source._base)
        and result.shape == source.shape[::-1]
        and result.stride() == source.stride()[::-1]
        and result.storage_offset() == source.storage_offset()
    )


class _Calls(threading.local):
    """The interceptions that are active in a thread, the innermost last."""

    def __init__(self):
        self.active: list[Interception] = []


_CALLS = _Calls()


def begin(interception: Interception) -> None:
    """Have the mode be active from now on, in this thread."""
    _CALLS.active.append(interception)
    interception.__enter__()


def end() -> None:
    """Have the mode that began last be active no more."""
    _CALLS.active.pop().__exit__(None, None, None)


@contextmanager
def unwound(module: nn.Module) -> Iterator[None]:
    """Where a module's forward pass is interrupted, of which PyTorch tells no hook, the modes and modules that have
    been at work in it are so no more, and neither is it."""
    depth, frames = len(_CALLS.active), len(_CALLS.active[-1].frames) if _CALLS.active else 0
    try:
        yield
    except Exception:
        raise
    except BaseException:
        while len(_CALLS.active) > depth:
            end()
        if depth:
            at = _CALLS.active[-1]
            del at.frames[frames - (at.frames[frames - 1].module is module) :]
            if not at.frames:
                end()
        raise


def active_interception() -> Interception | None:
    """The innermost one of this thread."""
    return _CALLS.active[-1] if _CALLS.active else None


def place() -> tuple[str, str] | None:
    """The path of the module that is at work, and the function that it has called; None outside of any."""
    if not _CALLS.active:
        return None
    at = _CALLS.active[-1]
    return at.frames[-1].path, getattr(at.function, "__name__", "product").strip("_")

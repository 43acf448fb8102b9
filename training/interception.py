"""Interception: the matrix products that a module's forward pass calls, taken from PyTorch and run on an engine.

A `TorchFunctionMode` is active while a converted module, or a part of it, is called. It sees every function of PyTorch
before autograd does, with the parameters themselves: a product is one whoever calls it, a layer or the user's own code,
and whatever class the layer has. Hooks on the modules switch the mode on and tell it which module is at work.
"""

import re
import threading
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from training.converted import Conversion, Weight, join
from training.functions import HANDLERS
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

    def __init__(self, conversion: Conversion):
        super().__init__()
        self.conversion, self.frames, self._known = conversion, list[Frame](), conversion.known
        self.function: Callable | None = None  # the last one that was called
        self._derived: dict[int, tuple[Tensor, Weight]] = {}  # by the tensor's id, which it keeps while it is here

    def __torch_function__(
        self, func: Callable, types: Sequence[type], args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs, self.function = kwargs or {}, func
        handler = HANDLERS.get(func)
        result = func(*args, **kwargs) if handler is None else handler(Site(self, func), *args, **kwargs)
        if args:
            first = args[0]  # which in most functions is an activation, and then no weight comes of them
            maybe = id(first) in self._known or id(first) in self._derived or isinstance(first, tuple | list)
            if maybe and not _SHAPE_ALONE.search(func.__name__) and (weight := self._made_of(args)) is not None:
                self._remember(result, first, weight)
        return result

    @property
    def frame(self) -> Frame:
        """The module that is at work."""
        return self.frames[-1]

    def weight(self, tensor: Tensor) -> Weight | None:
        """What a tensor is as a weight; None for an activation."""
        derived = self._derived.get(id(tensor))
        found = derived[1] if derived else self.conversion.weight(tensor)
        module = self.frames[-1].module
        if found is None and any(tensor is parameter for parameter in module._parameters.values()):
            found = Weight(self.frames[-1].path or type(module).__name__, tensor)  # put there since conversion
        if found is not None and found.parameter is not None and module._parameters.get("weight") is found.parameter:
            found = Weight(self.frames[-1].path or type(module).__name__, found.parameter, found.turned)
        return found

    def _made_of(self, args: Sequence[Any]) -> Weight | None:
        """The first weight among the arguments, where all tensors in them are weights or buffers."""
        found = None
        for arg in args:
            if isinstance(arg, Tensor):
                weight = derived[1] if (derived := self._derived.get(id(arg))) else self.conversion.weight(arg)
                if weight is None and not self.conversion.is_known(arg):
                    return None
                found = found or weight
            elif isinstance(arg, tuple | list) and any(isinstance(part, Tensor) for part in arg):
                if (weight := self._made_of(arg)) is None:
                    return None
                found = found or weight
        return found

    def _remember(self, result: Any, source: Any, weight: Weight) -> None:
        """A tensor that was made of weights alone is a weight, too."""
        for part in result if isinstance(result, tuple | list) else (result,):
            if isinstance(part, Tensor) and part is not source and part.is_floating_point():
                whole = weight.parameter is not None and _transposed(part, source, weight)
                self._derived[id(part)] = part, weight.transposed if whole else weight.part


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


def place() -> tuple[str, str] | None:
    """The path of the module that is at work, and the function that it has called; None outside of any."""
    if not _CALLS.active:
        return None
    at = _CALLS.active[-1]
    return at.frames[-1].path, getattr(at.function, "__name__", "product").strip("_")


class Enter:
    """The hook before a module's forward pass: it is at work from now on."""

    def __init__(self, conversion: Conversion, path: str):
        self.conversion, self.path, self._learned = conversion, path, False

    def __reduce__(self) -> tuple[Any, ...]:
        return Enter, (self.conversion, self.path)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Enter":
        return Enter(deepcopy(self.conversion, memo), self.path)

    def __call__(self, module: nn.Module, _inputs: Any) -> None:
        active = _CALLS.active
        if not active or active[-1].conversion is not self.conversion:
            if not self._learned:
                self.conversion.learn(module, self.path)
                self._learned = True
            active.append(Interception(self.conversion))
            active[-1].__enter__()
        active[-1].frames.append(Frame(self.path, module))


class Leave:
    """The hook after a module's forward pass, also after one that failed."""

    def __init__(self, conversion: Conversion):
        self.conversion = conversion

    def __call__(self, module: nn.Module, _inputs: Any, _outputs: Any) -> None:
        active = _CALLS.active
        # Where a hook before ours has failed, the module was never at work.
        if not active or active[-1].conversion is not self.conversion or active[-1].frames[-1].module is not module:
            return
        active[-1].frames.pop()
        if not active[-1].frames:
            active.pop().__exit__(None, None, None)


def intercept(module: nn.Module, conversion: Conversion) -> None:
    """Put hooks on a module and those in it, in place of any that are there."""
    release(module)
    first: dict[Tensor, str] = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        if (owner := first.setdefault(parameter, name)) != name:
            conversion.owners[name] = owner
    for path, child in module.named_modules():
        if may_multiply(child):
            child.register_forward_pre_hook(Enter(conversion, path), prepend=True)
            child.register_forward_hook(Leave(conversion), always_call=True)


def release(module: nn.Module) -> None:
    """Take the hooks away."""
    for child in module.modules():
        for hooks, extra in (
            (child._forward_pre_hooks, ()),
            (child._forward_hooks, (child._forward_hooks_always_called,)),
        ):
            for key in [key for key, hook in hooks.items() if isinstance(hook, Enter | Leave)]:
                del hooks[key]
                for others in extra:
                    others.pop(key, None)


def conversions(module: nn.Module) -> list[Conversion]:
    """Those of a converted module, and of converted modules in it."""
    hooks = (hook for child in module.modules() for hook in child._forward_pre_hooks.values())
    return list({id(hook.conversion): hook.conversion for hook in hooks if isinstance(hook, Enter)}.values())


def may_multiply(module: nn.Module) -> bool:
    """Whether a module may call a product itself: not so PyTorch's own activation functions, normalisations, chains of
    modules and the like."""
    if isinstance(module, torch.jit.ScriptModule):  # which takes no hooks: its products are the host's
        return False
    own = type(module).__module__.startswith("torch.nn.modules.")
    parts = module._modules and not isinstance(module, nn.Sequential | nn.ModuleList | nn.ModuleDict)
    return not own or bool(parts) or any(p.dim() > 1 for p in module._parameters.values() if p is not None)

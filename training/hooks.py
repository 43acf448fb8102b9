"""The hooks of a converted module, and of those in it: they switch interception on and off, and tell who is at work."""

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from training.converted import Conversion
from training.interception import Frame, Interception, active_interception, begin, end


class Enter:
    """The hook before a module's forward pass: it is at work from now on."""

    def __init__(self, conversion: Conversion, path: str):
        self.conversion, self.path, self._learned = conversion, path, False

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.conversion, self.path)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Enter":
        return type(self)(deepcopy(self.conversion, memo), self.path)

    def __call__(self, module: nn.Module, _inputs: Any) -> None:
        at = active_interception()
        if at is None or at.conversion is not self.conversion:
            if not self._learned:
                self.conversion.learn(module, self.path)
                self._learned = True
            at = Interception(self.conversion)
            begin(at)
        at.frames.append(Frame(self.path, module))
        if self.conversion.tracer:
            self.conversion.tracer.moved(self.path)


class Leave:
    """The hook after a module's forward pass, also after one that failed."""

    def __init__(self, conversion: Conversion):
        self.conversion = conversion

    def __call__(self, module: nn.Module, _inputs: Any, _outputs: Any) -> None:
        at = active_interception()
        # Where a hook before ours has failed, the module was never at work.
        if at is None or at.conversion is not self.conversion or at.frame.module is not module:
            return
        at.frames.pop()
        if self.conversion.tracer:
            self.conversion.tracer.moved(at.frame.path if at.frames else "")
        if not at.frames:
            end()


class OuterEnter(Enter):
    """That of a module which is called from outside: torch.compile leaves it as it is."""

    __call__ = torch._disable_dynamo(Enter.__call__)


class OuterLeave(Leave):
    """The same after the pass."""

    __call__ = torch._disable_dynamo(Leave.__call__)


def intercept(module: nn.Module, conversion: Conversion) -> None:
    """Put hooks on a module and those in it, in place of any that are there."""
    release(module)
    first: dict[Tensor, str] = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        if (owner := first.setdefault(parameter, name)) != name:
            conversion.owners[name] = owner
    for path, child in module.named_modules():
        # The module itself always has hooks: more may be put into it.
        enter, leave = (Enter, Leave) if path else (OuterEnter, OuterLeave)
        if not path or may_multiply(child):
            child.register_forward_pre_hook(enter(conversion, path), prepend=True)
            child.register_forward_hook(leave(conversion), always_call=True)


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

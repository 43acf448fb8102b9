"""Activation checkpoints: what a forward pass left out is computed again in the backward pass, and intercepted again.

PyTorch's checkpoint calls a function a second time, outside of any module's forward pass. Where that function is a
module's, its hooks switch the mode on; where it is a closure of the user's, this does.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import torch.utils.checkpoint as checkpoints

from training.interception import Interception, active_interception, begin, end


class _Again:
    """A function that is called in a forward pass, and later again as if at the same place."""

    def __init__(self, function: Callable, at: Interception):
        self._function, self._conversion = function, at.conversion
        self._frames = [replace(frame, calls=dict(frame.calls)) for frame in at.frames]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        at = active_interception()
        if at is not None and at.conversion is self._conversion:
            return self._function(*args, **kwargs)
        begin(Interception(self._conversion, self._frames))
        try:
            return self._function(*args, **kwargs)
        finally:
            end()


def _at_its_place(function: Callable) -> Callable:
    """The function, which goes on at the place where it is first called, if that is in a converted module."""
    at = active_interception()
    return function if at is None else _Again(function, at)


@cache  # once in a process
def install() -> None:
    """Have torch.utils.checkpoint call functions again as if where they were called. Outside of converted modules it
    does what it did."""
    without_reentry, function = checkpoints._checkpoint_without_reentrant_generator, checkpoints.CheckpointFunction
    reentrant = function.apply

    def generator(again: Callable, *args: Any, **kwargs: Any) -> Any:
        return without_reentry(_at_its_place(again), *args, **kwargs)

    def apply(again: Callable, *args: Any) -> Any:
        return reentrant(_at_its_place(again), *args)

    checkpoints._checkpoint_without_reentrant_generator = generator  # type: ignore[assignment]
    function.apply = apply  # type: ignore[method-assign]

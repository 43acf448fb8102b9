"""Modules of one's own: what makes them, and the inputs that they take."""

import importlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from tlm.workload.trace import Trace
from training.conversion import check_host, check_weights
from training.tracing import Input, trace

DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.float32,
        torch.float16,
        torch.bfloat16,
        torch.float64,
        torch.int64,
        torch.int32,
        torch.int16,
        torch.int8,
        torch.uint8,
        torch.bool,
    )
}
FORM = "[NAME:]SIZES[:DTYPE], such as 1,3,224,224 or ids:2,128:int64"


def followed(place: str, texts: Sequence[str], host: tuple[str, ...]) -> tuple[Trace, int]:
    """The matrix products of a step of the module that PACKAGE:FACTORY makes, and its batch, the first size of its
    first input.

    texts  the inputs (FORM); none where the factory makes a module and its inputs
    Raises ValueError for a factory, a module or inputs that cannot be, in the words of what is at fault.
    """
    given = inputs_of(texts)
    if not all(host):
        raise ValueError("--host must not be empty")
    module, own = _made(place)
    if given and own is not None:
        raise ValueError(f"--input cannot go with {place}, which makes inputs of its own")
    inputs = given or own
    if not inputs:
        raise ValueError(f"--module needs an --input, {FORM}, unless its factory returns (module, inputs)")
    try:
        check_weights(module)
        check_host(module, host)
    except ValueError as error:
        raise ValueError(f"module {place}: {error}") from None
    try:
        found = trace(module, inputs, host)
    except (Exception, SystemExit) as error:  # whatever the user's code raises
        raise ValueError(f"module {place} fails on {_shown(inputs)}: {told(error)}") from None
    if not found.calls and not found.on_host:
        raise ValueError(f"module {place} multiplies no matrices")
    if not found.calls:
        raise ValueError(
            f"module {place} has no product for the array: all {found.macs_unseen:,} multiply-adds stay on the host"
        )
    return found, _batch(inputs)


def inputs_of(texts: Sequence[str]) -> list[Any] | dict[str, Any]:
    """The inputs that options ask for: those without names in order, or all by their names. Raises ValueError."""
    read = [_input(text) for text in texts]
    names = [name for name, _ in read if name]
    if len(set(names)) < len(names):
        raise ValueError(f"each --input must have a name of its own, not {', '.join(names)}")
    if names and len(names) < len(read):
        raise ValueError("either all --input have names, or none has")
    return dict(read) if names else [one for _, one in read]


def _input(text: str) -> tuple[str, Input]:
    *name, sizes = text.split(":")
    dtype = "float32"
    if name and sizes.strip() in DTYPES:
        *name, sizes, dtype = *name, sizes.strip()
    parts = [part.strip() for part in sizes.split(",")]
    usual = len(name) <= 1 and all(part.isascii() and part.isdecimal() and int(part) for part in parts)
    if not usual or (name and not name[0].strip().isidentifier()):
        raise ValueError(f"--input must be {FORM}, not {text!r}")
    return "".join(name).strip(), Input(tuple(map(int, parts)), DTYPES[dtype])


def _made(place: str) -> tuple[torch.nn.Module, Any]:
    """The module that a factory makes, and its inputs; None where it makes none."""
    package, colon, factory = place.partition(":")
    if not (colon and package and factory):
        raise ValueError(f"module must be PACKAGE:FACTORY, not {place!r}")
    sys.path.insert(0, "")  # a file in the folder where the command runs is a package, too
    try:
        make = getattr(importlib.import_module(package), factory)
    except (Exception, SystemExit) as error:  # whatever the user's code raises
        raise ValueError(f"module {place!r} cannot be imported: {told(error)}") from None
    finally:
        sys.path.remove("")
    try:
        made = make()
    except (Exception, SystemExit) as error:
        raise ValueError(f"{place} cannot make a module: {told(error)}") from None
    inputs = None
    if isinstance(made, tuple) and len(made) == 2:
        made, inputs = made
        inputs = [inputs] if isinstance(inputs, torch.Tensor) else inputs
        if not (isinstance(inputs, Mapping | list | tuple) and inputs):
            raise ValueError(f"{place} must make a module and its inputs, a tensor, or several in a tuple or dict")
    if not isinstance(made, torch.nn.Module):
        raise ValueError(f"{place} must make an nn.Module, or a module and its inputs, not {type(made).__name__}")
    return made, inputs


def _batch(inputs: Any) -> int:
    """The first size of the first input that has one."""
    each = inputs.values() if isinstance(inputs, Mapping) else inputs
    shapes = (tuple(one.shape) for one in each if isinstance(one, Input | torch.Tensor))
    return next((shape[0] for shape in shapes if shape), 1)


def _shown(inputs: Any) -> str:
    """Inputs in an error's words."""
    each = inputs.items() if isinstance(inputs, Mapping) else [("", one) for one in inputs]
    shapes = [
        f"{name} {tuple(one.shape)} {one.dtype}".strip() if isinstance(one, Input | torch.Tensor) else repr(one)
        for name, one in each
    ]
    return "inputs " + ", ".join(shapes).replace("torch.", "")


def told(error: BaseException) -> str:
    """The kind of an exception and the first line of what it says, as text that a terminal shows as it is."""
    words = " ".join(line.strip() for line in str(error).strip().split("\n")[:1])
    return f"{type(error).__name__}: {words if words.isprintable() else repr(words)[1:-1]}"

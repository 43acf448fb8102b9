"""The network that a command costs: a built-in one, a list of layers in a file, or a module of one's own."""

import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import typer

from sat.options import given, refuse
from sat.panels import Network
from tlm.workload.networks import layers
from tlm.workload.step import Call, calls_of
from tlm.workload.topology import read_topology

_INSTEAD_OF = {
    "topology": ("model", "image", "classes", "width", "module"),
    "module": ("model", "image", "classes", "width", "batch"),
}


@dataclass(frozen=True)
class Workload:
    """The calls of a training step's layers, on a batch.

    own  the built-in network that they are of, which has its own choice of dense layers
    """

    name: str
    calls: Sequence[Call]
    batch: int
    own: str | None = None


def workload(context: typer.Context, network: Network) -> Workload:
    """The workload that the options ask for. Raises ValueError for a network, a file or a module that cannot be costed,
    and for an option that would silently do nothing."""
    for option, others in _INSTEAD_OF.items():
        if given(context, option):
            refuse(context, f"--{option}", others)
    if network.input and not network.module:
        raise ValueError("--input is the shape of a --module's input")
    if network.topology:
        listed = [one.layer for one in read_topology(network.topology)]
        return Workload(network.topology.stem, calls_of(listed, network.batch), network.batch)
    if network.module:
        return _of_module(network.module, network.input)
    calls = calls_of(layers(network.model, network.image, network.classes, network.width), network.batch)
    return Workload(network.model, calls, network.batch, own=network.model)


def _of_module(place: str, shape: str | None) -> Workload:
    import torch

    from training.workload import traced

    sizes = _shape(shape)
    package, colon, factory = place.partition(":")
    if not (colon and package and factory):
        raise ValueError(f"module must be PACKAGE:FACTORY, not {place!r}")
    sys.path.insert(0, "")  # a file in the folder where the command runs is a package, too
    try:
        make = getattr(importlib.import_module(package), factory)
    except Exception as error:  # whatever the user's code raises
        raise ValueError(f"module {place!r} cannot be found: {_told(error)}") from None
    finally:
        sys.path.remove("")
    try:
        made = make()
        calls = traced(made, sizes) if isinstance(made, torch.nn.Module) else None
    except Exception as error:
        raise ValueError(f"module {place} does not take an input of shape {sizes}: {_told(error)}") from None
    if calls is None:
        raise ValueError(f"{place} must make an nn.Module, not {type(made).__name__}")
    if not calls:
        raise ValueError(f"module {place} calls no nn.Linear, nn.Conv2d or training.MatMul")
    return Workload(place, calls, sizes[0])


def _shape(text: str | None) -> tuple[int, ...]:
    parts = (text or "").split(",")
    if not all(part.strip().isdecimal() and int(part) for part in parts):
        raise ValueError(f"--module needs an --input such as 1,3,224,224, not {text!r}")
    return tuple(map(int, parts))


def _told(error: Exception) -> str:
    """The message of an exception, after its name where the message alone does not tell what has happened."""
    clear = isinstance(error, (ImportError, ValueError, RuntimeError))
    return str(error) if clear else f"{type(error).__name__}: {error}"

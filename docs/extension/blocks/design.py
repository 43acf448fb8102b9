"""The blocks of rtl/ as MyHDL elaborates them: which there are, what drives what, and which contains which."""

import importlib
import inspect
import pkgutil
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from myhdl import SignalType

import rtl
from rtl.hdl import lanes
from rtl.hdl.hierarchy import module
from rtl.hdl.prefix import Prefix
from rtl.hdl.stream import Interface
from rtl.sat.axi.sat_axi import sat_axi
from rtl.sat.config import PRESETS
from rtl.sigma.config import PRESETS as SIGMA_PRESETS
from rtl.sigma.sigma import sigma

ROOT = Path(rtl.__file__).resolve().parents[1]
PRESET = "small"
# Wiring is no block of its own. Which of its arguments it drives:
WIRING = {lanes.split: "lanes", lanes.join: "bus", lanes.pack: "bus", lanes.unpack: "signals", lanes.select: "chosen"}
DRIVEN = {deco.func: argument for deco, argument in WIRING.items()}


@dataclass
class Block:
    """A @module, and its first instance in an accelerator of the preset `small`.

    instance   MyHDL's
    top        the accelerator in which it is
    parents    names of the blocks that contain it
    children   how often it contains each other block
    modules    names of the Verilog modules that it becomes
    """

    instance: object
    top: str
    parents: set[str] = field(default_factory=set)
    children: Counter[str] = field(default_factory=Counter)
    modules: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        return self.instance.func.__name__

    @property
    def file(self) -> str:
        """Path of its source in the repository."""
        return self.instance.func.__module__.replace(".", "/") + ".py"

    @property
    def docstring(self) -> str:
        return inspect.getdoc(self.instance.func)

    @property
    def arguments(self) -> dict:
        return arguments_of(self.instance)

    @property
    def ports(self) -> dict:
        """Those of the arguments that are signals or bundles."""
        return {name: value for name, value in self.arguments.items() if signals(value)}

    @property
    def parameters(self) -> dict:
        """Those that are neither."""
        return {name: value for name, value in self.arguments.items() if not signals(value)}

    @property
    def outputs(self) -> set[int]:
        """id() of each signal that the block drives."""
        return {id(signal) for signal in read_and_driven(self.instance)[1]}


def arguments_of(instance) -> dict:
    """A block instance's arguments by name."""
    bound = inspect.signature(instance.func).bind(*instance.args, **instance.kwargs)
    bound.apply_defaults()
    return bound.arguments


def is_block(part) -> bool:
    """Whether a part of a block is a block, and not a process."""
    return hasattr(part, "subs")


def signals(value) -> list:
    """All signals of a port, a bundle, or a list or dictionary of either; numbers are none."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [signal for part in value for signal in signals(part)]
    if isinstance(value, Interface):
        return signals(vars(value))
    return [value] if isinstance(value, SignalType) else []


@cache
def read_and_driven(part) -> tuple[list, list]:
    """The signals that a process, wiring or a block reads from outside, and those that it drives."""
    if not is_block(part):
        return tuple([one for name in sorted(names) for one in signals(part.symdict[name])] for names in named(part))
    arguments = arguments_of(part)
    if part.func in DRIVEN:
        driven = signals(arguments[DRIVEN[part.func]])
    else:
        inside = {id(one) for child in part.subs for one in read_and_driven(child)[1]}
        driven = [one for one in signals(list(arguments.values())) if id(one) in inside]
    outputs = {id(one) for one in driven}
    return [one for one in signals(list(arguments.values())) if id(one) not in outputs], driven


def named(process) -> tuple[set, set]:
    """Names of the signals that a process reads, and of those that it drives."""
    return process.inputs | process.inouts, process.outputs | process.inouts


@cache
def blocks() -> dict[str, Block]:
    """All blocks of rtl/ by name. Raises ValueError where one is in no accelerator."""
    found: dict[str, Block] = {}
    for accelerator, top, config in (("sat", sat_axi, PRESETS[PRESET]), ("sigma", sigma, SIGMA_PRESETS[PRESET])):
        instance = top(**top.complete(dict(config=config)))
        _collect(found, instance, top.func.__name__, Prefix(accelerator, f"{accelerator}_"))
    if lost := declared() - found.keys():
        raise ValueError(f"in no accelerator: {', '.join(sorted(lost))}")
    return dict(sorted(found.items()))


def _collect(found, instance, top, prefix):
    block = found.setdefault(instance.func.__name__, Block(instance, top))
    numbers = [value for value in arguments_of(instance).values() if isinstance(value, int)]
    block.modules.add(prefix.module("_".join([block.name, *map(str, numbers)])))
    for child in instance.subs:
        if is_block(child) and child.func not in DRIVEN:
            _collect(found, child, top, prefix)
            found[child.func.__name__].parents.add(block.name)
    if block.instance is instance:
        block.children = Counter(one.func.__name__ for one in instance.subs if is_block(one) and one.func not in DRIVEN)


def declared() -> set[str]:
    """Names of the @modules in the files of rtl/."""
    names = ((found.name, found.name.rpartition(".")[2]) for found in pkgutil.walk_packages(rtl.__path__, "rtl."))
    return {name for path, name in names if isinstance(getattr(importlib.import_module(path), name, None), module)}

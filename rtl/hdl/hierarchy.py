"""Hierarchical Verilog from MyHDL: a block marked @module becomes a Verilog module of its own.

MyHDL's converter flattens everything below the block it converts. Here each @module is converted on
its own, once for each parametrisation, and its parent sees it as a black box that MyHDL prints as an
instantiation. In MyHDL's own simulator a @module is an ordinary block.

Conversion is the one thing for which the project reaches into MyHDL (`_Block`, `_UserVerilogCode`, `_signals`, its view
of the stack), and it does so here alone.
"""

import inspect
import re
import sys
import threading
import warnings
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

from myhdl import Signal, SignalType, ToVerilogWarning, _block, _instance, _simulator, intbv
from myhdl._block import _Block, _uniqueify_name, block_decorator
from myhdl._extractHierarchy import _UserVerilogCode
from myhdl.conversion._toVerilog import toVerilog

from rtl.hdl.prefix import Prefix
from rtl.hdl.stream import Interface
from rtl.hdl.verilog_text import tidied


def _near_frames():
    """The first frames of inspect.stack(), as far as MyHDL looks: (frame, -, -, name of its function)."""
    frame, found = sys._getframe(1), []
    while frame and len(found) < 6:
        found.append((frame, None, None, frame.f_code.co_name))
        frame = frame.f_back
    return found


# For each block and process MyHDL asks for the whole stack, and inspect then reads the source of every frame.
_block.inspect = _instance.inspect = SimpleNamespace(**vars(inspect) | dict(stack=_near_frames))

_boxes = None  # while a parent elaborates for conversion: the black boxes below it


class Box:
    """A block instance that its converted parent prints as Verilog text, without looking inside."""

    def __init__(self, instance, deco, args, kwargs):
        bound = inspect.signature(deco.func).bind(*args, **kwargs)
        bound.apply_defaults()
        self.instance, self.deco, self.arguments = instance, deco, bound.arguments
        self.ports = dict(flat_ports(self.arguments))

    def wire(self, code, outputs, kind="wire"):
        """Tell MyHDL which ports are driven here, as "wire" or "reg", and what to print; `$name` is a port's signal."""
        for name, signal in self.ports.items():
            signal._markUsed()
            signal.read = True  # an output may end here, at the array's edge
            if name in outputs:
                signal.driven = kind
        self.instance.sigdict.update(self.ports)
        self.instance.verilog_code = _UserVerilogCode(
            code, dict(self.ports), self.deco.func.__name__, self.deco.func, self.deco.srcfile, self.deco.srcline
        )

    def close(self, library):
        """Convert the module behind this box, and print the box as its instantiation."""
        outputs = library.convert(self)
        wiring = ",\n".join(f"    .{name}(${name})" for name in self.ports)
        self.wire(f"{library.name(self)} {self.instance.name} (\n{wiring}\n);", outputs)

    @property
    def block_name(self):
        """The block's name, followed by its integer parameters."""
        numbers = [value for value in self.arguments.values() if isinstance(value, int)]
        return "_".join([self.deco.func.__name__, *map(str, numbers)])

    @property
    def shape(self):
        """Parameters and widths, which must agree between two instances that share one Verilog module."""
        others = {n: v for n, v in self.arguments.items() if not isinstance(v, (SignalType, Interface))}
        return self.block_name, others, {name: len(signal) for name, signal in self.ports.items()}

    def elaborate(self):
        """The block on fresh signals of the same widths, ready to be converted as a top."""
        fresh = {name: _fresh(value) for name, value in self.arguments.items()}
        return _Block(
            self.deco.func, self.deco, self.deco.func.__name__, self.deco.srcfile, self.deco.srcline, False, **fresh
        )


class module(block_decorator):
    """Like myhdl.block, and converted to a Verilog module of its own instead of being flattened.

    A function `ports` in the block's file takes the block's parameters, or sizes that the block reads off its ports,
    and returns fresh signals and interfaces for all its ports, by name: benches and parents have widths from there.
    """

    box = Box
    waivers: Mapping[str, str] = MappingProxyType({})  # as given to `waives`

    @property
    def ports(self):
        """ports(**parameters): fresh ports by name. Raises AttributeError where the block's file declares none."""
        if "ports" not in self.func.__globals__:
            raise AttributeError(f"{self.srcfile} declares no ports beside its block {self.func.__name__}")
        return self.func.__globals__["ports"]

    def complete(self, arguments: dict) -> dict:
        """The block's arguments: these, and fresh ports where the block declares its ports and they are not given.

        Sizes that only `ports` takes, since the block reads them off its ports, are left out.
        """
        if "ports" not in self.func.__globals__:
            return arguments
        wanted, own = (inspect.signature(function).parameters for function in (self.ports, self.func))
        given = {name: value for name, value in arguments.items() if name in own or name not in wanted}
        if own.keys() <= given.keys():  # nothing is missing, and the sizes need not be known
            return given
        return self.ports(**{name: value for name, value in arguments.items() if name in wanted}) | given

    def __call__(self, *args, **kwargs):
        # _Block is made here, not through super(): it reads the frame that called its decorator.
        if _boxes is None:
            name = _uniqueify_name(f"{self.func.__name__}_{self.calls}")
            self.calls += 1
            return _Block(self.func, self, name, self.srcfile, self.srcline, False, *args, **kwargs)
        name = f"{self.func.__name__}_{sum(box.deco is self for box in _boxes)}"
        black = _Block(list, self, name, self.srcfile, self.srcline, False)
        _boxes.append(self.box(black, self, args, kwargs))
        return black


def waives(**reasons: str):
    """Above @module: the kinds of Verilator's warnings that stay in this module, each with its reason."""

    def mark(deco: module) -> module:
        deco.waivers = reasons
        return deco

    return mark


def flat_ports(arguments):
    """(name, signal) of each port among a block's arguments; an interface's fields are named as MyHDL names them."""
    for name, value in arguments.items():
        if isinstance(value, Interface):
            yield from flat_ports({f"{name}_{field}": part for field, part in vars(value).items()})
        elif isinstance(value, SignalType):
            yield name, value


def _fresh(value):
    if isinstance(value, Interface):
        copy = object.__new__(type(value))
        vars(copy).update({name: _fresh(signal) for name, signal in vars(value).items()})
        return copy
    if isinstance(value, SignalType):
        return Signal(bool(0)) if value._type is bool else Signal(intbv(0)[len(value) :])
    return value


_converting = threading.RLock()  # MyHDL's converter, and `_boxes`, serve one thread at a time


def write_verilog(folder, deco, *args, prefix: Prefix | None = None, **kwargs) -> dict[str, Path]:
    """Convert a @module and every @module below it, one file each.

    folder  made when it does not exist
    deco    the top's @module; args and kwargs are its parameters, and its ports unless it declares them
    prefix  in front of the modules' names; without one they are those of the blocks
    Returns {module name: Path}, children before their parents.
    Raises ToVerilogWarning as an error, since a warning of MyHDL's converter means lost logic, and
    ValueError where a @module is made but not returned, where one would need two shapes, or where a
    signal is called what Verilog reserves.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    library = _Library(folder, prefix)
    with _converting, warnings.catch_warnings(), forgotten_signals():
        warnings.simplefilter("error", ToVerilogWarning)
        library.convert(Box(None, deco, args, kwargs if args else deco.complete(kwargs)))
    return library.files


@contextmanager
def forgotten_signals():
    """Around a conversion or a run: MyHDL keeps every signal ever made, and resets all of them after each run."""
    before = len(_simulator._signals)
    try:
        yield
    finally:
        del _simulator._signals[before:]


@contextmanager
def _collecting_boxes():
    global _boxes
    outer, _boxes = _boxes, []
    try:
        yield _boxes
    finally:
        _boxes = outer


class _Library:
    """The Verilog modules that are written into a folder, by name, and the shape of each."""

    def __init__(self, folder, prefix):
        self.folder, self.prefix = folder, prefix
        self.files, self.shapes = {}, {}

    def name(self, box):
        """The name of a box's module."""
        return self.prefix.module(box.block_name) if self.prefix else box.block_name

    def convert(self, box):
        """Convert `box` after its children, once for each shape; return the names of its outputs."""
        name = self.name(box)
        if name not in self.files:
            self._write(name, box)
        if self.shapes[name] != box.shape:
            raise ValueError(f"module {name} is used in two shapes: {self.shapes[name]} and {box.shape}")
        return set(re.findall(r"^output (?:\[\d+:0\] )?(\w+);", self.files[name].read_text(), re.MULTILINE))

    def _write(self, name, box):
        with _collecting_boxes() as children:
            instance = box.elaborate()
            returned = set(_below(instance))
            for child in list(children):
                if child.instance not in returned:
                    raise ValueError(f"module {name} must return {child.instance.name}, whose logic would vanish")
                child.close(self)
            instance._clear = lambda: None  # would elaborate again, for attributes that are set above
            toVerilog.no_myhdl_header = True  # it dates the file
            instance.convert(hdl="Verilog", path=str(self.folder), name=name, testbench=False, timescale="1ns/1ns")
        self.files[name], self.shapes[name] = self.folder / f"{name}.v", box.shape
        self.files[name].write_text(tidied(name, self.files[name].read_text(), box.deco.waivers))


def _below(instance):
    for block in instance.subs:
        if isinstance(block, _Block):
            yield block
            yield from _below(block)

"""Hierarchical Verilog from MyHDL: a block marked @module becomes a Verilog module of its own.

MyHDL's converter flattens everything below the block it converts. Here each @module is converted on
its own, once for each parametrisation, and its parent sees it as a black box that MyHDL prints as an
instantiation. In MyHDL's own simulator a @module is an ordinary block.

This is the one file that touches MyHDL's internals (`_Block`, `_UserVerilogCode`).
"""
import inspect
import re
import warnings
from contextlib import contextmanager
from pathlib import Path

from myhdl import Signal, SignalType, ToVerilogWarning, intbv
from myhdl._block import _Block, _uniqueify_name, block_decorator
from myhdl._extractHierarchy import _UserVerilogCode
from myhdl.conversion._toVerilog import toVerilog

_boxes = None       # while a parent elaborates for conversion: the black boxes below it


class module(block_decorator):
    """Like myhdl.block, and converted to a Verilog module of its own instead of being flattened."""

    def __call__(self, *args, **kwargs):
        # _Block is made here, not through super(): it reads the frame that called its decorator.
        name = _uniqueify_name(f"{self.func.__name__}_{self.calls}")
        self.calls += 1
        if _boxes is None:
            return _Block(self.func, self, name, self.srcfile, self.srcline, False, *args, **kwargs)
        box = _Block(lambda: [], self, name, self.srcfile, self.srcline, False)
        _boxes.append(Box(box, self, args, kwargs))
        return box


@contextmanager
def _collecting_boxes():
    global _boxes
    outer, _boxes = _boxes, []
    try:
        yield _boxes
    finally:
        _boxes = outer


class Box:
    """One instance of a @module in a parent that is being converted."""

    def __init__(self, instance, deco, args, kwargs):
        bound = inspect.signature(deco.func).bind(*args, **kwargs)
        bound.apply_defaults()
        self.instance, self.deco, self.arguments = instance, deco, bound.arguments
        self.ports = {n: v for n, v in bound.arguments.items() if isinstance(v, SignalType)}

    @property
    def module_name(self):
        """The block's name, followed by its integer parameters."""
        numbers = [v for v in self.arguments.values() if isinstance(v, int)]
        return "_".join([self.deco.func.__name__, *map(str, numbers)])

    @property
    def shape(self):
        """What has to agree between two instances that share one Verilog module."""
        return {n: len(v) if n in self.ports else v for n, v in self.arguments.items()}

    def elaborate(self):
        """The block on fresh signals of the same widths, ready to be converted as a top."""
        fresh = {n: _fresh(v) if n in self.ports else v for n, v in self.arguments.items()}
        return _Block(self.deco.func, self.deco, self.instance.name, self.deco.srcfile,
                      self.deco.srcline, False, **fresh)

    def close(self, outputs):
        """Tell MyHDL how the black box is wired and what to print for it."""
        for name, signal in self.ports.items():
            signal._markUsed()
            if name in outputs:
                signal.driven = "wire"
            else:
                signal.read = True
        wiring = ",\n".join(f"    .{name}(${name})" for name in self.ports)
        code = f"{self.module_name} {self.instance.name} (\n{wiring}\n);"
        self.instance.sigdict.update(self.ports)
        self.instance.verilog_code = _UserVerilogCode(
            code, dict(self.ports), self.module_name, self.deco.func, self.deco.srcfile, self.deco.srcline)


def _fresh(signal):
    return Signal(bool(0)) if signal._type is bool else Signal(intbv(0)[len(signal):])


def write_verilog(folder, deco, *args, **kwargs):
    """Convert a @module and every @module below it, one file each.

    folder  Path, made when it does not exist
    deco    the top's @module; args and kwargs are its ports and parameters
    Returns {module name: Path}, children before their parents.
    Raises ToVerilogWarning as an error: a warning of MyHDL's converter means lost logic.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    top = Box(_Block(lambda: [], deco, deco.func.__name__, deco.srcfile, deco.srcline, False),
              deco, args, kwargs)
    files, shapes = {}, {}
    with warnings.catch_warnings():
        warnings.simplefilter("error", ToVerilogWarning)
        _convert(top, folder, files, shapes)
    return files


def _convert(box, folder, files, shapes):
    """Convert `box` after its children; return the names of its outputs."""
    name = box.module_name
    if name not in files:
        with _collecting_boxes() as children:
            instance = box.elaborate()
            for child in list(children):
                child.close(_convert(child, folder, files, shapes))
            instance._clear = lambda: None       # elaborates again, only for attributes set above
            toVerilog.no_myhdl_header = True
            instance.convert(hdl="Verilog", path=str(folder), name=name, testbench=False)
        files[name], shapes[name] = folder / f"{name}.v", box.shape
    if shapes[name] != box.shape:
        raise ValueError(f"module {name} is used in two shapes: {shapes[name]} and {box.shape}")
    return set(re.findall(r"^output (?:\[\d+:0\] )?(\w+);", files[name].read_text(), re.MULTILINE))

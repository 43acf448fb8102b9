"""Hierarchical Verilog from MyHDL: a block marked @module becomes a Verilog module of its own.

MyHDL's converter flattens everything below the block it converts. Here each @module is converted on
its own, once for each parametrisation, and its parent sees it as a black box that MyHDL prints as an
instantiation. In MyHDL's own simulator a @module is an ordinary block.

This is the one file that touches MyHDL's internals (`_Block`, `_UserVerilogCode`, `_signals`).
"""
import inspect
import re
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from textwrap import fill

from myhdl import Signal, SignalType, ToVerilogWarning, _simulator, intbv
from myhdl._block import _Block, _uniqueify_name, block_decorator
from myhdl._extractHierarchy import _UserVerilogCode
from myhdl.conversion._toVerilog import toVerilog

from rtl.keywords import RESERVED
from rtl.stream import Interface

# Verilator's warnings that generated code cannot avoid, each with its reason beside it.
WAIVERS = """\
/* verilator lint_off BLKSEQ */        // Blocking assignments in clocked blocks are those to their own variables.
/* verilator lint_off WIDTH */         // MyHDL's operators have no width: what does not fit fails when MyHDL simulates.
/* verilator lint_off UNUSEDSIGNAL */  // At the array's edges outputs end, and blocks read their part of a command.
"""

LINE = 118          # characters, where several ports stand in one

_boxes = None       # while a parent elaborates for conversion: the black boxes below it


class Box:
    """A block instance that its converted parent prints as Verilog text, without looking inside."""

    def __init__(self, instance, deco, args, kwargs):
        bound = inspect.signature(deco.func).bind(*args, **kwargs)
        bound.apply_defaults()
        self.instance, self.deco, self.arguments = instance, deco, bound.arguments
        self.ports = dict(flat_ports(self.arguments))

    def wire(self, code, outputs):
        """Tell MyHDL which ports are driven here, and what to print; `$name` stands for a port's signal."""
        for name, signal in self.ports.items():
            signal._markUsed()
            signal.read = True                   # an output may end here, at the array's edge
            if name in outputs:
                signal.driven = "wire"
        self.instance.sigdict.update(self.ports)
        self.instance.verilog_code = _UserVerilogCode(
            code, dict(self.ports), self.deco.func.__name__, self.deco.func, self.deco.srcfile, self.deco.srcline)

    def close(self, folder, files, shapes):
        """Convert the module behind this box, and print the box as its instantiation."""
        outputs = _convert(self, folder, files, shapes)
        wiring = ",\n".join(f"    .{name}(${name})" for name in self.ports)
        self.wire(f"{self.module_name} {self.instance.name} (\n{wiring}\n);", outputs)

    @property
    def module_name(self):
        """The block's name, followed by its integer parameters."""
        numbers = [value for value in self.arguments.values() if isinstance(value, int)]
        return "_".join([self.deco.func.__name__, *map(str, numbers)])

    @property
    def shape(self):
        """What has to agree between two instances that share one Verilog module."""
        others = {n: v for n, v in self.arguments.items() if not isinstance(v, (SignalType, Interface))}
        return others, {name: len(signal) for name, signal in self.ports.items()}

    def elaborate(self):
        """The block on fresh signals of the same widths, ready to be converted as a top."""
        fresh = {name: _fresh(value) for name, value in self.arguments.items()}
        return _Block(self.deco.func, self.deco, self.deco.func.__name__, self.deco.srcfile,
                      self.deco.srcline, False, **fresh)


class module(block_decorator):
    """Like myhdl.block, and converted to a Verilog module of its own instead of being flattened."""

    box = Box

    def __call__(self, *args, **kwargs):
        # _Block is made here, not through super(): it reads the frame that called its decorator.
        if _boxes is None:
            name = _uniqueify_name(f"{self.func.__name__}_{self.calls}")
            self.calls += 1
            return _Block(self.func, self, name, self.srcfile, self.srcline, False, *args, **kwargs)
        name = f"{self.func.__name__}_{sum(box.deco is self for box in _boxes)}"
        black = _Block(lambda: [], self, name, self.srcfile, self.srcline, False)
        _boxes.append(self.box(black, self, args, kwargs))
        return black


def flat_ports(arguments):
    """(name, signal) of each port among a block's arguments; an interface's fields are named as MyHDL names them."""
    for name, value in arguments.items():
        if isinstance(value, Interface):
            yield from ((f"{name}_{field}", signal) for field, signal in vars(value).items())
        elif isinstance(value, SignalType):
            yield name, value


def _fresh(value):
    if isinstance(value, Interface):
        copy = object.__new__(type(value))
        vars(copy).update({name: _fresh(signal) for name, signal in vars(value).items()})
        return copy
    if isinstance(value, SignalType):
        return Signal(bool(0)) if value._type is bool else Signal(intbv(0)[len(value):])
    return value


def write_verilog(folder, deco, *args, **kwargs):
    """Convert a @module and every @module below it, one file each.

    folder  made when it does not exist
    deco    the top's @module; args and kwargs are its ports and parameters
    Returns {module name: Path}, children before their parents.
    Raises ToVerilogWarning as an error, since a warning of MyHDL's converter means lost logic, and
    ValueError where a @module is made but not returned, where one would need two shapes, or where a
    signal is called what Verilog reserves.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return on_a_short_stack(_written, folder, deco, args, kwargs)


def _written(folder, deco, args, kwargs):
    files = {}
    with warnings.catch_warnings(), forgotten_signals():
        warnings.simplefilter("error", ToVerilogWarning)
        _convert(Box(None, deco, args, kwargs), folder, files, {})
    return files


def on_a_short_stack(call: Callable, *arguments):
    """The same call from a new thread: for each block MyHDL looks at all frames, and pytest and notebooks have many."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call, *arguments).result()


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


def _convert(box, folder, files, shapes):
    """Convert `box` after its children; return the names of its outputs."""
    name = box.module_name
    if name not in files:
        with _collecting_boxes() as children:
            instance = box.elaborate()
            returned = set(_below(instance))
            for child in list(children):
                if child.instance not in returned:
                    raise ValueError(f"module {name} must return {child.instance.name}, whose logic would vanish")
                child.close(folder, files, shapes)
            instance._clear = lambda: None       # would elaborate again, for attributes that are set above
            toVerilog.no_myhdl_header = True     # it dates the file
            instance.convert(hdl="Verilog", path=str(folder), name=name, testbench=False,
                             timescale="1ns/1ns")
        files[name], shapes[name] = folder / f"{name}.v", box.shape
        text = _in_one_order(_without_named_blocks(files[name].read_text()))
        _refuse_reserved_words(name, text)
        files[name].write_text(WAIVERS + _compact(text).lstrip())
    if shapes[name] != box.shape:
        raise ValueError(f"module {name} is used in two shapes: {shapes[name]} and {box.shape}")
    return set(re.findall(r"^output (?:\[\d+:0\] )?(\w+);", files[name].read_text(), re.MULTILINE))


def _in_one_order(text):
    """Sort the sensitivity lists, which MyHDL writes in the order of a set."""
    return re.sub(r"always @\((\w+(?:, \w+)*)\) begin",
                  lambda found: f"always @({', '.join(sorted(found[1].split(', ')))}) begin", text)


def _compact(text):
    """Several ports or signals a line, where MyHDL and `close` print one, and no two empty lines."""
    text = re.sub(r"^(.* \()\n((?:    \.?\w+(?:\(.*\))?,?\n)+)\);\n",
                  lambda found: _wrapped(found[1], [line.strip() for line in found[2].splitlines()], after=");"), text,
                  flags=re.MULTILINE)
    text = re.sub(r"^(output .*)\n((?:wire|reg) .*)", r"\1 \2", text, flags=re.MULTILINE)
    text = re.sub(r"^(?:(?:wire|reg) .*;\n)+|^(input (?:\[\d+:0\] )?)\w+;\n(?:\1\w+;\n)+",
                  lambda found: _declared(found[0]), text, flags=re.MULTILINE)
    text = re.sub(r"\bend\n +else", "end else", text)
    text = re.sub(r"^assign .{%d,}\n" % LINE, lambda found: _wrapped("assign ", found[0][7:].split()), text,
                  flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text)


def _declared(text):
    """Declarations, those of one kind and width together."""
    names = {}
    for kind, name in re.findall(r"^(.*?)(\w+(?: \[[^]]*\])?);$", text, re.MULTILINE):
        names.setdefault(kind, []).append(name)
    return "".join(_wrapped(kind, same, ", ", ";") for kind, same in names.items())


def _wrapped(before, words, between=" ", after=""):
    """The words in lines, the first behind `before`, the others indented."""
    return fill(between.join(words) + after, LINE, initial_indent=before, subsequent_indent="    ",
                break_long_words=False) + "\n"


def _below(instance):
    for block in instance.subs:
        if isinstance(block, _Block):
            yield block
            yield from _below(block)


def _refuse_reserved_words(module_name, text):
    declared = re.findall(r"^(?:input|output|reg|wire)\b.*?(\w+)(?: \[[^]]*\])?;", text, re.MULTILINE)
    for word in sorted(RESERVED & {module_name, *declared}):
        raise ValueError(f"module {module_name}: a signal cannot be called {word!r}, which Verilog reserves")


def _without_named_blocks(text):
    """Move the variables of named blocks to the module: in Icarus each run of a named block forks a thread."""
    lines, variables, block = [], [], None
    for line in text.splitlines():
        if opening := re.fullmatch(r"(always .* begin): (\w+)", line):
            line, block, names = opening[1], opening[2], []
        elif line == "end":
            block = None
        elif block and (declared := re.fullmatch(r"    (reg|integer) (.*?)(\w+);", line)):
            names.append(declared[3])
            variables.append(f"{declared[1]} {declared[2]}{block}_{declared[3]};")
            continue
        elif block and names:
            line = re.sub(rf"\b({'|'.join(names)})\b", rf"{block}_\1", line)
        lines.append(line)
    first = next((i for i, line in enumerate(lines) if line.startswith("always")), len(lines))
    declarations = "\n".join(lines[:first]).rstrip("\n")
    return "\n".join([declarations, *variables, "", *lines[first:]]) + "\n"

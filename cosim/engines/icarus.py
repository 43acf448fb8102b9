"""Icarus Verilog as a tool: compile a harness, and build MyHDL's bridge to it."""

import errno
import functools
import importlib.metadata
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from cosim.accelerators import device_of
from cosim.build_cache import kept, scratch
from cosim.engines.harness_verilog import harness_verilog, ports, top_module
from cosim.tools import ToolFailed, call, tool, version
from rtl.config import Config
from rtl.hdl.hierarchy import flat_ports

WATCHED = {  # signal of the device -> when it must be known
    "commands_ready": "1",
    "operands_ready": "1",
    "results_valid": "1",
    "tile_done": "1",
    "results_data": "{device}.results_valid",
    "busy": "1",
    "waiting": "1",
    "idle": "1",
}

BRIDGE_FOLDER, BRIDGE = ("myhdl", "cosimulation", "icarus"), ("myhdl.c", "myhdl_table.c")

TOP = """\
// The harness, a clock that stands still while the harness says so, and MyHDL's pipe.
`timescale 1ns/1ns
module top;
  reg clk = 0, update_clk = 0;
  reg updating = 0;
  reg [7:0] unknown = 0;
{declarations}

  {harness} dut (
{connections});

  // On a grid that never meets the host's messages, which come at multiples of 1000.
  always begin
    #5 clk <= run && unknown == 0;
    update_clk <= run && unknown == 0 && (rst || updating);
    #5 clk <= 0;
    update_clk <= 0;
  end

  // MyHDL would read an x as 0, so it is caught here.
  always @(negedge clk) if (rst === 1'b0) begin
{checks}
  end

  initial begin
{dump}    $from_myhdl(updating, {inputs});
    $to_myhdl({outputs}, unknown);
  end
endmodule
"""


@functools.cache
def bridge() -> Path:
    """MyHDL's bridge to Icarus, built from the source that the installed myhdl package brings.

    iverilog-vpi is a shell script that takes a path with a space for two: so it is given bare names.
    Raises ToolMissing and ToolFailed.
    """
    sources = _bridge_sources()

    def build(folder: Path) -> Path:
        tool("g++")  # which iverilog-vpi calls
        for source in sources:
            shutil.copy(source, folder)
        call(tool("iverilog-vpi"), "--name=myhdl", *BRIDGE, cwd=folder)
        return folder / "myhdl.vpi"

    return _own("myhdl.vpi", [version("iverilog"), *(source.read_text() for source in sources)], build)


def _bridge_sources() -> list[Path]:
    """Where the installed distribution lists them: in any environment, under any prefix, with pip's --user."""
    listed = importlib.metadata.files("myhdl") or ()
    places = [Path(str(file.locate())) for file in listed if file.parent.parts[-3:] == BRIDGE_FOLDER]
    found = [place for place in places if place.name in BRIDGE and place.is_file()]
    if len(found) < len(BRIDGE):
        raise ToolFailed(f"the installed myhdl lists no {'/'.join(BRIDGE_FOLDER)}; pip install --force-reinstall myhdl")
    return found


@functools.cache
def faster_casts() -> Path:
    """A library to be preloaded into vvp, which changes nothing but its speed."""
    source = Path(__file__).with_name("dynamic_cast.cc")
    flags = ("-O2", "-shared", "-fPIC", "-fno-threadsafe-statics")

    def build(folder: Path) -> Path:
        call(tool("g++"), *flags, "-o", folder / "dynamic_cast.so", source)
        return folder / "dynamic_cast.so"

    return _own("dynamic_cast.so", [version("g++"), *flags, source.read_text()], build)


def simulation(top: str, files: Iterable[Path]) -> Path:
    """These files of Verilog compiled for vvp, once for each user.

    top  the module on top
    Raises ToolMissing and ToolFailed.
    """
    files, flags = list(files), ("-g2005", "-s", top)

    def build(folder: Path) -> Path:
        call(tool("iverilog"), *flags, "-o", folder / "top.vvp", *files)
        return _whole(folder / "top.vvp")

    return _own("top.vvp", [version("iverilog"), *flags, *(file.read_text() for file in files)], build)


def _whole(vvp: Path) -> Path:
    """The file, which ends with its list of files. iverilog's exit code does not tell that the disk was full."""
    listed = re.search(r"^:file_names (\d+);\n((?: .*;\n)*)\Z", vvp.read_text(errors="replace"), re.MULTILINE)
    if not listed or listed[2].count("\n") != int(listed[1]):
        raise OSError(errno.ENOSPC, "iverilog's output is cut off", str(vvp))
    return vvp


def _own(name: str, sources: Iterable[str], build: Callable[[Path], Path]) -> Path:
    """What the cache has under this name, as a copy that nobody removes while it is in use."""
    folder = Path(tempfile.mkdtemp(dir=scratch()))
    return Path(shutil.copy(kept(name, sources, build), folder / name))


@dataclass(frozen=True)
class Image:
    """A compiled simulation, the folder with its Verilog, and the file with what is around that."""

    vvp: Path
    verilog: Path
    top: Path


def compiled(config: Config, waves: Path | None = None, keep: Path | None = None, verilog: Path | None = None) -> Image:
    """Convert the harness of a configuration and compile it; once in a process for each hardware, without options.

    waves    VCD file that every run of the image writes
    keep     folder for the generated Verilog, instead of one that is removed
    verilog  compile this folder's Verilog (as `keep` left it) instead of generating it
    Raises ToolMissing and ToolFailed; ValueError for a folder with something else, and for keep with verilog.
    """
    if waves and set('"\\\n') & set(str(waves)):
        raise ValueError(f"the name of a waves file must have no quote and no backslash, not {str(waves)!r}")
    return _build(config, waves, keep, verilog) if waves or keep or verilog else _usual(config.hardware)


@functools.cache
def _usual(config: Config) -> Image:
    return _build(config)


def _build(config: Config, waves: Path | None = None, keep: Path | None = None, verilog: Path | None = None) -> Image:
    folder = harness_verilog(config, keep, verilog)
    top = Path(tempfile.mkdtemp(dir=scratch())) / "top.v"
    top.write_text(_top(config, waves))
    return Image(simulation("top", [top, *sorted(folder.glob("*.v"))]), folder, top)


def _top(config: Config, waves: Path | None) -> str:
    clocks = ("clk", "update_clk")
    every = dict(flat_ports(ports(config)))
    signals = {name: signal for name, signal in every.items() if name not in clocks}
    inputs = [name for name in signals if name == "rst" or name.startswith("host_")]
    outputs = [name for name in signals if name not in inputs]
    width = {name: f"[{len(s) - 1}:0] " if len(s) > 1 else "" for name, s in signals.items()}
    declare = [f"  reg {width[n]}{n}{' = 1' if n == 'rst' else ' = 0'};" for n in inputs] + [
        f"  wire {width[n]}{n};" for n in outputs
    ]
    device = f"dut.{device_of(config).name}_0"
    checks = "\n".join(
        f"    {'else ' * (code > 1)}if ({when.format(device=device)} && ^{device}.{name} === 1'bx) unknown = {code};"
        for code, (name, when) in enumerate(WATCHED.items(), 1)
    )
    dump = f'    $dumpfile("{waves}");\n    $dumpvars(0, dut);\n' if waves else ""
    return TOP.format(
        harness=top_module(config),
        declarations="\n".join(declare),
        checks=checks,
        dump=dump,
        inputs=", ".join(inputs),
        outputs=", ".join(outputs),
        connections=",\n".join(f"    .{n}({n})" for n in every),
    )

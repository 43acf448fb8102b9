"""Verilog around a converted @module: the top that talks to MyHDL, and the list of what is x."""

import re
import tempfile
from pathlib import Path

from cosim.build_cache import scratch
from cosim.engines.icarus import simulation
from rtl.hdl.hierarchy import Box, flat_ports, write_verilog

TOP = """\
`timescale 1ns/1ns
module top;
{declarations}
  wire [{last}:0] unknown = {{{checks}}};
  reg [8*1024-1:0] waves;

  {name} dut (
{connections});

  initial begin
    if ($value$plusargs("waves=%s", waves)) begin
      $dumpfile(waves);
      $dumpvars(0, dut);
    end
    $from_myhdl({inputs});
    $to_myhdl({outputs}, unknown);
  end
endmodule
"""

_images = {}


def compiled(deco, arguments) -> tuple[Path, list[str]]:
    """(image, outputs) of a @module; made once in a process for each shape of it."""
    key = deco.func.__qualname__, deco.func.__module__, repr(Box(None, deco, (), arguments).shape)
    if key not in _images:
        folder = Path(tempfile.mkdtemp(dir=scratch()))
        name, outputs = converted(folder, deco, arguments)
        top = folder / "top.v"
        top.write_text(_top(name, dict(flat_ports(arguments)), outputs))
        _images[key] = simulation("top", sorted(folder.glob("*.v"))), outputs
    return _images[key]


def converted(folder, deco, arguments) -> tuple[str, list[str]]:
    """Write a @module's Verilog. Returns its name and its outputs."""
    name, file = list(write_verilog(folder, deco, **arguments).items())[-1]
    return name, re.findall(r"^output (?:\[\d+:0\] )?(\w+);", file.read_text(), re.MULTILINE)


def declare(ports: dict, outputs: list[str]) -> str:
    """A reg for each input and a wire for each output."""
    return "\n".join(
        f"  {'wire' if name in outputs else 'reg'} [{len(port) - 1}:0] {name}{'' if name in outputs else ' = 0'};"
        for name, port in ports.items()
    )


def connect(ports: dict) -> str:
    return ",\n".join(f"    .{name}({name})" for name in ports)


def message_length(ports: dict) -> int:
    """Characters of the longest message that signals of one direction can need: names with widths or digits."""
    digits = [max(len(str(len(port))), -(-len(port) // 4)) for port in ports.values()]
    return 24 + sum(len(name) + 2 + count for name, count in zip(ports, digits, strict=True))


def _top(name, ports, outputs) -> str:
    checks = [f"^{output} === 1'bx" for output in reversed(outputs)]
    checks = ["1'b0"] * (2 - len(checks)) + checks  # MyHDL reads an x of one bit as its initial value
    return TOP.format(
        name=name,
        declarations=declare(ports, outputs),
        connections=connect(ports),
        checks=", ".join(checks),
        last=len(checks) - 1,
        outputs=", ".join(outputs),
        inputs=", ".join(name for name in ports if name not in outputs),
    )

"""The module around a block that states its properties: its ports free, its handshakes by kind of port."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from rtl.hdl.hierarchy import write_verilog
from rtl.sat.axi.axi_lite import AxiLite
from tests.formal import axi
from tests.formal.blocks import Block, Channel
from tests.formal.proof import Proof

CLOCKS = {"clk", "aclk", "update_clk"}
RESETS = {"rst": "rst", "aresetn": "!rst"}
INSIDE = re.compile(r"\bdut((?:\.\w+)+)")
TOP = "formal"
DECLARED = re.compile(r"^(input|output|reg|wire) (?:\[(\d+):0\] )?([\w, \n]+);", re.MULTILINE)


class Bench(NamedTuple):
    """The Verilog of a proof.

    text        of the module around the block
    properties  label in the text -> sentence
    """

    text: str
    properties: dict[str, str]


class Sources:
    """The Verilog of a block and of the modules below it, in a folder."""

    def __init__(self, block: Block, folder: Path):
        self.files = write_verilog(folder, block.deco, **block.parameters)
        self.top = list(self.files)[-1]

    def text(self, module: str) -> str:
        """The Verilog of a module."""
        return self.files[module].read_text()

    def declared(self, module: str, *kinds: str) -> dict[str, int]:
        """The width of each signal that a module declares as one of these kinds."""
        found = DECLARED.findall(self.text(module))
        return {
            name: int(high or 0) + 1
            for kind, high, names in found
            if kind in kinds
            for name in re.split(r",\s*", names)
        }

    def width(self, path: list[str]) -> int:
        """Bits of the signal at the end of a path of instances. Raises KeyError where there is none."""
        module = self.top
        for instance in path[:-1]:
            module = self._below(module)[instance]
        return self.declared(module, "input", "output", "reg", "wire")[path[-1]]

    def _below(self, module: str) -> dict[str, str]:
        return {
            instance: kind for kind, instance in re.findall(r"^(?!module)(\w+) (\w+) \(\.", self.text(module), re.M)
        }

    def cut(self, block: str) -> None:
        """Leave of a block's modules only their ports: outputs take any value in any cycle."""
        modules = [module for module in self.files if re.fullmatch(rf"{block}(_\d+)*", module)]
        if not modules:
            raise ValueError(f"{self.top} has no {block} to be cut")
        for module in modules:
            self._cut(module)

    def _cut(self, module: str) -> None:
        inputs, outputs = self.declared(module, "input"), self.declared(module, "output")
        lines = [f"input [{bits - 1}:0] {name};" for name, bits in inputs.items()]
        lines += [
            f"output [{bits - 1}:0] {name}; (* anyseq *) reg [{bits - 1}:0] {name};" for name, bits in outputs.items()
        ]
        header = f"module {module} ({', '.join([*inputs, *outputs])});"
        self.files[module].write_text("\n".join([header, *lines, "endmodule\n"]))


def bench(block: Block, proof: Proof, sources: Sources, only: str = "") -> Bench:
    """The bench of a block.

    only  the one property that is stated; where there is none, all are, and what makes induction close
    Raises KeyError for a property that the block does not have.
    """
    outputs = sources.declared(sources.top, "output")
    shown, given = dict(proof.shown), dict(proof.given)
    texts = [ghost.text(name) for name, ghost in proof.ghosts.items()]
    for channel in block.channels:
        if channel.name not in proof.unassumed:
            texts.append(_waiting(channel, proof.moved.get(channel.name, channel.ready), block.widths))
            (shown if channel.valid in outputs else given).update(_held(channel))
        if channel.valid in outputs and block.widths.keys() & CLOCKS:
            shown[f"{channel.name}: empty after reset"] = f"!after_reset || !{channel.valid}"
    for name, port in block.handshakes.items():
        if isinstance(port, AxiLite):
            texts += [ghost.text(key) for key, ghost in axi.ghosts(name).items()]
            shown |= axi.shown(name)
    for name, path in proof.paths.items():
        texts.append(path.text(name))
        shown |= path.shown(name)
    if only:
        shown = {only: shown[only]}
    labels = {re.sub(r"\W+", "_", sentence): sentence for sentence in shown}
    lines = [f"always @* if (settled) {label}: assert ({shown[sentence]});" for label, sentence in labels.items()]
    lines += [f"always @* if (settled) assume ({text});" for text in given.values()]
    lines += [f"always @* if (settled) cover ({text});" for text in _reached(block, proof, outputs)]
    if not only:
        lines += [f"always @* if (settled) assert ({text});" for text in _invariants(proof)]
    body = _escaped("\n".join([*texts, *lines]), sources)
    return Bench("\n".join([*_around(block, sources, outputs), *body, "endmodule\n"]), labels)


def _invariants(proof: Proof) -> Iterator[str]:
    yield from proof.helped
    for name, path in proof.paths.items():
        yield from path.invariants(name)


def _reached(block: Block, proof: Proof, outputs: Mapping[str, int]) -> Iterator[str]:
    yield from (channel.moves for channel in block.channels if channel.valid in outputs)
    yield from (f"{name}_leaves" + f" && {name}_tagged" * bool(path.room) for name, path in proof.paths.items())


def _waiting(channel: Channel, moved: str, widths: Mapping[str, int]) -> str:
    """Registers that know of the cycle before: a word waited, and which."""
    lines = [f"reg {channel.name}_waited;"]
    lines += [f"reg [{widths[name] - 1}:0] {name}_before;" for name in channel.payload]
    lines += [f"always @(posedge clk) {name}_before <= {name};" for name in channel.payload]
    lines += [f"always @(posedge clk) {channel.name}_waited <= {channel.valid} && !({moved}) && !rst;"]
    return "\n".join(lines) + "\n"


def _held(channel: Channel) -> dict[str, str]:
    """Rule 2 of rtl/hdl/stream.py."""
    same = " && ".join(f"{name} == {name}_before" for name in channel.payload)
    return {
        f"{channel.name}: valid holds": f"!{channel.name}_waited || {channel.valid}",
        f"{channel.name}: data holds": f"!({channel.name}_waited && {channel.valid}) || ({same})",
    }


def _around(block: Block, sources: Sources, outputs: Mapping[str, int]) -> Iterator[str]:
    """The module's head: free inputs, the block, and a reset in the first cycle, for registers have no first value."""
    widths = block.widths
    fixed = dict.fromkeys(CLOCKS, "clk") | RESETS
    free = [name for name in widths if name not in outputs and name not in fixed]
    yield f"module {TOP} ({', '.join(['clk', 'rst', *free])});"
    yield "input clk, rst;"
    yield from (f"input [{widths[name] - 1}:0] {name};" for name in free)
    yield from (f"wire [{bits - 1}:0] {name};" for name, bits in outputs.items())
    connections = ", ".join(f".{name}({fixed.get(name, name)})" for name in widths)
    yield f"{sources.top} dut ({connections});"
    yield "reg settled = 0, after_reset = 0;"
    yield "always @(posedge clk) settled <= 1;"
    yield "always @(posedge clk) after_reset <= rst;"
    yield "always @* if (!settled) assume (rst);"


def _escaped(text: str, sources: Sources) -> Iterator[str]:
    """Names of signals inside as Yosys joins them when it flattens the hierarchy, and their declarations."""
    for path in sorted(set(INSIDE.findall(text))):
        yield f"(* hierconn *) wire [{sources.width(path[1:].split('.')) - 1}:0] \\dut{path} ;"
    yield INSIDE.sub(r"\\dut\1 ", text)

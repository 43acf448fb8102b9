"""The blocks of rtl/ that have a stream or an AXI port, found by what they declare, and the channels of those ports."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import rtl
from rtl.hdl.hierarchy import flat_ports, module
from rtl.hdl.stream import Interface, Stream
from rtl.sat.axi.axi_lite import AxiLite
from rtl.sat.axi.sat_axi import AxiStream
from rtl.sat.config import SatConfig
from rtl.sigma.config import SigmaConfig

# As small as the handshakes allow: two of everything that takes turns.
SAT = SatConfig(rows=2, columns=2, interleave=2, chunk=16, largest_m=4, update_lanes=2)
SIGMA = SigmaConfig(engines=2, lanes=2, results=2, rows=2, columns=8)
NUMBERS = dict(lanes=8, level=2)  # of parameters that are no configuration; others are OTHER
OTHER = 4


class Channel(NamedTuple):
    """One handshake: the names of its valid, of its ready, and of what holds still while a word waits."""

    name: str
    valid: str
    ready: str
    payload: tuple[str, ...]

    @property
    def moves(self) -> str:
        """Verilog: a word moves in this cycle."""
        return f"({self.valid} && {self.ready})"


def _stream(name: str, port: Stream) -> list[Channel]:
    return [Channel(name, f"{name}_valid", f"{name}_ready", (f"{name}_data",))]


def _axi_stream(name: str, port: AxiStream) -> list[Channel]:
    payload = tuple(f"{name}_{part}" for part in vars(port) if part not in ("tvalid", "tready"))
    return [Channel(name, f"{name}_tvalid", f"{name}_tready", payload)]


def _axi_lite(name: str, port: AxiLite) -> list[Channel]:
    return [
        Channel(
            f"{name}_{channel}",
            f"{name}_{channel}valid",
            f"{name}_{channel}ready",
            tuple(f"{name}_{part}" for part in vars(port) if part.startswith(channel) and part[-5:] not in ENDS),
        )
        for channel in ("aw", "w", "b", "ar", "r")
    ]


ENDS = ("valid", "ready")
KINDS = {Stream: _stream, AxiStream: _axi_stream, AxiLite: _axi_lite}


class Block(NamedTuple):
    """A block with its parameters, and its ports that have handshakes, by name."""

    name: str
    deco: module
    parameters: dict
    handshakes: dict[str, Interface]

    @property
    def channels(self) -> list[Channel]:
        """All handshakes of all its ports."""
        return [channel for name, port in self.handshakes.items() for channel in KINDS[type(port)](name, port)]

    @property
    def widths(self) -> dict[str, int]:
        """Bits of each port, in the order of the block's arguments."""
        return {name: len(signal) for name, signal in flat_ports(self.deco.complete(dict(self.parameters)))}


@cache
def found() -> dict[str, Block]:
    """Every block of rtl/ with a port of one of KINDS, by name."""
    candidates = (_block(info.name) for info in pkgutil.walk_packages(rtl.__path__, "rtl."))
    return {block.name: block for block in candidates if block and block.handshakes}


def _block(dotted: str) -> Block | None:
    name = dotted.rpartition(".")[2]
    deco = getattr(importlib.import_module(dotted), name, None)
    return of(deco, SIGMA if dotted.startswith("rtl.sigma.") else SAT) if isinstance(deco, module) else None


def of(deco: module, config: SatConfig | SigmaConfig = SAT) -> Block:
    """A block in the smallest shape that is of interest."""
    wanted, own = (inspect.signature(function).parameters for function in (deco.ports, deco.func))
    known = {name: NUMBERS.get(name, OTHER) for name in (*wanted, *own)} | dict(config=config)
    ports = deco.ports(**{name: known[name] for name in wanted})
    parameters = {name: known[name] for name in dict.fromkeys((*wanted, *own)) if name not in ports}
    return Block(deco.func.__name__, deco, parameters, dict(_handshakes(ports)))


def _handshakes(ports: dict) -> Iterator[tuple[str, Interface]]:
    for name, port in ports.items():
        if type(port) in KINDS:
            yield name, port
        elif isinstance(port, Interface):
            yield from _handshakes({f"{name}_{field}": part for field, part in vars(port).items()})

"""One accelerator as engines know it: the codec of its RTL's streams, and its arithmetic on this processor."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from cosim.device import Device
from cosim.exchange import Operands
from rtl.config import Config
from tlm.gemm import Gemm
from tlm.memory import Memory
from tlm.transactions import Program


class Codec(Protocol):
    """Between one kind of program and the device's streams; a module of functions will do."""

    def constants(self, operands: Any) -> int:
        """The word of the device's constants, which are steady in a run; 0 where it needs none."""
        ...

    def command(self, program: Any, tile: Any) -> int:
        """The tile's command, a beat of the command port."""
        ...

    def encoder(self, program: Any, operands: Any) -> Callable[[Any], np.ndarray]:
        """What gives a tile its operand lines, (lines, bytes) uint8; tiles come in the program's order."""
        ...

    def result(self, program: Any, beats: np.ndarray) -> Any:
        """The program's result, from the beats of all blocks, (beats, 32-bit parts) uint32."""
        ...


class Piece(Protocol):
    """A part of a program that is a program of its own, small enough to be simulated."""

    @property
    def whole(self) -> Program:
        """The program that it is a piece of."""
        ...

    @property
    def program(self) -> Program:
        """The piece as a program."""
        ...

    @property
    def origins(self) -> Mapping[str, tuple[int, ...]]:
        """The place in each array of the whole's result where the piece's begins."""
        ...

    @property
    def text(self) -> str:
        """The part of the whole that it is, for messages."""
        ...

    def operands(self, whole: Any) -> Any:
        """The piece's own operands, copied from those of the whole."""
        ...

    def block(self, whole: Any) -> Any:
        """The part of the whole's result in its place; None where that is not the piece's own result."""
        ...


class Pieces(Protocol):
    """All pieces of a program, none of which overlap; each is made when it is asked for."""

    def __len__(self) -> int:
        """The number of pieces."""
        ...

    def __getitem__(self, number: int, /) -> Piece:
        """A piece, by its number from 0 on."""
        ...


@dataclass(frozen=True)
class ProgramKind:
    """How engines treat one kind of program of an accelerator.

    check      raises ValueError for operands that are not those of the program: (program, operands)
    reference  its result on this processor, bit for bit that of the RTL: (program, operands)
    codec      None: there is no RTL for it
    prunes     `reference` prunes b by itself; else operands come pruned
    updating   it is a weight update, for which the updater's clock runs
    pieces     parts of a program that are small enough to be simulated: (program, cycles that each may take, about);
               None: it cannot be cut
    """

    check: Callable[[Any, Any], None]
    reference: Callable[[Any, Any], Any]
    codec: Codec | None = None
    prunes: bool = False
    updating: bool = False
    pieces: Callable[[Any, int], Pieces] | None = None


@dataclass(frozen=True)
class Verilog:
    """How an accelerator is written as Verilog, one module a file.

    block         the accelerator's own block, whose name gives way to the prefix (rtl/hdl/prefix.py)
    write         (configuration, folder, prefix) -> {module: file}, children before their parents: it alone
    write_ports   the same with bus ports around it; None: there are none
    scripts       for Vivado, beside the files with bus ports: (configuration, folder, files) -> scripts
    update_block  the block of its weight update, which comparisons leave out; None: it has none
    """

    block: str
    write: Callable[[Any, Path, str], dict[str, Path]]
    write_ports: Callable[[Any, Path, str], dict[str, Path]] | None = None
    scripts: Callable[[Any, Path, Iterable[Path]], list[Path]] | None = None
    update_block: str | None = None


class ScheduleFor(Protocol):
    """Makes the program of a GEMM for given operands, b pruned.

    mapping  the accelerator's own kind of mapping, or a dataflow's name; None: its default
    Raises ValueError for a mapping that does not fit.
    """

    def __call__(self, gemm: Gemm, operands: Operands, config: Any, mapping: Any, memory: Memory) -> Program: ...


@dataclass(frozen=True)
class ExecutionRow:
    """A row of the table in cosim/accelerators.py.

    programs        the kinds of its programs, by their types
    schedule        makes the program of a GEMM for given operands
    device          the RTL of a configuration; None: there is none, and only the functional engine runs its programs
    verilog         how that RTL is written; None: there is none
    operand_format  of a configuration: 'fp16', or 'bf16', which float32 arrays hold
    for_operands    its programs are made for the zeros of particular operands
    """

    programs: Mapping[type[Program], ProgramKind]
    schedule: ScheduleFor
    device: Callable[[Any], Device] | None = None
    verilog: Verilog | None = None
    operand_format: Callable[[Any], str] = lambda config: "fp16"
    for_operands: bool = False

    def kind_of(self, program: Program) -> ProgramKind:
        """How its programs of this type are treated. Raises ValueError for another accelerator's."""
        kind = self.programs.get(type(program))
        if kind is None:
            kind = next((known for base, known in self.programs.items() if isinstance(program, base)), None)
        if kind is None:
            names = ", ".join(base.__name__ for base in self.programs)
            raise ValueError(f"a program on this accelerator must be a {names}, not a {type(program).__name__}")
        return kind

    def device_of(self, config: Config) -> Device:
        """The RTL of a configuration. Raises ValueError where there is none."""
        if self.device is None:
            raise ValueError(f"accelerator {config.accelerator} has no RTL: its programs run on the functional engine")
        return self.device(config)

    @cached_property
    def prunes(self) -> bool:
        """The reference arithmetic of its GEMMs prunes b by itself."""
        return any(kind.prunes for kind in self.programs.values())

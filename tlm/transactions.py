"""The protocol of programs, by which timeline, engines and reports know a program of any accelerator.

A program is a list of tiles. A tile is one transaction: it loads operand lines, computes in steps, and, where it is
the last of its block, stores the block's result. One program has two readers: the timeline tells when each part of each
transaction happens, and an engine executes them. That is why cycles can be equal and not only close.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from numbers import Integral
from typing import Any, Protocol, Self

from rtl.config import Config
from tlm.memory import Memory, check_memory
from tlm.repeats import Repeat
from tlm.span import Span
from tlm.work import Work


class Tile(Protocol):
    """One transaction. Beside these fields it has those by which its own program knows it."""

    @property
    def first(self) -> bool:
        """It is the first of its block of the result."""
        ...

    @property
    def last(self) -> bool:
        """It is the last of its block, which is stored then."""
        ...


class TileState(Protocol):
    """The times of the tiles so far that the next one's times depend on, in cycles: a NamedTuple of ints, and of tuples
    of ints; whatever else it holds must stay equal from tile to tile, or the tiles are told one by one.

    New times are sums and maxima of these and of a tile's own: nothing else makes a timeline that can be told in short.
    """

    @property
    def store_end(self) -> int:
        """The cycle after the last word stored so far."""
        ...

    def after(self, times: Any) -> tuple[Self, Span]:
        """The state after a tile that takes these `Program.times`, and when its parts happen."""
        ...

    def normalised(self) -> tuple[int, Self]:
        """A time, and the state with all times counted from it: states that lead to the same are then equal."""
        ...


def check_types(program: "Program", **types: type) -> None:
    """Raise ValueError unless each of these parts of a program is of the type that is given for it."""
    for name, kind in types.items():
        if not isinstance(value := getattr(program, name), kind):
            raise ValueError(f"{name} of a program must be a {kind.__name__}, not a {type(value).__name__}")
    check_memory(program.memory)


class Program(ABC):
    """The tiles of one GEMM or update on one configuration, and each transaction's lines, words, bytes and cycles.

    Programs are frozen, equal where they take the same tiles at the same cost, and raise ValueError when they are made
    of parts that do not fit each other.
    mapping  by which it was scheduled; None where there was no choice
    """

    config: Config
    memory: Memory
    mapping: Any
    for_operands: bool = False  # it was made for the zeros of particular operands, and serves no others

    @property
    @abstractmethod
    def work(self) -> Work:
        """The GEMM or update that it carries out."""

    @property
    @abstractmethod
    def dataflow(self) -> str:
        """The short name, for reports, of the choice that it follows."""

    @property
    @abstractmethod
    def tile(self) -> list[int]:
        """Rows, elements of k and columns of a full tile."""

    @property
    def macs(self) -> int:
        """Multiply-adds that are done."""
        return self.work.macs

    @abstractmethod
    def tiles(self) -> Iterator[Any]:
        """All tiles, in the order in which they run."""

    def repeats(self) -> Repeat:
        """The same tiles told in short: a stretch of equal ones once.

        Here they are told one by one. A network of full size has millions, which its programs must tell in short.
        """
        return Repeat(tuple(self.tiles()))

    @abstractmethod
    def steps(self, tile: Any) -> int:
        """Cycles in which the tile issues a step to the array."""

    @abstractmethod
    def lines(self, tile: Any) -> int:
        """Operand lines of the load: beats of the operand port."""

    @abstractmethod
    def beats(self, tile: Any) -> int:
        """Words of the store: beats of the result port."""

    @abstractmethod
    def read_bytes(self, tile: Any) -> tuple[float, float]:
        """Bytes that the load moves off-chip: (values, their places: indices, bitmaps or settings)."""

    @abstractmethod
    def write_bytes(self, tile: Any) -> int:
        """Bytes that the store moves off-chip."""

    def read_cycles(self, tile: Any) -> int:
        """Cycles of the load. Raises ValueError for a memory that answers fewer cycles than beats, or a fraction."""
        beats = self.lines(tile)
        return _at_least(beats, self.memory.read(beats, sum(self.read_bytes(tile))), "read")

    def write_cycles(self, tile: Any) -> int:
        """Cycles of the store. Raises ValueError for a memory that answers fewer cycles than beats, or a fraction."""
        beats = self.beats(tile)
        return _at_least(beats, self.memory.write(beats, self.write_bytes(tile)), "write")

    @property
    def bytes_moved(self) -> tuple[float, float, int]:
        """Bytes that all tiles move off-chip: (values read, their places read, results written)."""
        repeats = self.repeats()
        values = repeats.total(lambda tile: self.read_bytes(tile)[0])
        indices = repeats.total(lambda tile: self.read_bytes(tile)[1])
        return values, indices, repeats.total(lambda tile: self.write_bytes(tile) if tile.last else 0)

    @property
    @abstractmethod
    def initial_state(self) -> TileState:
        """The state before the first tile."""

    @abstractmethod
    def times(self, tile: Any) -> Any:
        """The cycles that each part of the tile's transaction takes, as `initial_state.after` reads them."""

    def beat_of(self, tile: Any, item: int, row: int, column: int) -> int | None:
        """Which beat of the block that `tile` stores brings that element of the result; None where none does.

        item  which of the GEMM's products it belongs to, of so many as its count says
        """
        return None


def _at_least(beats: int, cycles: int, kind: str) -> int:
    """The cycles themselves, a whole number of at least the beats; else the hardware could not keep up."""
    if not (isinstance(cycles, Integral) and int(cycles) >= beats):
        raise ValueError(f"a {kind} of {beats} beats must take {beats} cycles or more, whole ones, not {cycles!r}")
    return int(cycles)  # a NumPy integer would wrap around in sums

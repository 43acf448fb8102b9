"""A sample of a training step: pieces of its programs, and an engine that keeps them as the step runs."""

from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from cosim.accelerator import Piece, Pieces
from cosim.accelerators import kind_of
from cosim.engines.around import EngineAround
from cosim.engines.engine import Engine
from cosim.exchange import Operands, Report, Updated, Weights
from tlm.gemm import Gemm
from tlm.transactions import Program
from tlm.work import Work


@dataclass(frozen=True)
class Sample:
    """Pieces of a step's programs, in the step's order.

    asked   so many were to be drawn; there are fewer pieces where the step has no more
    places  for each piece the number of its program in the step
    """

    asked: int
    programs: Sequence[Program]
    places: Sequence[int]
    pieces: Sequence[Piece]

    @property
    def pairs(self) -> int:
        """Layers and stages of the step."""
        return len(set(map(_pair, self.programs)))

    @property
    def pairs_covered(self) -> int:
        """Layers and stages of the step that have a piece."""
        return len({_pair(piece.whole) for piece in self.pieces})

    @cached_property
    def macs(self) -> int:
        """Multiply-adds of the step."""
        return sum(program.work.macs for program in self.programs)

    @property
    def macs_covered(self) -> int:
        """Multiply-adds of the pieces."""
        return sum(piece.program.work.macs for piece in self.pieces)

    @property
    def share(self) -> float:
        """macs_covered / macs."""
        return self.macs_covered / self.macs


def draw(programs: Sequence[Program], count: int, seed: int, longest: int = Engine.piece_size) -> Sample:
    """`count` pieces of a step's programs, or all that there are, each once.

    All layers and stages have equally many pieces, as far as they go. Where there are too few for all, the kinds of
    work share them: stages, dataflows, and products without weights.
    longest  cycles x processing elements that a piece may take, about
    Raises ValueError for a count that is no whole number from 1 on, a seed that is none from 0 on, and programs that
    cannot be cut.
    """
    for name, number, least in (("sample", count, 1), ("seed", seed, 0)):
        if type(number) is not int or number < least:
            raise ValueError(f"{name} must be a whole number from {least} on, not {number!r}")
    rng, left = np.random.default_rng(seed), count
    chosen: Counter[int] = Counter()
    cuts = [_pieces(program, longest // program.config.elements) for program in programs]
    queues = _queues(programs, rng)
    while left and queues:
        for queue in queues[:left]:
            number = queue.popleft()
            chosen[number] += 1
            left -= 1
            if chosen[number] < len(cuts[number]):
                queue.append(number)
        queues = [queue for queue in queues if queue]
    drawn = [
        (number, cuts[number][piece])
        for number in sorted(chosen)
        for piece in sorted(rng.choice(len(cuts[number]), chosen[number], replace=False).tolist())
    ]
    return Sample(count, programs, [number for number, _ in drawn], [piece for _, piece in drawn])


def _pieces(program: Program, longest: int) -> Pieces:
    pieces = kind_of(program).pieces
    if pieces is None:
        raise ValueError(f"no pieces can be drawn of a {type(program).__name__}: it runs as a whole")
    return pieces(program, longest)


def _queues(programs: Sequence[Program], rng: np.random.Generator) -> list[deque[int]]:
    """The numbers of the programs, a queue for each layer and stage; the queues' kinds take turns."""
    pairs: dict[tuple[str, str], list[int]] = {}
    for number, program in enumerate(programs):
        pairs.setdefault(_pair(program), []).append(number)
    queues = [deque(rng.permutation(numbers).tolist()) for numbers in pairs.values()]
    ranks: Counter[tuple[str, str, bool]] = Counter()
    ranked = []
    for place in rng.permutation(len(queues)):
        program = programs[queues[place][0]]
        kind = program.work.stage, program.dataflow, program.work.count > 1
        ranked.append((ranks[kind], queues[place]))
        ranks[kind] += 1
    return [queue for _, queue in sorted(ranked, key=itemgetter(0))]


def _pair(program: Program) -> tuple[str, str]:
    return program.work.layer, program.work.stage


class KeptPiece(NamedTuple):
    """A piece of a sample as the step has run it.

    operands  its own, copied
    block     the part of the step's result in its place; None where that is not the piece's own result
    """

    piece: Piece
    operands: Operands | Weights
    block: np.ndarray | Updated | None


class Sampler(EngineAround):
    """Runs on `inner`, and keeps the pieces of a sample as their programs run; nothing else is copied.

    When the step is run again, its pieces replace those that were kept before. Where programs are made for the zeros of
    their operands, the step is run by those of the sample, and `execute` raises ValueError for a step with other zeros.
    """

    def __init__(self, inner: Engine, sample: Sample):
        super().__init__(inner)
        if not isinstance(sample, Sample):
            raise ValueError(f"sample must be a Sample, as `draw` makes it, not {sample!r}")
        self.sample = sample
        self._kept: dict[int, KeptPiece] = {}
        self._wanted: dict[int, list[int]] = defaultdict(list)
        for number, place in enumerate(sample.places):
            self._wanted[place].append(number)
        # Equal work of a layer, such as of two calls, is told apart by its order.
        self._turns: dict[Work, list[int]] = defaultdict(list)
        for place, program in enumerate(sample.programs):
            self._turns[program.work].append(place)
        self._seen: Counter[Work] = Counter()

    @property
    def complete(self) -> bool:
        """Every piece has been met."""
        return len(self._kept) == len(self.sample.pieces)

    @property
    def kept(self) -> list[KeptPiece]:
        """The pieces that have been met so far, in the order of the sample."""
        return [self._kept[number] for number in sorted(self._kept)]

    def _run(self, program: Program, operands: Any) -> tuple[Any, Report]:
        result, report = self.inner.run(program, operands)
        if (place := self._place(program.work)) is not None:
            for number in self._wanted[place]:
                piece = self.sample.pieces[number]
                self._kept[number] = KeptPiece(piece, piece.operands(operands), piece.block(result))
            self._seen[program.work] += 1
        return result, report

    def _scheduled(self, gemm: Gemm, operands: Operands, mapping: Any) -> Program:
        """The sample's program, where it would be made anew for these operands: with the same zeros it is the same."""
        if not self.programs_depend_on_zeros or (place := self._place(gemm)) is None:
            return super()._scheduled(gemm, operands, mapping)
        return self.sample.programs[place]

    def _place(self, work: Work) -> int | None:
        """The number in the step of the program that is next to do this work; None where it is none of the step's."""
        turns = self._turns.get(work)
        return turns[self._seen[work] % len(turns)] if turns else None

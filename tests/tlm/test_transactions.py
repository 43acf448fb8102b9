"""The protocol of programs: what follows from a program's own tiles and times, whoever's it is."""

from dataclasses import FrozenInstanceError, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl.sat.config import PRESETS
from rtl.sigma.config import PRESETS as SIGMA
from tests.support.memories import BURST, MEMORIES, IdealMemory
from tests.support.properties import few
from tests.support.sigma_programs import uniform_programs
from tests.support.toy import PRESETS as DOT
from tests.support.toy import DotProgram
from tests.support.workloads import programs, updates
from tlm import Gemm, Program, Update, UpdateProgram, schedule, schedule_update, simulate
from tlm.transactions import TileState

EXAMPLES = [
    schedule(Gemm(9, 40, 18, count=2), PRESETS["small"]),
    schedule(Gemm(9, 40, 18, count=2), SIGMA["small"]),
    schedule_update(Update(9, 40, 3), PRESETS["small"]),
    DotProgram(Gemm(9, 40, 18, count=2), DOT["small"], BURST),
]
KINDS = st.one_of(programs(), updates(), uniform_programs())


class Plain(DotProgram):
    """A program that leaves to the protocol all that it can."""

    repeats, beat_of = Program.repeats, Program.beat_of


def test_without_a_shorter_way_a_program_tells_its_tiles_one_by_one():
    short, plain = (kind(Gemm(9, 40, 18, count=2), DOT["small"], BURST) for kind in (DotProgram, Plain))
    assert plain.repeats().parts == tuple(plain.tiles()) and plain.repeats().count == 1
    assert simulate(plain).cycles == simulate(short).cycles and plain.bytes_moved == short.bytes_moved
    assert plain.beat_of(next(plain.tiles()), 0, 0, 0) is None


@pytest.mark.parametrize("program", EXAMPLES, ids=lambda program: type(program).__name__)
def test_a_program_is_frozen_equal_by_value_and_of_its_memory(program):
    assert isinstance(program, Program) and program == replace(program) and hash(program) == hash(replace(program))
    assert program != replace(program, memory=replace(BURST, miss=1))
    with pytest.raises(FrozenInstanceError):
        program.memory = BURST
    assert program.macs == program.work.macs and len(program.tile) == 3


class Hasty(IdealMemory):
    """A memory with another answer to each read and write than a beat a cycle."""

    def __init__(self, answer):
        self.answer = answer

    def read(self, beats, size):
        return self.answer(beats)

    write = read


@pytest.mark.parametrize("program", EXAMPLES, ids=lambda program: type(program).__name__)
@pytest.mark.parametrize("answer", [lambda beats: beats - 1, float, str], ids=["a cycle less", "a float", "a text"])
def test_a_memory_that_takes_fewer_cycles_than_beats_or_no_whole_ones_is_refused(program, answer):
    with pytest.raises(ValueError, match=r"^a read of (\d+) beats must take \1 cycles or more, whole ones, not "):
        simulate(replace(program, memory=Hasty(answer)))


@pytest.mark.parametrize("program", EXAMPLES[:3], ids=lambda program: type(program).__name__)
@pytest.mark.parametrize("part", ["work", "config", "memory", "mapping", "zeros"])
def test_a_program_is_refused_where_it_is_made_of_parts_of_another_kind(program, part):
    name = {"work": "update" if isinstance(program, UpdateProgram) else "gemm"}.get(part, part)
    if name in {field.name for field in fields(program) if field.init}:
        with pytest.raises(ValueError, match=r" of (a program|SAT|SIGMA) must be (a|for a) \w+, not (a|for a) str$"):
            replace(program, **{name: "another"})


@few(80)
@given(KINDS, MEMORIES)
def test_cycles_and_bytes_of_transactions_are_the_memorys_whatever_it_is(program, memory):
    program = replace(program, memory=memory)
    tiles = list(program.tiles())
    for tile in tiles[:5]:
        assert program.read_cycles(tile) == memory.read(program.lines(tile), sum(program.read_bytes(tile)))
        assert program.write_cycles(tile) == memory.write(program.beats(tile), program.write_bytes(tile))
    values, indices, results = program.bytes_moved
    assert values == pytest.approx(sum(program.read_bytes(tile)[0] for tile in tiles))
    assert indices == pytest.approx(sum(program.read_bytes(tile)[1] for tile in tiles))
    assert results == sum(program.write_bytes(tile) for tile in tiles if tile.last)


@few(80)
@given(KINDS)
def test_the_first_state_has_nothing_under_way_and_is_what_normalising_leaves_of_it(program):
    first: TileState = program.initial_state
    assert first.store_end == 0 and first.normalised() == (0, first.normalised()[1])
    state, span = first.after(program.times(next(program.tiles())))
    assert span.load_start == 0 and hash(state) is not None

"""A GEMM on SIGMA's streams: commands, records and lines that say what the operands are, and results put together."""

import numpy as np
import pytest

from cosim import Operands
from cosim.sigma import codec
from rtl.golden.benes import distribute
from rtl.golden.fan import slots
from rtl.sigma import layouts
from rtl.sigma.config import SigmaConfig
from tests.cosim.programs import scheduled
from tests.cosim.support import bits
from tests.support.sigma import as_bf16, sparse
from tests.support.sigma_programs import KN, MK
from tlm import Gemm
from tlm.sigma.mapping import SigmaMapping

PAPER = SigmaConfig(engines=2, lanes=4, results=4, rows=4, columns=8)
ODD = SigmaConfig(engines=3, lanes=8, results=3, rows=5, columns=9)
CASES = [
    (config, mapping, output) for config in (PAPER, ODD) for mapping in ("mk", "kn") for output in ("fp32", "fp16")
]


def fields(layout, word):
    return {name: word >> layout[name][1] & (1 << layout.bits(name)) - 1 for name in layout.fields}


def taken(layout, lines, config):
    """(the record that lines begin with, the lines after it)"""
    count = layouts.pieces(layout, config)
    return fields(layout, int.from_bytes(lines[:count].tobytes(), "little")), lines[count:]


def cut(word, width, count):
    return [word >> width * i & (1 << width) - 1 for i in range(count)]


def given(shape=(7, 21, 12), of_a=0.5, of_b=0.6, count=1):
    rng, (m, k, n) = np.random.default_rng(4), shape
    front = (count,) if count > 1 else ()
    return Operands(sparse(rng, (*front, m, k), of_a), sparse(rng, (*front, k, n), of_b))


def product(program, both):
    """c from the lines of all tiles: the sums of each Flex-DPE, by the wires that its record sets."""
    config, (rows, _, columns) = program.config, program.shape
    c, stream = np.zeros((rows, columns)), None
    for tile in program.tiles():
        lines, layout = codec.encoder(program, both)(tile), layouts.engine_record(config)
        assert lines.shape == (program.lines(tile), config.lanes * 2) and lines.dtype == np.uint8
        records = []
        for _ in range(tile.fold.engines):
            record, lines = taken(layout, lines, config)
            records.append(record)
        gather, lines = taken(layouts.gather_record(config), lines, config)
        stream = lines if tile.loads_stream else stream
        for column in range(tile.columns) if tile.fold.engines else ():
            ports = stream[column].view(np.uint16).tolist()
            sums = [summed(record, ports, config) for record in records]
            for engine in range(1, len(sums)):
                if gather["spans"] >> engine - 1 & 1:
                    sums[engine][0] += sums[engine - 1][config.results - 1]
            flat = [one for each in sums for one in each]
            for row, pick in enumerate(cut(gather["picks"], layouts.gather_bits(config), config.rows)):
                if gather["used"] >> row & 1:
                    c[tile.row + row, tile.column + column] += flat[pick]
    return c


def summed(record, ports, config):
    """The results of a Flex-DPE, NaN where the pick is of no run's slot: the device has anything there."""
    lanes = config.lanes
    arriving = np.array(distribute(ports, record["settings"]), np.uint16).view(np.float16).astype(float)
    held = np.array(cut(record["values"], 16, lanes), np.uint16).view(np.float16).astype(float)
    active, ids = cut(record["active"], 1, lanes), cut(record["runs"], 1, lanes)
    runs, number = [], 0
    for lane in range(lanes):  # a new one where neighbours' IDs differ
        number += lane > 0 and ids[lane] != ids[lane - 1]
        runs.append(number if active[lane] else None)
    found = {run.slot: sum(held[run.first : run.last + 1] * arriving[run.first : run.last + 1]) for run in slots(runs)}
    picks = cut(record["picks"], config.levels, config.results)
    return [found.get(pick, np.nan) for pick in picks]


@pytest.mark.parametrize("config, mapping, output", CASES)
def test_what_the_lines_say_is_the_product(config, mapping, output):
    """Of small integers, whose sums are exact in any order."""
    both = given()
    both = Operands(*(np.trunc(side * 4).astype(np.float16) for side in (both.a, both.b)))
    program = scheduled(Gemm(7, 21, 12, output=output), both, config, mapping)
    expected = both.a.astype(float) @ both.b.astype(float)
    assert np.array_equal(product(program, both), expected if mapping == "mk" else expected.T)
    assert len(list(program.tiles())) > 8


@pytest.mark.parametrize("seed", range(12))
def test_every_result_that_an_accumulator_or_the_adder_between_two_engines_takes_is_the_sum_of_a_run(seed):
    """The FAN does not say which slots hold one: the picks of any program's records name no others."""
    rng = np.random.default_rng(seed)
    lanes = int(rng.choice([2, 4, 8, 16]))
    engines, results, rows = (int(rng.integers(1, most + 1)) for most in (4, lanes, 12))
    config = SigmaConfig(engines=engines, lanes=lanes, results=max(2, results), rows=rows, columns=8)
    both = Operands(*(np.trunc(4 * sparse(rng, shape, rng.choice([0.1, 0.5, 1]))) for shape in ((9, 20), (20, 5))))
    program = scheduled(Gemm(9, 20, 5), both, config, "mk")
    assert np.array_equal(product(program, both), both.a.astype(float) @ both.b.astype(float))


def test_the_walk_throughs_lines():
    a, b = (np.where(side, np.arange(1, side.size + 1).reshape(side.shape), 0).astype(np.float16) for side in (MK, KN))
    program = scheduled(Gemm(3, 4, 4), Operands(a, b), PAPER, "mk")
    (tile,) = program.tiles()
    lines = codec.encoder(program, Operands(a, b))(tile)
    first, rest = taken(layouts.engine_record(PAPER), lines, PAPER)
    second, rest = taken(layouts.engine_record(PAPER), rest, PAPER)
    gather, rest = taken(layouts.gather_record(PAPER), rest, PAPER)
    values = [np.array(cut(record["values"], 16, 4), np.uint16).view(np.float16).tolist() for record in (first, second)]
    assert values == [[2, 3, 5, 6], [7, 9, 10, 11]]  # A B D E, F G H I
    assert (first["active"], second["active"]) == (0b1111, 0b1111)
    assert (first["runs"], second["runs"]) == (0b1100, 0b1110)  # lane 0 in the lowest bit
    # Sums of two lanes come out at adders 0 and 2; F alone in lane 0, G H I at adder 1, the highest.
    assert (first["picks"], second["picks"]) == (0 | 2 << 6, 0 | 1 << 2)  # results 0 and 3, the last; 0 and 1
    assert (gather["picks"], gather["used"], gather["spans"]) == (0 | 4 << 3 | 5 << 6, 0b111, 1)
    assert np.array_equal(rest.view(np.float16), b.T)


def test_bfloat16_is_the_upper_half_of_float32():
    values = as_bf16(np.array([1.0, -2.5, 3e38, 1e-40]))
    assert codec.patterns(values).tolist() == [0x3F80, 0xC020, 0x7F61, 0x0001]
    assert codec.patterns(np.array([1.0, -2.0], np.float16)).tolist() == [0x3C00, 0xC000]


@pytest.mark.parametrize("config, mapping, output", CASES)
def test_a_command_says_what_the_tile_is(config, mapping, output):
    both = given()
    program = scheduled(Gemm(7, 21, 12, output=output), both, config, mapping)
    for tile in program.tiles():
        assert fields(layouts.command(config), codec.command(program, tile)) == dict(
            engines=tile.fold.engines,
            columns=tile.columns,
            loads_stream=tile.loads_stream,
            first=tile.first,
            last=tile.last,
            rows=tile.rows,
            half=output == "fp16",
        )


@pytest.mark.parametrize("config, mapping, output", CASES)
@pytest.mark.parametrize("count", [1, 2])
def test_beats_become_the_result_again(config, mapping, output, count):
    both = given(count=count)
    program = scheduled(
        Gemm(7, 21, 12, output=output, count=count), both, config, SigmaMapping(mapping, 3, 5, "columns")
    )
    c = np.random.default_rng(5).integers(0, 1 << (32 if output == "fp32" else 16), (count, 7, 12))
    received = []
    for tile in (tile for tile in program.tiles() if tile.last):
        side = c[tile.item] if mapping == "mk" else c[tile.item].T
        for column in range(tile.column, tile.column + tile.columns):
            word = np.full(config.rows, 0xDEAD, np.uint32)  # rubbish beyond the block's rows
            word[: tile.rows] = side[tile.row : tile.row + tile.rows, column]
            received.append(word)
    got = codec.result(program, np.stack(received))
    assert got.dtype == {"fp32": np.float32, "fp16": np.float16}[output] and got.flags.c_contiguous
    assert np.array_equal(bits(got), c if count > 1 else c[0])


def test_there_are_no_constants():
    assert codec.constants(given()) == 0

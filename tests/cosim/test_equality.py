"""The contract: RTL in MyHDL and its Verilog in Icarus give the functional engine's bits and the model's cycles."""

from itertools import cycle

import pytest

import cosim
from rtl.sat.config import SatConfig
from tests.cosim.support import (
    HARDWARE,
    PATTERNS,
    QUICK_TILES,
    RAGGED,
    TINY,
    assert_contract,
    assert_mixed,
    operands,
    queued,
)
from tests.support.mixed import mixed_program
from tlm import Gemm, Mapping, simulate

LONG_SKEW = SatConfig(
    name="long-skew",
    rows=5,
    columns=4,
    largest_m=4,
    chunk=16,
    memory_latency=0,
    read_bytes_per_cycle=64,
    write_bytes_per_cycle=7.5,
)
HASTY = SatConfig(  # computes a short block in half of the cycles that its store takes
    name="hasty",
    rows=8,
    columns=2,
    interleave=4,
    chunk=16,
    memory_latency=0,
    read_bytes_per_cycle=1e6,
    write_bytes_per_cycle=1e6,
)
TALL = SatConfig(name="tall", rows=8, columns=1, interleave=1, chunk=16, memory_latency=2)  # 4 groups fill a bank
both_dataflows = pytest.mark.parametrize("mapping", ["os", "ws"])


@both_dataflows
@pytest.mark.parametrize(
    "shape",
    [
        (1, 1, 1),  # a single multiply-add
        (1, 1, 9),
        (4, 1, 1),  # K = 1, beyond the array in one direction
        (3, 16, 8),  # one tile, full
        (4, 17, 9),  # one more than full in each direction
        (2, 3, 5),  # fewer rows than the array, a last group of three
        (2, 4, 3),  # a block shorter than the array's skew
        (1, 33, 3),  # three tiles along K, the last of one element
        (5, 38, 11),
    ],
    ids=str,
)
@pytest.mark.parametrize("name", HARDWARE)
def test_shapes_that_do_not_fit_the_array(name, shape, mapping):
    assert_contract(cosim.engine(name, RAGGED), *operands(*shape), mapping=mapping)


@both_dataflows
@pytest.mark.parametrize("output", ["fp32", "fp16"])
@pytest.mark.parametrize("sparsity", PATTERNS)
def test_every_pattern_and_both_outputs(sparsity, output, mapping):
    assert len(PATTERNS) == 9
    assert assert_contract(cosim.engine("icarus", TINY), *operands(5, 37, 19), sparsity, output, mapping).c.size == 95


@pytest.mark.parametrize("sparsity, mapping", list(zip(PATTERNS, cycle(["os", "ws"]), strict=False)))
def test_every_pattern_in_myhdl(sparsity, mapping):
    assert_contract(cosim.engine("myhdl", TINY), *operands(2, 21, 9), sparsity, "fp16", mapping)


@both_dataflows
@pytest.mark.parametrize("name", HARDWARE)
def test_an_array_of_one_element(name, mapping):
    """Its delay lines would be single registers, which MyHDL can neither slice nor concatenate."""
    config = SatConfig(name="single", rows=1, columns=1, chunk=16)
    assert_contract(cosim.engine(name, config), *operands(2, 20, 5), mapping=mapping)


@both_dataflows
@pytest.mark.parametrize("sparsity", ["dense", "4:16", "1:8"])
def test_more_rows_than_groups_in_a_bank(sparsity, mapping):
    """Where weights are stationary, the last rows have blank ones."""
    assert_contract(cosim.engine("icarus", TALL), *operands(9, 70, 3), sparsity, mapping=mapping)


def test_a_block_follows_the_last_sums_of_the_one_before_without_a_pause():
    """With one weight a group, the last sum that enters is right before the first one that starts from zero."""
    memory = dict(memory_latency=0, read_bytes_per_cycle=1e6, write_bytes_per_cycle=1e6)
    config = SatConfig(name="no-pause", rows=2, columns=1, chunk=32, **memory)
    result = assert_contract(cosim.engine("icarus", config), *operands(16, 32, 12), "1:4", mapping="ws")
    spans, tiles = simulate(result.program).spans, list(result.program.tiles())
    pauses = [spans[i].compute_start - spans[i - 1].compute_end for i in range(1, len(tiles)) if tiles[i].first]
    assert pauses == [0] * 5 and not tiles[-1].first


@pytest.mark.parametrize("name", HARDWARE)
def test_a_block_that_is_finished_while_another_one_drains_waits_for_it(name):
    result = assert_contract(cosim.engine(name, HASTY), *operands(24, 4, 24))
    assert queued(result.program) == 4 and len(result.report.stores) == 9


@both_dataflows
@pytest.mark.parametrize("interleave", [1, 2, 3, 16])
def test_any_number_of_outputs_that_take_turns(interleave, mapping):
    config = TINY.model_copy(update=dict(interleave=interleave))
    values = operands(5, 20, 2 * interleave + 1)
    result = assert_contract(cosim.engine("icarus", config), *values, "2:4", mapping=mapping)
    assert result.report.busy == sum(tile.interleave_turns for tile in result.program.tiles()) * max(4, interleave)


@pytest.mark.parametrize(
    "shape, mapping",
    [
        *((shape, "os") for shape in ((6, 84, 38), (5, 84, 16), (5, 16, 16), (1, 84, 16), (5, 84, 38), (1, 48, 64))),
        *((shape, "ws") for shape in ((6, 84, 38), (1, 84, 38), (4, 16, 16), (1, 20, 16))),
    ],
    ids=str,
)
def test_tiles_shorter_than_the_skew_start_once(shape, mapping):
    """With 1:4, a tile takes 16 steps at most, the skew is five, or 20: the next one is loaded before it is over."""
    assert_contract(cosim.engine("icarus", LONG_SKEW), *operands(*shape), "1:4", mapping=mapping)


@pytest.mark.parametrize(
    "name, shape, mapping",
    [
        *(("icarus", shape, "os") for shape in ((1, 16, 24), (4, 16, 24), (4, 34, 34))),
        ("myhdl", (1, 32, 5), "os"),
        *(("icarus", shape, "ws") for shape in ((1, 16, 24), (2, 50, 24), (3, 100, 34))),
        ("myhdl", (1, 50, 5), "ws"),
    ],
    ids=str,
)
def test_tiles_of_one_group_with_memory_that_never_waits(name, shape, mapping):
    assert_contract(cosim.engine(name, QUICK_TILES), *operands(*shape), "1:16", mapping=mapping)


@pytest.mark.parametrize(
    "latency, read, write, mapping",
    [
        (0, 1e6, 1e6, "os"),
        (1, 1e6, 1e6, "ws"),
        (500, 1e6, 1e6, "os"),  # fast; late
        (0, 0.25, 1e6, "ws"),
        (0, 1e6, 0.25, "os"),
        (0, 0.25, 0.25, "os"),  # starved of reads, writes, both
        (0, 1e6, 0.25, "ws"),
        (0, 3.0, 3.0, "os"),
        (1, 3.0, 2.0, "ws"),
        (500, 0.25, 0.25, "ws"),
    ],
)
def test_memory_fast_and_starved(latency, read, write, mapping):
    memory = dict(memory_latency=latency, read_bytes_per_cycle=read, write_bytes_per_cycle=write)
    engine = cosim.engine("icarus", TINY.model_copy(update=memory))
    result = assert_contract(engine, *operands(5, 20, 17), "2:4", mapping=mapping)
    assert (len(result.tiles), len(result.report.stores)) == {"os": (18, 9), "ws": (18, 6)}[mapping]


@pytest.mark.parametrize(
    "memory, mapping",
    [
        (dict(memory_latency=0, read_bytes_per_cycle=1e6, write_bytes_per_cycle=1e6), "ws"),
        (dict(memory_latency=60, read_bytes_per_cycle=1, write_bytes_per_cycle=1), "os"),
    ],
    ids=["fast", "starved"],
)
def test_memory_fast_and_starved_in_myhdl(memory, mapping):
    assert_contract(cosim.engine("myhdl", TINY.model_copy(update=memory)), *operands(3, 18, 3), "2:4", mapping=mapping)


@pytest.mark.parametrize(
    "name, turns, write",
    [
        ("icarus", (("ws", 8), ("os", 4)), 16),
        ("icarus", (("os", 4), ("ws", 4), ("ws", 8)), 16),
        ("icarus", (("ws", 4), ("ws", 8), ("os", 16), ("os", 4)), 0.5),
        ("myhdl", (("os", 4), ("ws", 8)), 16),
    ],
    ids=str,
)
def test_the_dataflow_may_change_from_block_to_block(name, turns, write):
    """After tiles of a group; and where results leave slowly, so that both sets of accumulators wait."""
    config = TINY.model_copy(update=dict(write_bytes_per_cycle=write, read_bytes_per_cycle=64))
    program = mixed_program(Gemm(5, 18, 5), config, Mapping("os", 2, 3, 16), turns)
    result = assert_mixed(cosim.engine(name, config), *operands(5, 18, 5), program)
    flows = [tile.dataflow.name for tile in program.tiles() if tile.last]
    assert len(result.report.stores) == len(flows) == 6 and set(flows) == {"os", "ws"}

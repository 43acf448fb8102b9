"""The contract: RTL in MyHDL and its Verilog in Icarus give the functional engine's bits and the model's cycles."""
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import cosim
from rtl.config import SatConfig
from tests.cosim.support import HARDWARE, PATTERNS, TINY, VALUES, assert_contract, bits, operands, shallow

RAGGED = SatConfig(name="ragged", rows=3, columns=2, chunk=16, memory_latency=3, read_bytes_per_cycle=64)
LONG_SKEW = SatConfig(name="long-skew", rows=5, columns=4, largest_m=4, chunk=16, memory_latency=0,
                      read_bytes_per_cycle=64, write_bytes_per_cycle=7.5)
QUICK_TILES = SatConfig(name="quick-tiles", rows=3, columns=3, interleave=8, chunk=16, memory_latency=0,
                        read_bytes_per_cycle=1e6, write_bytes_per_cycle=1e6)


@pytest.mark.parametrize("shape", [
    (1, 1, 1),       # a single multiply-add
    (1, 1, 9), (4, 1, 1),                        # K = 1, beyond the array in one direction
    (3, 16, 8),      # one tile, full
    (4, 17, 9),      # one more than full in each direction
    (2, 3, 5),       # fewer rows than the array, a last group of three
    (2, 4, 3),       # a block shorter than the array's skew
    (1, 33, 3),      # three chunks of K, the last of one element
    (5, 38, 11)], ids=str)
@pytest.mark.parametrize("name", HARDWARE)
def test_shapes_that_do_not_fit_the_array(name, shape):
    assert_contract(cosim.engine(name, RAGGED), *operands(*shape))


@pytest.mark.parametrize("output", ["fp32", "fp16"])
@pytest.mark.parametrize("sparsity", PATTERNS)
def test_every_pattern_and_both_outputs(sparsity, output):
    assert len(PATTERNS) == 9
    assert assert_contract(cosim.engine("icarus", TINY), *operands(5, 37, 19), sparsity, output).c.size == 95


@pytest.mark.parametrize("sparsity", PATTERNS)
def test_every_pattern_in_myhdl(sparsity):
    assert_contract(cosim.engine("myhdl", TINY), *operands(2, 21, 9), sparsity, "fp16")


@pytest.mark.parametrize("name", HARDWARE)
def test_an_array_of_one_element(name):
    """Its delay lines would be single registers, which MyHDL can neither slice nor concatenate."""
    assert_contract(cosim.engine(name, SatConfig(name="single", rows=1, columns=1, chunk=16)), *operands(2, 20, 5))


@pytest.mark.parametrize("shape", [
    (6, 84, 38), (5, 84, 16), (5, 16, 16), (1, 84, 16), (5, 84, 38), (1, 48, 64)], ids=str)
def test_tiles_shorter_than_the_skew_start_once(shape):
    """With 1:4, a chunk takes 16 steps and the skew is five: the next tile is loaded before the last lane has read."""
    assert_contract(cosim.engine("icarus", LONG_SKEW), *operands(*shape), "1:4")


@pytest.mark.parametrize("name, shape", [
    *(("icarus", shape) for shape in ((1, 16, 24), (4, 16, 24), (4, 34, 34))), ("myhdl", (1, 32, 5))], ids=str)
def test_tiles_of_one_group_with_memory_that_never_waits(name, shape):
    assert_contract(cosim.engine(name, QUICK_TILES), *operands(*shape), "1:16")


@pytest.mark.parametrize("latency, read, write", [
    (0, 1e6, 1e6), (1, 1e6, 1e6), (500, 1e6, 1e6),                         # fast; late
    (0, 0.25, 1e6), (0, 1e6, 0.25), (0, 0.25, 0.25),                       # starved of reads, writes, both
    (0, 3.0, 3.0), (1, 3.0, 2.0), (500, 0.25, 0.25)])
def test_memory_fast_and_starved(latency, read, write):
    memory = dict(memory_latency=latency, read_bytes_per_cycle=read, write_bytes_per_cycle=write)
    result = assert_contract(cosim.engine("icarus", TINY.model_copy(update=memory)), *operands(5, 20, 17), "2:4")
    assert len(result.tiles) == 18 and len(result.report.stores) == 9


@pytest.mark.parametrize("memory", [
    dict(memory_latency=0, read_bytes_per_cycle=1e6, write_bytes_per_cycle=1e6),
    dict(memory_latency=60, read_bytes_per_cycle=1, write_bytes_per_cycle=1)], ids=["fast", "starved"])
def test_memory_fast_and_starved_in_myhdl(memory):
    assert_contract(cosim.engine("myhdl", TINY.model_copy(update=memory)), *operands(3, 18, 3), "2:4")


@pytest.mark.parametrize("a", VALUES)
@pytest.mark.parametrize("b", VALUES)
def test_every_kind_of_value_with_every_other(a, b):
    engine, compared = cosim.engine("icarus", TINY), 0
    for sparsity, output in (("dense", "fp32"), ("2:8", "fp32"), ("2:8", "fp16")):
        result = assert_contract(engine, *operands(6, 27, 10, 7, a, b), sparsity, output)
        compared += result.c.size
        pattern = bits(result.c)[np.isnan(result.c)]
        assert set(pattern.tolist()) <= {0x7FC00000 if output == "fp32" else 0x7E00}
    assert compared == 180


@pytest.mark.parametrize("kind", VALUES)
def test_every_kind_of_value_in_myhdl(kind):
    assert_contract(cosim.engine("myhdl", TINY), *operands(2, 19, 5, 8, kind, kind), "2:8", "fp16")


@pytest.mark.parametrize("name, sparsity", [*(("icarus", pattern) for pattern in PATTERNS[1:]), ("myhdl", "2:4")])
def test_an_infinite_activation_meets_each_place_of_a_group(name, sparsity):
    """Row i has its infinity at k = i: kept weights make it infinite, and pruned ones, 0 * infinity, NaN."""
    n, m = map(int, sparsity.split(":"))
    a, b = operands(m, m, 3)
    a[np.arange(m), np.arange(m)] = np.inf
    c = assert_contract(cosim.engine(name, TINY), a, b, sparsity).c
    assert np.isinf(c).sum() == 3 * n and np.isnan(c).sum() == 3 * (m - n)


@pytest.mark.parametrize("a, b", [("normal", "normal"), ("any_bits", "subnormals"), ("large", "with_infinities")])
def test_the_bits_do_not_depend_on_the_array(a, b):
    values = operands(7, 50, 13, 3, a, b)
    for sparsity in ("dense", "4:8"):
        results = [assert_contract(cosim.engine("icarus", config), *values, sparsity)
                   for config in (TINY, RAGGED, QUICK_TILES)]
        patterns = [bits(result.c).tobytes() for result in results]
        assert len(patterns[0]) == 4 * 91 and len(set(patterns)) == 1
        assert len({result.cycles for result in results}) == 3


@st.composite
def hardware(draw):
    largest_m = draw(st.sampled_from((4, 8, 16)))
    rates = st.sampled_from((1.0, 7.5, 64.0, 1e6))
    return SatConfig(
        rows=draw(st.integers(1, 5)), columns=draw(st.integers(1, 5)), interleave=draw(st.integers(4, 7)),
        largest_m=largest_m, chunk=draw(st.integers(-(-16 // largest_m), 64 // largest_m)) * largest_m,
        memory_latency=draw(st.sampled_from((0, 1, 5, 40))),
        read_bytes_per_cycle=draw(rates), write_bytes_per_cycle=draw(rates))


@st.composite
def work(draw, config, most):
    shape = [draw(st.integers(1, size)) for size in most]
    known = [p for p in PATTERNS if p == "dense" or int(p.split(":")[1]) <= config.largest_m]
    kinds = st.sampled_from(list(VALUES))
    return (operands(*shape, draw(st.integers(0, 999)), draw(kinds), draw(kinds)),
            draw(st.sampled_from(known)), draw(st.sampled_from(("fp32", "fp16"))))


BOUNDED = dict(derandomize=True, deadline=None, database=None, phases=(Phase.explicit, Phase.generate))


@settings(max_examples=20, **BOUNDED)
@given(data=st.data())
def test_any_configuration_and_any_work_in_icarus(data):
    config = data.draw(hardware())
    engine = shallow(cosim.engine, "icarus", config)
    for _ in range(3):
        values, sparsity, output = data.draw(work(config, (12, 80, 40)))
        assert_contract(engine, *values, sparsity, output)


@settings(max_examples=8, **BOUNDED)
@given(data=st.data())
def test_any_configuration_and_any_work_in_myhdl(data):
    config = data.draw(hardware())
    values, sparsity, output = data.draw(work(config, (4, 24, 9)))
    assert_contract(cosim.engine("myhdl", config), *values, sparsity, output)

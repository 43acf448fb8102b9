"""Updates and reductions on every engine: the functional engine's bits, the model's cycles, and the N:M contract."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cosim
from cosim.check.checker import Checker
from rtl.golden import Rates, fp32_to_fp16
from rtl.sat.config import SatConfig
from rtl.sparsity import Sparsity
from tests.cosim.support import PATTERNS, TINY, queued
from tests.support import update
from tests.support.marks import first_now
from tests.support.properties import few

RATES = Rates(0.1, 0.9, 1e-3, 4.0)
FAST = dict(memory_latency=0, read_bytes_per_cycle=1e6, write_bytes_per_cycle=1e6)
NARROW = SatConfig(name="narrow", rows=1, columns=1, interleave=1, largest_m=16, chunk=16, update_lanes=16, **FAST)
LONG = SatConfig(name="long", rows=2, columns=9, largest_m=8, chunk=80, update_lanes=1, memory_latency=1)
SHORT = SatConfig(name="short", rows=1, columns=3, interleave=2, largest_m=4, chunk=16, update_lanes=4, **FAST)


def matrices(shape, kind="wide", seed=1, rates=RATES):
    return update.triple(np.random.default_rng(seed), shape, kind, rates)


def as_halves(w: np.ndarray) -> list[list[int]]:
    """FP16 patterns, rounded by the scalar unit."""
    return [[fp32_to_fp16(int(x)) for x in row] for row in np.ascontiguousarray(w).view(np.uint32)]


def best(group: list[int], n: int) -> list[int]:
    """The indices kept of a group of patterns: those fewer than n beat. NaN is largest, the first of equals wins."""
    size = [min(pattern & 0x7FFF, 0x7C01) for pattern in group]
    places = range(len(group))
    beats = [[size[j] > size[i] or (size[j] == size[i] and j < i) for j in places] for i in places]
    return [i for i, row in enumerate(beats) if sum(row) < n]


def line_of(patterns: list[int], n: int, m: int) -> list[list[tuple[int, int]]]:
    """(pattern, index) of what is kept of each group of a line, the last one filled with zeros."""
    groups = [patterns[i : i + m] + [0] * (m - len(patterns[i : i + m])) for i in range(0, len(patterns), m)]
    return [[(group[i], i) for i in best(group, n)] for group in groups]


def entries(copy, line: int) -> list[list[tuple[int, int]]]:
    """The same, of a line of a copy."""
    values, indices = np.ascontiguousarray(copy.values[:, :, line]).view(np.uint16), copy.indices[:, :, line]
    return [
        list(zip(value, index, strict=True)) for value, index in zip(values.tolist(), indices.tolist(), strict=True)
    ]


def assert_copies(updated, w, pattern, channels) -> int:
    """Both copies hold what brute force keeps, kernel position by kernel position. Returns the groups compared."""
    sparsity, halves, compared = Sparsity.parse(pattern), as_halves(w), 0
    if updated.forward:
        for line in range(w.shape[1]):
            want = [
                group
                for first in range(0, len(w), channels)
                for group in line_of([row[line] for row in halves[first : first + channels]], sparsity.n, sparsity.m)
            ]
            assert entries(updated.forward, line) == want
            compared += len(want)
    if updated.backward:
        for line, row in enumerate(halves):
            want = line_of(row, sparsity.n, sparsity.m)
            assert entries(updated.backward, line) == want
            compared += len(want)
    if updated.half is not None:
        assert np.ascontiguousarray(updated.half).view(np.uint16).tolist() == halves
    return compared


def assert_update(engine, shape, pattern, channels, kind="wide", seed=1, rates=RATES):
    """An update, and a reduction of what it gives: bits and cycles, copies, and both copies alike. Returns both."""
    checker = engine if isinstance(engine, Checker) else Checker(engine)
    w, v, g = matrices(shape, kind, seed, rates)
    g = np.where(np.isfinite(g), g, np.float32(1))
    result = checker.update(w, v, g, rates, pattern, channels=channels)
    again = checker.reduce(result.updated.weights, pattern, channels=channels)
    assert all(verdict.equal for verdict in checker.checked[-2:]) and not result.skipped
    compared = assert_copies(result.updated, result.updated.weights, pattern, channels)
    assert assert_copies(again.updated, result.updated.weights, pattern, channels) == compared
    made = bool(result.program.update.forward or result.program.update.backward)
    assert (compared > 0) == made
    return result, again


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern(pattern):
    result, _ = assert_update(cosim.engine("icarus", TINY), (34, 19), pattern, 17)
    assert result.cycles > 500 and len(result.report.tiles) == (8 if pattern.endswith(":16") else 6)


@pytest.mark.parametrize("pattern", ["dense", "2:4", "1:8", "4:16"])
def test_patterns_of_every_m_in_myhdl(pattern):
    config = SHORT if pattern.endswith(":4") else SatConfig(rows=1, columns=2, chunk=16, update_lanes=4, **FAST)
    assert_update(cosim.engine("myhdl", config), (16, 16), pattern, 16)


@pytest.mark.parametrize(
    "name, config, shape, pattern, channels",
    [
        ("icarus", NARROW, (16, 16), "4:16", 16),  # a slice of 16 weights takes 24 lines, a row of masters 32 words
        ("icarus", NARROW, (50, 3), "1:4", 2),  # channels and columns fewer than a group: no copy
        ("icarus", NARROW, (1, 1), "dense", 1),
        ("icarus", NARROW, (27, 17), "2:8", 3),  # 9 kernel positions, backward only, one column beyond a tile
        ("icarus", SHORT, (9, 9), "1:4", 1),
        ("icarus", SHORT, (45, 3), "2:4", 5),  # 9 positions of five channels: zeros fill a second group
        ("icarus", LONG, (36, 7), "4:8", 9),  # forward only; 20 vectors would fit, 16 are whole groups
        ("icarus", LONG, (60, 30), "1:8", 20),
        ("icarus", LONG, (41, 5), "dense", 41),
        ("myhdl", NARROW, (3, 2), "1:4", 3),
        ("myhdl", SHORT, (10, 5), "2:4", 5),
        ("myhdl", LONG, (9, 3), "1:8", 9),
    ],
    ids=str,
)
def test_odd_arrays_and_odd_weights(name, config, shape, pattern, channels):
    assert_update(cosim.engine(name, config), shape, pattern, channels)


@pytest.mark.parametrize(
    "latency, read, write", [(0, 1e6, 1e6), (500, 1e6, 1e6), (0, 0.25, 1e6), (0, 1e6, 0.25), (500, 7.5, 2.0)]
)
def test_memory_fast_and_starved(latency, read, write):
    memory = dict(memory_latency=latency, read_bytes_per_cycle=read, write_bytes_per_cycle=write)
    result, _ = assert_update(cosim.engine("icarus", TINY.model_copy(update=memory)), (36, 18), "2:4", 18)
    assert len(result.report.tiles) == 6
    assert queued(result.program) == 0 if read < 1 else queued(result.program) >= 4


@pytest.mark.parametrize("name", first_now(["icarus", "myhdl"]))
@pytest.mark.parametrize("read, write", [(1 / 64, 1e6), (1e6, 1 / 64)])
def test_memory_of_a_byte_in_64_cycles(name, read, write):
    config = SHORT.model_copy(update=dict(read_bytes_per_cycle=read, write_bytes_per_cycle=write))
    shape = (4, 3) if name == "icarus" else (2, 1)
    result, _ = assert_update(cosim.engine(name, config), shape, "1:4", shape[0])
    assert result.cycles > 64 * 8 * shape[0] * shape[1]


@pytest.mark.parametrize("kind", update.NUMBERS)
def test_every_kind_of_number(kind):
    result, _ = assert_update(cosim.engine("icarus", TINY), (33, 17), "2:8", 11, kind)
    w, nan = result.updated.weights, np.isnan(result.updated.weights)
    assert set(w[nan].view(np.uint32).tolist()) <= {0x7FC00000}
    assert np.isfinite(w).sum() > 200 and len(np.unique(w)) > 15


@pytest.mark.parametrize("rates", [*update.RATES, Rates(0.0), Rates(-0.1, -0.9, -1e-3, -3.0)], ids=str)
def test_any_constants(rates):
    assert_update(cosim.engine("icarus", TINY), (20, 9), "1:4", 20, "normal", 3, rates)


def test_the_bits_do_not_depend_on_the_hardware():
    found = []
    for config in (TINY, SHORT, LONG, NARROW):
        result, again = assert_update(cosim.engine("icarus", config), (30, 9), "2:4", 10)
        updated = result.updated
        found.append(
            (
                updated.weights.tobytes(),
                updated.velocities.tobytes(),
                updated.forward.values.tobytes(),
                updated.forward.indices.tobytes(),
                updated.backward.values.tobytes(),
                result.cycles,
                again.cycles,
            )
        )
    assert len({one[:-2] for one in found}) == 1 and len({one[-2:] for one in found}) == 4


def test_a_weight_that_overflows_fp16_is_infinite_in_the_copies_and_finite_in_the_master():
    w = np.array([[1e5, 1], [2, 70000], [-1e38, 3], [65519, 4]], np.float32)
    engine = Checker(cosim.engine("icarus", TINY))
    result = engine.update(w, np.zeros_like(w), np.zeros_like(w), Rates(0.1), "2:4")
    assert np.array_equal(result.updated.weights, w)
    assert result.updated.forward.values[0].T.tolist() == [[np.inf, -np.inf], [np.inf, 4]]
    assert result.updated.forward.indices[0].T.tolist() == [[0, 2], [1, 3]]
    assert not result.report.overflow


@st.composite
def hardware(draw):
    largest_m = draw(st.sampled_from((4, 8, 16)))
    rates = st.sampled_from((0.5, 1.0, 7.5, 64.0, 1e6))
    return SatConfig(
        rows=draw(st.integers(1, 4)),
        columns=draw(st.integers(1, 9)),
        interleave=draw(st.sampled_from((1, 3, 4, 7))),
        largest_m=largest_m,
        chunk=draw(st.sampled_from((16, 32, 48, 80, 112))),
        update_lanes=draw(st.sampled_from([lanes for lanes in (1, 2, 4, 8, 16) if lanes <= largest_m])),
        memory_latency=draw(st.sampled_from((0, 1, 5, 40))),
        read_bytes_per_cycle=draw(rates),
        write_bytes_per_cycle=draw(rates),
    )


def drawn_update(data, engine, positions, most):
    """Draw an update that the engine's hardware knows, and check it."""
    known = [p for p in PATTERNS if p == "dense" or int(p.split(":")[1]) <= engine.config.largest_m]
    channels, n = (data.draw(st.integers(1, size)) for size in most)
    shape = channels * data.draw(st.sampled_from(positions)), n
    assert_update(
        engine,
        shape,
        data.draw(st.sampled_from(known)),
        channels,
        data.draw(st.sampled_from(sorted(update.NUMBERS))),
        data.draw(st.integers(0, 999)),
        data.draw(st.sampled_from(update.RATES)),
    )


@few(2, shrink=False)
@given(data=st.data())
def test_any_hardware_and_any_updates_in_icarus(data):
    engine = Checker(cosim.engine("icarus", data.draw(hardware())))
    for _ in range(3):
        drawn_update(data, engine, (1, 2, 3, 9), (20, 20))
    assert len(engine.checked) == 6


@few(1, shrink=False)
@given(data=st.data())
def test_any_hardware_and_any_update_in_myhdl(data):
    config = data.draw(hardware().filter(lambda config: config.largest_m < 16 or config.update_lanes < 16))
    drawn_update(data, Checker(cosim.engine("myhdl", config)), (1, 2), (5, 5))

"""Constant rates: a transaction's latency, then the slower of beats and bytes; and bounds of many transactions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl.sat.config import PRESETS
from rtl.sigma.config import PRESETS as SIGMA
from tests.support.memories import MEMORIES
from tests.support.properties import few
from tlm.memory import BUFFER_LATENCY, ConstantRates, memory_of

BYTES = st.one_of(st.just(0.0), st.floats(1 / 8, 10**6))


@pytest.mark.parametrize(
    "beats, size, rate, latency, cycles",
    [
        (20, 320, 32, 10, 30),  # a beat a cycle at most
        (20, 320, 8, 10, 50),  # 40 cycles of bytes
        (20, 321, 8, 10, 51),  # a byte more is a cycle more
        (1, 1, 256, 0, 1),
        (4, 10, 2.5, 3, 7),
        (4, 10.5, 2.5, 3, 8),
    ],
)
def test_a_transaction_takes_its_latency_and_the_slower_of_beats_and_bytes(beats, size, rate, latency, cycles):
    assert ConstantRates(0, latency, rate, 1.0).read(beats, size) == cycles
    assert ConstantRates(0, latency, 1.0, rate).write(beats, size) == cycles


@few(100)
@given(st.integers(1, 5000), st.integers(1, 10**6), st.integers(1, 512), st.integers(0, 500))
def test_more_bytes_never_take_less_and_a_faster_memory_never_more(beats, size, rate, latency):
    def cycles(size, rate, latency):
        memory = ConstantRates(0, latency, rate, rate)
        assert memory.read(beats, size) == memory.write(beats, size)
        return memory.read(beats, size)

    taken = cycles(size, rate, latency)
    assert taken >= latency + beats and (taken - latency) * rate >= size
    assert cycles(size + 1, rate, latency) >= taken >= cycles(size, rate + 1, latency)
    assert cycles(size, rate, latency + 1) == taken + 1


def test_a_load_that_moves_no_bytes_comes_from_the_on_chip_buffer():
    assert ConstantRates(1024, 500, 1.0, 1.0).read(7, 0) == BUFFER_LATENCY + 7


@pytest.mark.parametrize("config", [*PRESETS.values(), *SIGMA.values()], ids=lambda config: config.name)
def test_a_configuration_describes_its_memory(config):
    memory = memory_of(config)
    assert memory == ConstantRates.of(config) == memory_of(config) and hash(memory) == hash(memory_of(config))
    assert memory.buffer_bytes == 1024 * config.buffer_kib
    assert memory.read(1, 2**20) == config.memory_latency + 2**20 / config.read_bytes_per_cycle
    assert memory.write(1, 2**20) == config.memory_latency + 2**20 / config.write_bytes_per_cycle


@few(300)
@given(MEMORIES, st.lists(st.tuples(st.integers(1, 500), BYTES), min_size=1, max_size=20))
def test_many_transactions_take_no_fewer_cycles_than_their_bound(memory, transactions):
    beats, size = (sum(part) for part in zip(*transactions, strict=True))
    count, moving = len(transactions), sum(1 for _, size in transactions if size)
    reads, writes = (sum(each(*one) for one in transactions) for each in (memory.read, memory.write))
    rounding = 1 + 1e-9  # of sums of bytes that are no whole numbers
    assert memory.reads_at_least(count, beats, size) <= reads * rounding
    assert memory.reads_at_least(count, beats, size, moving) <= reads * rounding
    assert memory.reads_at_least(count, beats, 0, moving) <= reads
    assert memory.writes_at_least(count, beats, size) <= writes * rounding
    assert all(memory.read(*one) >= one[0] <= memory.write(*one) for one in transactions)


@few(100)
@given(MEMORIES, st.integers(1, 50), st.integers(1, 500), BYTES, st.integers(0, 50))
def test_a_bound_of_many_mappings_is_that_of_each(memory, count, beats, size, moving):
    def alone(number):
        return (np.full(3, one) for one in number)

    for bound, numbers in (
        (memory.reads_at_least, (count, beats, size)),
        (memory.reads_at_least, (count, beats, size, min(moving, count))),
        (memory.writes_at_least, (count, beats, size)),
    ):
        assert np.asarray(bound(*alone(numbers))).tolist() == [bound(*numbers)] * 3

"""accumulator: parts into the sums of one block, while those of the other are drained."""

import pytest

from rtl import timing as units
from rtl.golden import fp32_add
from rtl.sigma import timing
from rtl.sigma.config import SigmaConfig
from rtl.sigma.reduction.accumulator import accumulator
from tests.support import floats
from tests.support.script import play

CONFIG = SigmaConfig(engines=1, lanes=2, results=2, rows=1, columns=11)
PASSES = {"myhdl": 6, "icarus": 30}


def device(build):
    return build(accumulator, config=CONFIG)


class Bench:
    """A script of steps and of fetches, and what the fetches must bring."""

    def __init__(self):
        self.entries, self.sums, self.expected = [], {}, {}

    def at(self, cycle):
        self.entries += [{} for _ in range(cycle + 1 - len(self.entries))]
        return self.entries[cycle]

    def step(self, cycle, part, which, column, valid=1, fresh=0):
        """A step's part comes in this cycle."""
        self.at(cycle - timing.FETCH).update(
            addition_feed=int(valid and not fresh), addition_feed_set=which, addition_feed_column=column
        )
        self.at(cycle).update(addition_fresh=fresh, addition_add_set=which, part=part)
        self.at(cycle + units.ACCUMULATE - 1).update(
            addition_write=valid, addition_write_set=which, addition_write_column=column
        )
        if valid:
            self.sums[which, column] = fp32_add(0 if fresh else self.sums[which, column], part)

    def drain(self, cycle, which, column):
        self.at(cycle).update(drain_read=1, drain_column=column)
        for at in (cycle, cycle + 1):  # the set holds while its block is drained
            self.at(at)["drain_set"] = which
        self.expected[cycle + 1] = self.sums[which, column]

    def check(self, build):
        got = play(device(build), self.entries, "drained")["drained"]
        assert {cycle: got[cycle] for cycle in self.expected} == self.expected


@pytest.mark.parametrize("columns", [5, 7, 11])
def test_a_column_a_cycle_is_added_while_the_block_before_is_drained(build, simulator, rng, columns):
    """Blocks of some tiles each, whose columns come again after TURN cycles or more; a step may also be none."""
    assert timing.TURN == 5
    parts = iter([*floats.FP32_CLASSES, *floats.random_singles(floats.numpy_of(rng), 6000).tolist()])
    bench, cycle = Bench(), timing.FETCH
    for block in range(PASSES[simulator]):
        which, start, drained = block % 2, cycle, iter(range(columns if block else 0))
        for tile in range(rng.randrange(2, 5)):
            for column in range(columns):
                if rng.random() < 0.2:  # the part of no step at all
                    bench.step(cycle, next(parts), which, column, valid=0)
                    cycle += 1
                bench.step(cycle, next(parts), which, column, fresh=int(tile == 0))
                # The block before stands when its last sum is written, which is then fetched at the earliest.
                if cycle >= start + units.ACCUMULATE - 1 and (other := next(drained, None)) is not None:
                    bench.drain(cycle, 1 - which, other)
                cycle += 1
    bench.check(build)
    assert len(bench.expected) >= columns * (PASSES[simulator] - 2)


def test_a_sum_stands_for_its_drain_and_its_next_part_after_the_promised_cycles_and_not_before(build):
    one, two, three = map(floats.single, (1.0, 2.0, 3.0))
    bench = Bench()
    bench.step(1, one, 0, 4, fresh=1)
    bench.drain(1 + units.ACCUMULATE, 0, 4)
    bench.step(1 + timing.TURN, two, 0, 4)
    bench.at(timing.TURN + units.ACCUMULATE).update(drain_read=1, drain_column=4)
    bench.expected[1 + timing.TURN + units.ACCUMULATE] = one  # a cycle too early
    bench.drain(1 + timing.TURN + units.ACCUMULATE, 0, 4)
    bench.check(build)
    assert list(bench.expected.values()) == [one, one, three]


def test_a_first_part_is_added_to_zero_so_that_minus_zero_and_every_nan_become_the_usual_ones(build):
    bench = Bench()
    for column, part in enumerate((0x80000000, 0xFFC01234, 0x7F800001, 0x00000001, 0xFF800000)):
        for which in (0, 1):
            bench.step(1 + 2 * column + which, part, which, column, fresh=1)
    for which in (0, 1):
        for column in range(5):
            bench.drain(20 + 6 * which + column, which, column)
    bench.check(build)
    assert list(bench.expected.values()) == [0, 0x7FC00000, 0x7FC00000, 1, 0xFF800000] * 2

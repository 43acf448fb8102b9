"""fan_node: the chosen wire of each side."""

import pytest
from myhdl import Signal, intbv

from rtl import timing
from rtl.golden import fp32_add
from rtl.sigma import fan_node as unit
from rtl.sigma.fan_choice import choice_bits
from tests.support import floats
from tests.support.update import packed

COUNT = {"myhdl": 300, "icarus": 3_000}


@pytest.mark.parametrize("level", range(2, 7))
def test_it_adds_what_comes_on_the_chosen_wires(compute, simulator, rng, level):
    """The other wires carry other numbers."""
    bits, numbers, vectors, want = choice_bits(level), floats.numpy_of(rng), [], []
    for _ in range(COUNT[simulator]):
        lefts, rights = (x.tolist() for x in floats.random_single_pairs(numbers, level))
        left, right, add = rng.randrange(level), rng.randrange(level), rng.getrandbits(1)
        vectors.append((packed(lefts, 32), packed(rights, 32), right << bits | left, add))
        want.append(fp32_add(lefts[left], rights[right]) if add else lefts[left])
    widths = dict(lefts=32 * level, rights=32 * level, choice=2 * bits)
    ports = dict(
        clk=Signal(bool(0)),
        **{name: Signal(intbv(0)[width:]) for name, width in widths.items()},
        add=Signal(bool(0)),
        total=Signal(intbv(0)[32:]),
    )
    assert compute(unit.fan_node, ports, vectors, unit.LATENCY, level=level) == want
    assert len(set(want)) > COUNT[simulator] * 9 // 10


def test_the_latency_is_the_one_that_the_model_counts():
    assert unit.LATENCY == timing.ACCUMULATE

"""fan_node: the chosen wire of each side."""

import pytest

from rtl import timing
from rtl.golden import fp32_add
from rtl.sigma import layouts
from rtl.sigma.reduction import fan_node as unit
from tests.support import floats
from tests.support.update import packed

COUNT = {"myhdl": 300, "icarus": 3_000}


@pytest.mark.parametrize("level", range(2, 7))
def test_it_adds_what_comes_on_the_chosen_wires(compute, simulator, rng, level):
    """The other wires carry other numbers."""
    f, numbers, vectors, want = layouts.choice(level), floats.numpy_of(rng), [], []
    for _ in range(COUNT[simulator]):
        lefts, rights = (x.tolist() for x in floats.random_single_pairs(numbers, level))
        left, right, add = rng.randrange(level), rng.randrange(level), rng.getrandbits(1)
        vectors.append((packed(lefts, 32), packed(rights, 32), f.pack(left=left, right=right), add))
        want.append(fp32_add(lefts[left], rights[right]) if add else lefts[left])
    assert compute(unit.fan_node, unit.ports(level), vectors, unit.LATENCY, level=level) == want
    assert len(set(want)) > COUNT[simulator] * 9 // 10


def test_the_latency_is_the_one_that_the_model_counts():
    assert unit.LATENCY == timing.ACCUMULATE

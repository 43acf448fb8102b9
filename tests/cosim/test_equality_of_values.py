"""The contract for values of every kind: NaN, infinities, subnormals, large and any bits, on SAT's Verilog."""

from itertools import cycle, product

import numpy as np
import pytest

import cosim
from tests.cosim.support import PATTERNS, QUICK_TILES, RAGGED, TINY, VALUES, assert_contract, bits, operands
from tlm import Mapping

WAYS = [
    ("dense", "fp32", "os"),
    ("2:8", "fp32", "ws"),
    ("2:8", "fp16", "os"),
    ("dense", "fp16", "ws"),
    ("1:4", "fp32", "os"),
]


@pytest.mark.parametrize(
    "a, b, way", [(*pair, way) for pair, way in zip(product(VALUES, VALUES), cycle(WAYS), strict=False)], ids=str
)
def test_every_kind_of_value_with_every_other(a, b, way):
    """Each pair in one of five ways, so that each kind meets every way."""
    sparsity, output, mapping = way
    c = assert_contract(cosim.engine("icarus", TINY), *operands(6, 27, 10, 7, a, b), sparsity, output, mapping).c
    assert c.size == 60
    assert set(bits(c)[np.isnan(c)].tolist()) <= {0x7FC00000 if output == "fp32" else 0x7E00}


@pytest.mark.parametrize("kind, mapping", list(zip(VALUES, cycle(["os", "ws"]), strict=False)))
def test_every_kind_of_value_in_myhdl(kind, mapping):
    assert_contract(cosim.engine("myhdl", TINY), *operands(2, 19, 5, 8, kind, kind), "2:8", "fp16", mapping)


@pytest.mark.parametrize(
    "name, sparsity, mapping",
    [*(("icarus", pattern, mapping) for pattern in PATTERNS[1:] for mapping in ("os", "ws")), ("myhdl", "2:4", "ws")],
)
def test_an_infinite_activation_meets_each_place_of_a_group(name, sparsity, mapping):
    """Row i has its infinity at k = i: kept weights make it infinite, and pruned ones, 0 * infinity, NaN."""
    n, m = map(int, sparsity.split(":"))
    a, b = operands(m, m, 3)
    a[np.arange(m), np.arange(m)] = np.inf
    c = assert_contract(cosim.engine(name, TINY), a, b, sparsity, mapping=mapping).c
    assert np.isinf(c).sum() == 3 * n and np.isnan(c).sum() == 3 * (m - n)


@pytest.mark.parametrize("a, b", [("normal", "normal"), ("any_bits", "subnormals"), ("large", "with_infinities")])
def test_the_bits_do_not_depend_on_array_dataflow_or_tiles(a, b):
    values, small = operands(7, 50, 13, 3, a, b), Mapping("ws", 2, 5, 8, "columns")
    for sparsity in ("dense", "4:8"):
        results = [
            assert_contract(cosim.engine("icarus", config), *values, sparsity, mapping=mapping)
            for config, mapping in ((TINY, "os"), (RAGGED, "ws"), (QUICK_TILES, "os"), (TINY, small))
        ]
        patterns = [bits(result.c).tobytes() for result in results]
        assert len(patterns[0]) == 4 * 91 and len(set(patterns)) == 1
        assert len({result.cycles for result in results}) == 4

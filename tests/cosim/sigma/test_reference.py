"""What SIGMA computes, against sums written anew from the definition: trees of additions, one float32 at a time."""

import numpy as np
import pytest

import cosim
from cosim import Operands
from cosim.sigma.reference import products
from rtl.golden import nm_mask
from rtl.sigma.config import PRESETS, SigmaConfig
from tests.cosim.programs import scheduled
from tests.cosim.support import VALUES, bits
from tests.support.sigma import as_bf16, sparse
from tlm import Gemm, simulate
from tlm.sigma.mapping import SigmaMapping
from tlm.sigma.packing import pack

CONFIGS = [
    SigmaConfig(engines=1, lanes=2, results=2, rows=3, columns=8),
    SigmaConfig(engines=2, lanes=4, results=4, rows=4, columns=8),
    SigmaConfig(engines=3, lanes=8, results=3, rows=20, columns=9),
    SigmaConfig(engines=2, lanes=16, results=8, rows=5, columns=30),
]
BF16 = SigmaConfig(engines=2, lanes=8, results=5, rows=6, columns=8, operands="bf16")
NAN = {4: 0x7FC00000, 2: 0x7E00}
names = pytest.mark.parametrize("mapping", ["mk", "kn"])
configs = pytest.mark.parametrize("config", CONFIGS, ids=lambda config: f"{config.engines}x{config.lanes}")


def tree(products, first, last):
    """The sum of lanes first .. last: of the parts on both sides of the adder of highest level between them."""
    if first == last:
        return products[first]
    adder = max(range(first, last), key=lambda adder: (~adder & adder + 1).bit_length())
    return tree(products, first, adder) + tree(products, adder + 1, last)


def element(row, column, kept, places, config):
    """One element of the result.

    row, column  the operands' values along k; kept: of each chunk, the elements of row that stay
    places       of each chunk, (fold, Flex-DPE, lane) of each of these
    """
    total = np.float32(0)
    for elements, where in zip(kept, places, strict=True):
        parts = {}
        for at, (fold, engine, lane) in zip(elements, where, strict=True):
            parts.setdefault(fold, {}).setdefault(engine, {})[lane] = multiplied(row[at], column[at])
        for fold in sorted(parts):
            part = None
            for engine in sorted(parts[fold]):
                lanes = parts[fold][engine]
                run = tree(lanes, min(lanes), max(lanes))
                part = run if part is None else part + run
            total = total + part
    return total


def multiplied(x, y):
    return np.float32(0) if x == 0 or y == 0 else np.float32(x) * np.float32(y)


def expected(a, b, config, mapping):
    """c of one product, float32."""
    stationary, stream = (a, b) if mapping.stationary == "mk" else (b.T, a.T)
    rows, columns, k = len(stationary), stream.shape[1], stationary.shape[1]
    c = np.zeros((rows, columns), np.float32)
    for top in range(0, rows, mapping.rows):
        for left in range(0, columns, mapping.columns):
            below, right = min(top + mapping.rows, rows), min(left + mapping.columns, columns)
            kept, places = layout(stationary[top:below], stream[:, left:right], k, config)
            for r in range(top, below):
                for s in range(left, right):
                    c[r, s] = element(stationary[r], stream[:, s], kept[r - top], places[r - top], config)
    return c if mapping.stationary == "mk" else c.T


def layout(stationary, stream, k, config):
    """For each row of a block (elements that stay, their places) of each chunk of k; packing has its own tests."""
    kept, places = [[] for _ in stationary], [[] for _ in stationary]
    for start in range(0, k, config.lanes):
        chunk = slice(start, min(start + config.lanes, k))
        stays = (stationary[:, chunk] != 0) & (stream[chunk] != 0).any(axis=1)
        for row, bitmap in enumerate(stays):
            kept[row].append((start + np.flatnonzero(bitmap)).tolist())
            places[row].append([])
        for number, fold in enumerate(pack(tuple(map(int, stays.sum(axis=1))), config)):
            for one in fold.segments:
                places[one.row][-1] += [(number, one.engine, one.lane + i) for i in range(one.count)]
    return kept, places


def check(config, a, b, mapping, sparsity=None, output="fp32"):
    """Compare every bit; returns c."""
    mapping = SigmaMapping(mapping, config.rows, config.columns) if isinstance(mapping, str) else mapping
    result = cosim.engine("functional", config).gemm(a, b, sparsity, mapping=mapping, output=output)
    if sparsity:
        b = np.where(nm_mask(b, *map(int, sparsity.split(":"))), b, b.dtype.type(0))
    with np.errstate(all="ignore"):
        want = expected(a, b, config, mapping)
        want = want if output == "fp32" else want.astype(np.float16)
    patterns = bits(np.ascontiguousarray(want)).copy()
    patterns[np.isnan(want)] = NAN[want.itemsize]
    assert result.c.dtype == want.dtype and result.c.shape == want.shape
    assert np.array_equal(bits(result.c), patterns) and result.cycles == simulate(result.program).cycles
    return result.c


@names
@configs
@pytest.mark.parametrize("of_a, of_b", [(1.0, 1.0), (0.5, 0.5), (0.1, 1.0), (0.7, 0.1)])
def test_every_bit_is_the_trees(config, of_a, of_b, mapping):
    rng = np.random.default_rng(5)
    check(config, sparse(rng, (9, 37), of_a), sparse(rng, (37, 11), of_b), mapping)


@names
@pytest.mark.parametrize("kind", VALUES)
def test_every_kind_of_value(kind, mapping):
    rng, config = np.random.default_rng(6), CONFIGS[2]
    a, b = VALUES[kind](rng, (6, 25)), VALUES[kind](rng, (25, 7))
    a[rng.random(a.shape) < 0.3] = 0
    for output in ("fp32", "fp16"):
        check(config, a, b, mapping, output=output)


@names
def test_bfloat16_of_any_exponents(mapping):
    """Products may be subnormal in FP32, or overflow: each is rounded once."""
    rng = np.random.default_rng(7)
    for scale in (2.0**-64, 1.0, 2.0**63):
        a, b = (as_bf16(sparse(rng, shape, 0.6, "bf16") * np.float32(scale)) for shape in ((7, 30), (30, 9)))
        c = check(BF16, a, b, mapping)
        assert c.any() and (scale == 1 or (np.isinf(c) | np.isnan(c)).any() == (scale > 1))
    tiny = (as_bf16(sparse(rng, shape, 0.6) * np.float32(2.0**-66)) for shape in ((7, 30), (30, 9)))
    small = check(BF16, *tiny, mapping)
    assert (np.abs(small[small != 0]) < 2.0**-126).any()


@names
def test_zeros_are_not_multiplied_even_by_infinity_and_a_product_of_minus_zero_adds_nothing(mapping):
    a = np.array([[np.inf, 0, 1, -0.0], [0, 0, 0, 0]], np.float16)
    b = np.array([[0, 1], [np.inf, 0], [2, -0.0], [np.nan, 1]], np.float16)
    c = check(CONFIGS[1], a, b, mapping)
    assert c.tolist() == [[2, np.inf], [0, 0]] and not np.signbit(c).any()


def test_the_order_is_the_trees_and_depends_on_what_stays():
    """2^24 + 1 is lost in FP32, but not where 1 + 1 is added first."""
    a, ones = np.array([[4096, 0, 1, 1], [0, 1, 0, 0]], np.float16), np.array([[4096], [1], [1], [1]], np.float16)
    assert check(CONFIGS[1], a, ones, "mk").tolist() == [[2**24], [1]]  # three lanes: (x + 1) + 1
    assert check(CONFIGS[1], a, ones, "kn").tolist() == [[2**24 + 2], [1]]  # four lanes: (x + 0) + (1 + 1)
    assert check(CONFIGS[0], a, ones, "mk").tolist() == [[2**24 + 2], [1]]  # chunks of two: 1 + 1 is added to x


@names
def test_fp16_output_rounds_once_and_overflows_to_infinity(mapping):
    a, b = np.full((3, 20), 200, np.float16), np.full((20, 2), 200, np.float16)
    assert np.isinf(check(CONFIGS[2], a, b, mapping, output="fp16")).all()
    engine = cosim.engine("functional", CONFIGS[2])
    assert not engine.gemm(a, b, output="fp16").report.overflow and not engine.gemm(a, b).report.overflow
    a[1, 1] = np.inf
    assert engine.gemm(a, b).report.overflow


@names
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 40, 1), (1, 40, 9), (9, 40, 1), (9, 1, 9)], ids=str)
def test_vectors_and_single_rows(shape, mapping):
    (m, k, n), rng = shape, np.random.default_rng(8)
    for config in CONFIGS:
        check(config, sparse(rng, (m, k), 0.8), sparse(rng, (k, n), 0.8), mapping)


@names
def test_operands_of_zeros_give_plus_zero(mapping):
    rng = np.random.default_rng(9)
    a, b = sparse(rng, (5, 20), 1.0), sparse(rng, (20, 4), 1.0)
    for pair in ((np.zeros_like(a), b), (a, -np.zeros_like(b)), (np.zeros_like(a), np.zeros_like(b))):
        assert not bits(check(CONFIGS[1], *pair, mapping)).any()


@names
@pytest.mark.parametrize("sparsity", ["1:4", "2:8", "4:16"])
def test_b_is_pruned_before_its_zeros_are_counted(sparsity, mapping):
    rng = np.random.default_rng(10)
    a, b = sparse(rng, (5, 40), 1.0), sparse(rng, (40, 6), 1.0)
    check(CONFIGS[3], a, b, mapping, sparsity)
    engine = cosim.engine("functional", "small", "sigma")
    whole, pruned = (engine.gemm(a, b, one, mapping="kn") for one in (None, sparsity))
    assert pruned.program.macs == 5 * 6 * pruned.program.gemm.kept < whole.program.macs == 5 * 6 * 40
    assert pruned.cycles < whole.cycles


@names
def test_blocks_smaller_than_the_hardware_in_either_order(mapping):
    rng = np.random.default_rng(11)
    for order in ("rows", "columns"):
        check(CONFIGS[2], sparse(rng, (9, 20), 0.6), sparse(rng, (20, 8), 0.6), SigmaMapping(mapping, 4, 3, order))


@names
@pytest.mark.parametrize("output", ["fp32", "fp16"])
def test_several_products_are_each_as_if_alone(mapping, output):
    rng = np.random.default_rng(12)
    a, b = sparse(rng, (3, 5, 20), 0.5), sparse(rng, (3, 20, 6), 0.5)
    gemm, both = Gemm(5, 20, 6, output=output, count=3), Operands(a, b)
    c = products(scheduled(gemm, both, CONFIGS[1], mapping), both)
    assert c.shape == (3, 5, 6)
    for item in range(3):
        assert np.array_equal(bits(c[item]), bits(check(CONFIGS[1], a[item], b[item], mapping, output=output)))


def test_a_report_is_that_of_the_operands_zeros_not_of_a_shape_seen_before():
    engine, ones = cosim.engine("functional", PRESETS["small"]), np.ones((8, 32), np.float16)
    full, empty = (engine.gemm(a, ones.T, mapping="mk") for a in (ones, np.zeros_like(ones)))
    assert full.cycles == simulate(full.program).cycles and empty.cycles == simulate(empty.program).cycles < full.cycles

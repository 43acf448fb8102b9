"""SAT's arithmetic on this processor: b is pruned by it or before, as by the RTL, and images are im2col matrices."""

from dataclasses import replace

import numpy as np
import pytest

import cosim
from cosim import Operands, Weights
from cosim.im2col import Im2col
from cosim.operands import operands_of
from cosim.sat.reference import products, updated
from rtl.golden import gemm, sgd, to_fp16
from rtl.sparsity import Sparsity
from tests.cosim.programs import RATES, program_of, update_of, weights_of
from tests.cosim.support import PATTERNS, TINY, VALUES, bits, normal, operands
from tlm import Gemm, schedule
from tlm.feature_map import FeatureMap

IMAGES = FeatureMap(2, 4, 5, 3, (2, 2), (1, 2), (1, 0), (1, 1), (5, 2))


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("pattern", PATTERNS[1:])
def test_b_may_be_pruned_or_not_and_the_rtl_keeps_the_same(pattern, kind):
    """The codec keeps the N largest of each group, the first of equals, as pruning does; NaN is largest."""
    mapping, output = ("os", "fp32") if PATTERNS.index(pattern) % 2 else ("ws", "fp16")
    a, b = operands(3, 21, 9, 4, kind, kind)
    program = program_of(3, 21, 9, pattern, output=output, mapping=mapping)
    want = bits(products(program, operands_of(program.gemm, a, b)))
    assert np.array_equal(bits(products(program, Operands(a, b))), want)
    c, _ = cosim.engine("icarus", TINY).run(program, Operands(a, b))
    assert np.array_equal(bits(c), want) and c.size == 27


def test_images_on_both_sides_give_the_product_of_their_matrices():
    rng = np.random.default_rng(1)
    left, right = normal(rng, (2, 4, 5, 3)), normal(rng, (2, 4, 5, 3))
    given = Operands(Im2col(left, IMAGES, 3, False), Im2col(right, IMAGES, 3, True))
    work = Gemm(20, 12, 20, source=IMAGES, source_b=replace(IMAGES))
    program = schedule(work, TINY)
    want = bits(gemm(*given.arrays))
    assert np.array_equal(bits(products(program, given)), want)
    assert np.array_equal(bits(cosim.engine("icarus", TINY).run(program, given)[0]), want)


@pytest.mark.parametrize("side", ["a", "b"])
def test_images_stay_images_where_only_one_side_has_them(side, monkeypatch):
    """The kernel reads them where they are: unrolled, they cost training with pruned gradients a third of its speed."""
    rng, turned = np.random.default_rng(4), side == "b"
    images, matrix = Im2col(normal(rng, (2, 4, 5, 3)), IMAGES, 3, turned), normal(rng, (7, 12) if turned else (12, 7))
    sources = dict(source_b=IMAGES) if turned else dict(source=IMAGES)
    program = schedule(Gemm(7, 12, 20, **sources) if turned else Gemm(20, 12, 7, **sources), TINY)
    given = Operands(matrix, images) if turned else Operands(images, matrix)
    want = bits(gemm(*given.arrays))
    monkeypatch.delattr(Im2col, "__getitem__")
    assert np.array_equal(bits(products(program, given)), want)


def test_several_products_are_each_as_if_alone():
    rng = np.random.default_rng(2)
    a, b = normal(rng, (3, 4, 19)), normal(rng, (3, 19, 5))
    program = schedule(Gemm(4, 19, 5, Sparsity(1, 4), "fp16", count=3), TINY)
    single = schedule(replace(program.gemm, count=1), TINY)
    alone = [products(single, Operands(*pair)) for pair in zip(a, b, strict=True)]
    assert np.array_equal(bits(products(program, Operands(a, b))), bits(np.stack(alone)))


def test_an_update_is_the_goldens_and_a_reduction_leaves_the_weights_out():
    program = update_of(12, 9, 6, "2:4", forward=False)
    given = weights_of(program, "normal")
    w, v = sgd(given.weights, given.velocities, given.gradients, RATES)
    result = updated(program, given)
    assert np.array_equal(bits(result.weights), bits(w)) and np.array_equal(bits(result.velocities), bits(v))
    assert np.array_equal(bits(result.half), bits(to_fp16(w))) and result.forward is None
    reduction = updated(update_of(12, 9, 6, "2:4", momentum=False), Weights(w))
    assert (reduction.weights, reduction.velocities, reduction.half) == (None, None, None)

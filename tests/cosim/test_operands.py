"""What a user gives as operands: checked, pruned, images instead of their im2col matrix, several products at once."""

import numpy as np
import pytest

import cosim
from cosim.operands import operands_of
from rtl.golden import nm_mask
from rtl.sparsity import Sparsity
from tests.cosim.test_kernel_images import SIZE, WINDOWS, normal, source_of
from tests.support.im2col import im2col
from tlm import Gemm, schedule

PATTERN = Sparsity(2, 8)


def case(depth=8, channels=5, seed=1):
    """Images, their im2col matrix, and a matrix with a row for each of its columns."""
    rng, window = np.random.default_rng(seed), WINDOWS[3]
    images = normal(rng, 2, *SIZE, channels)
    matrix = im2col(images, window, depth)
    return images, source_of(images, window), matrix, normal(rng, matrix.shape[1], 9)


@pytest.mark.parametrize("engine", ["functional", "icarus"])
@pytest.mark.parametrize("sparsity", [None, PATTERN])
def test_images_of_either_operand_give_the_bits_of_their_matrix(engine, sparsity):
    images, source, matrix, b = case()
    run = cosim.engine(engine, "small").execute
    gemm = Gemm(len(matrix), len(b), 9, sparsity, "fp16", source=source)
    assert np.array_equal(run(gemm, images, b).c, run(gemm, matrix, b).c)
    other = Gemm(9, len(b), len(matrix), sparsity, "fp32", source_b=source)
    a = np.ascontiguousarray(b.T)
    found = run(other, a, images)
    assert np.array_equal(found.c, run(other, a, np.ascontiguousarray(matrix.T)).c)
    assert found.c.shape == (9, len(matrix))


def test_the_images_of_a_pruned_operand_are_pruned_pixel_by_pixel():
    images, source, matrix, b = case(depth=16, channels=11)
    gemm = Gemm(9, len(b), len(matrix), PATTERN, source_b=source)
    pruned = operands_of(gemm, np.ascontiguousarray(b.T), images).b
    assert np.array_equal(pruned[:, :], np.where(nm_mask(matrix.T, 2, 8), matrix.T, 0))


@pytest.mark.parametrize("engine", ["functional", "icarus"])
@pytest.mark.parametrize("mapping", ["os", "ws"])
def test_several_products_of_one_gemm_follow_each_other(engine, mapping):
    rng, run = np.random.default_rng(3), cosim.engine(engine, "small")
    a, b = normal(rng, 3, 5, 70), normal(rng, 3, 70, 18)
    result = run.execute(Gemm(5, 70, 18, PATTERN, "fp16", count=3), a, b, mapping)
    singles = [run.gemm(*pair, PATTERN, output="fp16", mapping=mapping) for pair in zip(a, b, strict=True)]
    assert np.array_equal(result.c, np.stack([one.c for one in singles]))
    assert result.cycles < sum(one.cycles for one in singles)
    functional = cosim.engine("functional", "small").execute(Gemm(5, 70, 18, PATTERN, "fp16", count=3), a, b, mapping)
    assert (result.cycles, result.tiles) == (functional.cycles, functional.tiles)


@pytest.mark.parametrize(
    "a, b, text",
    [
        ((5, 7), (8, 3), r"must be \(5, 7\) and \(7, 3\), not \(5, 7\) and \(8, 3\)"),
        ((5, 7, 1), (7, 3), "operand a must be a float16 matrix, not float16 with 3 dimensions"),
    ],
)
def test_other_operands_are_refused(a, b, text):
    with pytest.raises(ValueError, match=text):
        operands_of(Gemm(5, 7, 3), np.zeros(a, np.float16), np.zeros(b, np.float16))
    with pytest.raises(ValueError, match="operand a must be a float16 matrix, not float32"):
        operands_of(Gemm(5, 7, 3), np.zeros((5, 7), np.float32), np.zeros((7, 3), np.float16))
    assert schedule(Gemm(5, 7, 3), cosim.engine("functional").config)

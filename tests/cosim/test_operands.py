"""What a user gives as operands: checked, pruned, images instead of their im2col matrix, several products at once."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import cosim
from cosim import Operands, Weights
from cosim.im2col import Im2col
from cosim.operands import check_matrix, check_operands, check_pruned, check_weights, operands_of
from rtl.golden import Rates, nm_mask
from rtl.sparsity import Sparsity
from tests.cosim.programs import RATES, update_of, weights_of
from tests.cosim.support import TINY
from tests.support.im2col import im2col
from tests.support.kernel import normal
from tests.support.refused import refused
from tests.support.windows import SIZE, WINDOWS, source_of
from tlm import Gemm, Update, schedule
from tlm.arrays import plain

PATTERN = Sparsity(2, 8)


def case(depth=8, channels=5, seed=1):
    """Images, their im2col matrix, and a matrix with a row for each of its columns."""
    rng, window = np.random.default_rng(seed), WINDOWS[3]
    images = normal(rng, 2, *SIZE, channels)
    matrix = im2col(images, window, depth)
    return images, source_of(images, window), matrix, normal(rng, matrix.shape[1], 9)


@pytest.mark.parametrize("engine, sparsity", [("functional", None), ("functional", PATTERN), ("icarus", PATTERN)])
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
        ((5, 7, 1), (7, 3), "operand a must be float16 with 2 dimensions, not float16 with 3"),
    ],
)
def test_other_operands_are_refused(a, b, text):
    with pytest.raises(ValueError, match=text):
        operands_of(Gemm(5, 7, 3), np.zeros(a, np.float16), np.zeros(b, np.float16))
    with pytest.raises(ValueError, match="operand a must be float16 with 2 dimensions, not float32"):
        operands_of(Gemm(5, 7, 3), np.zeros((5, 7), np.float32), np.zeros((7, 3), np.float16))
    assert schedule(Gemm(5, 7, 3), cosim.engine("functional").config)


def test_b_is_pruned_where_no_group_has_more_values_than_n():
    """A short last group, several products; and a NaN is a value, a minus zero is none."""
    gemm = Gemm(1, 10, 2, PATTERN, count=2)
    b = np.zeros((2, 10, 2), np.float16)
    b[0, [1, 6, 8, 9], 0], b[1, [0, 7], 1] = 1, np.nan
    check_pruned(gemm, b)
    b[1, 3, 1] = -0.0
    check_pruned(gemm, b)
    b[1, 3, 1] = np.nan
    with pytest.raises(ValueError, match="^b must be pruned to 2:8: 2 values a group, not 3$"):
        check_pruned(gemm, b)
    check_pruned(Gemm(1, 10, 2, count=2), b)


def test_images_are_of_the_source_as_the_operand_stands():
    images, source, matrix, b = case()
    program = schedule(Gemm(len(matrix), len(b), 9, source=source), TINY)
    check_operands(program, Operands(Im2col(images, source, 8, False), b))
    check_operands(program, Operands(matrix, b))
    for lazy, text in (
        (Im2col(images, source, 8, True), "the im2col matrix of operand a must not be transposed, not transposed=True"),
        (Im2col(images, replace(source, transposed=True), 8, False), "operand a must be of images as FeatureMap.*"),
        (Im2col(images, source, 4, False), "a kernel position of operand a must have 5 elements or more, not 4"),
        (Im2col(images, source, 16, False), "operands of a .* GEMM must be .*"),
    ):
        with pytest.raises(ValueError, match=f"^{text}$"):
            check_operands(program, Operands(lazy, b))
    with pytest.raises(ValueError, match="^operand a must be a float32 matrix, not images, which are float16$"):
        check_operands(program, Operands(Im2col(images, source, 8, False), b), "bf16")


def test_images_of_b_have_whole_groups_for_each_kernel_position():
    """Else the groups along the matrix's k would not be those along a pixel's channels."""
    images, source, matrix, b = case(depth=8)
    gemm = Gemm(9, len(b), len(matrix), Sparsity(4, 16), source_b=source)
    given = operands_of(gemm, np.ascontiguousarray(b.T), images)
    with pytest.raises(ValueError, match="^images of b need whole groups of 16 a kernel position, not 8$"):
        check_operands(schedule(gemm, TINY), given)


@pytest.mark.parametrize(
    "change, text",
    [
        (dict(velocities=None), "an update takes velocities, not NoneType"),
        (dict(rates=None), "an update takes rates, not NoneType"),
        (dict(rates=0.1), "rates must be rtl.golden.Rates, not float"),
        (dict(rates=Rates(0.1, scale=0.0)), "rates must be finite in FP32, 1 / scale too, not Rates.*"),
        (dict(rates=Rates(np.inf)), "rates must be finite in FP32, 1 / scale too, not Rates.*"),
        (dict(rates=Rates("fast")), "rates must be numbers of FP32, not Rates.*"),
        (dict(weights=np.ones((4, 3))), "weights must be float32 with 2 dimensions, not float64 with 2"),
        (dict(gradients=np.ones((3, 4), np.float32)), r"gradients must be of shape \(4, 3\), not \(3, 4\)"),
        (dict(gradients=[[0.0]]), "gradients must be an array, not list"),
    ],
    ids=str,
)
def test_weights_are_those_of_the_update_and_all_that_it_needs(change, text):
    program, given = update_of(4, 3, 4), weights_of(update_of(4, 3, 4))
    check_weights(program, given)
    with pytest.raises(ValueError, match=f"^{text}$"):
        check_weights(program, replace(given, **change))


def test_a_reduction_takes_its_weights_alone():
    program, w = update_of(4, 3, 4, momentum=False), np.ones((4, 3), np.float32)
    check_weights(program, Weights(w))
    for change, name in ((dict(velocities=w), "velocities, not ndarray"), (dict(rates=RATES), "rates, not Rates")):
        with pytest.raises(ValueError, match=f"^a reduction takes no {name}$"):
            check_weights(program, Weights(w, **change))


def test_a_list_and_a_tensor_are_arrays_but_a_masked_one_is_none():
    for numbers in ([[1.0, 2.0]], torch.tensor([[1.0, 2.0]]), np.array([[1.0, 2.0]])):
        assert plain(numbers, "operand a").tolist() == [[1.0, 2.0]]
    for numbers, text in (
        (torch.ones(2, requires_grad=True), "operand a must be an array, not Tensor: Can't call numpy.*"),
        (torch.ones(2, dtype=torch.bfloat16), "operand a must be an array, not Tensor: Got unsupported ScalarType.*"),
        (np.ma.ones(2), "operand a must be an array, not MaskedArray"),
    ):
        with pytest.raises(ValueError, match=f"^{text}"):
            plain(numbers, "operand a")


def test_bfloat16_numbers_have_an_empty_lower_half_in_any_layout():
    numbers = np.arange(24, dtype=np.float32).reshape(4, 6)[:, ::2]
    check_matrix(numbers, "a", "bf16")
    numbers[2, 1] += np.float32(2**-10)
    with pytest.raises(ValueError, match=r"^operand a must hold bfloat16 numbers, not np.float32\(.*\) at \(2, 1\)$"):
        check_matrix(numbers, "a", "bf16")


class Louder(np.ndarray):
    """An array with arithmetic of its own."""


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize("kind", [np.ma.masked_array, np.matrix, lambda array: array.view(Louder)])
def test_operands_that_calculate_otherwise_reach_no_engine(kind):
    a, b = np.ones((8, 16), np.float16), np.ones((16, 8), np.float16)
    engine = cosim.engine("functional")
    program = engine.schedule(Gemm(8, 16, 8))
    update = engine.schedule_update(Update(8, 16, 8))
    for operands in (Operands(kind(a), b), Operands(a, kind(b))):
        refused("must be an array, not", engine.run, program, operands)
    refused("weights must be an array, not", engine.run, update, Weights(kind(a)))
    assert engine.gemm(a.view(Louder), b).c.tolist() == engine.gemm(a, b).c.tolist()  # its numbers are taken

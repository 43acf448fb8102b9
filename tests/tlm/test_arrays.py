"""Arrays that engines take, and those with other arithmetic that they do not."""

import numpy as np
import pytest

import cosim
from cosim import Operands, Weights
from cosim.im2col import Im2col
from rtl.sat.config import PRESETS
from tests.support.refused import refused
from tlm import Gemm, Update, schedule, schedule_update
from tlm.arrays import check_plain, plain
from tlm.feature_map import FeatureMap

SMALL = PRESETS["small"]
GEMM = Gemm(8, 16, 8)
IMAGES = FeatureMap(2, 6, 6, 3, (3, 3), (1, 1), (1, 1), (1, 1), (6, 6))


class Louder(np.ndarray):
    """An array with arithmetic of its own."""


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize("kind", [np.ma.masked_array, np.matrix, lambda array: array.view(Louder)])
def test_operands_that_calculate_otherwise_reach_no_engine(kind):
    a, b = np.ones((8, 16), np.float16), np.ones((16, 8), np.float16)
    engine, program = cosim.engine("functional"), schedule(GEMM, SMALL)
    update = schedule_update(Update(8, 16, 8), SMALL)
    for operands in (Operands(kind(a), b), Operands(a, kind(b))):
        refused("must be an array, not", engine.run, program, operands)
    refused("weights must be an array, not", engine.run, update, Weights(kind(a)))
    assert engine.gemm(a.view(Louder), b).c.tolist() == engine.gemm(a, b).c.tolist()  # its numbers are taken


def test_images_are_arrays():
    for images in (None, [1], np.ma.zeros((2, 6, 6, 3), np.float16)):
        refused("images must be an array, not", Im2col, images, IMAGES, 3, False)


def test_a_file_of_numbers_is_an_array(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((8, 16), np.float16))
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    check_plain(mapped, "a")
    assert np.array_equal(plain([[1, 2]], "a"), [[1, 2]]) and plain(mapped, "a").shape == (8, 16)

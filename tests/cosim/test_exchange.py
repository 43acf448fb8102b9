"""What goes in and out: results give their report's counts, nothing can be changed, and what is not given is None."""

from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest

import cosim
from cosim import Copy, GemmResult, Operands, Report, Updated, UpdateResult, Weights
from cosim.im2col import Im2col, Im2cols
from tests.cosim.programs import program_of, update_of
from tlm.feature_map import FeatureMap

ONE = np.ones((1, 1), np.float32)
REPORT = Report(9, [4, 5], [9], 6, 3)
EXAMPLES = [
    Operands(ONE, ONE),
    Weights(ONE),
    Copy(ONE, ONE),
    Updated(ONE, ONE, None, None, None),
    REPORT,
    GemmResult(ONE, REPORT, program_of(1, 1, 1)),
    UpdateResult(Updated(ONE, ONE, None, None, None), REPORT, update_of(1, 1, 1)),
]


def test_weights_that_are_only_reduced_need_nothing_else():
    assert vars(Weights(ONE)) == dict(weights=ONE, velocities=None, gradients=None, rates=None)


def test_a_report_is_idle_and_overflows_only_if_it_says_so():
    assert (REPORT.idle, REPORT.overflow) == (0, False)
    assert REPORT == Report(9, [4, 5], [9], 6, 3, 0, False) != Report(9, [4, 5], [9], 6, 3, overflow=True)


def test_results_give_the_counts_of_their_report():
    assert (EXAMPLES[-2].cycles, EXAMPLES[-2].tiles) == (9, [4, 5])
    assert (EXAMPLES[-1].cycles, EXAMPLES[-1].skipped) == (9, False)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: type(example).__name__)
def test_nothing_can_be_changed(example):
    for field in fields(example):
        with pytest.raises(FrozenInstanceError):
            setattr(example, field.name, None)


def test_what_is_exchanged_has_its_name_in_cosim():
    assert {type(example).__name__ for example in EXAMPLES} <= set(cosim.__all__)


def test_operands_give_each_product_and_arrays_of_their_images():
    several = Operands(np.zeros((3, 4, 5)), np.zeros((3, 5, 6)))
    one = several.item(1)
    assert (one.a.shape, one.b.shape) == ((4, 5), (5, 6)) and one.arrays[0] is one.a
    source = FeatureMap(1, 2, 2, 3, (1, 1), (1, 1), (0, 0), (1, 1), (2, 2))
    images = np.arange(12, dtype=np.float16).reshape(1, 2, 2, 3)
    lazy = Operands(Im2col(images, source, 3, False), np.zeros((3, 6), np.float16))
    assert lazy.item(0).a is lazy.a and lazy.item(0).b is lazy.b and lazy.arrays[1] is lazy.b is lazy.whole().b
    each = Operands(Im2cols(np.stack([images, -images]), source, 3, False), np.zeros((2, 3, 6), np.float16))
    assert each.a.shape == each.arrays[0].shape == (2, 4, 3) and each.item(1).a is each.a[1]
    assert np.array_equal(each.arrays[0], [images.reshape(4, 3), -images.reshape(4, 3)])
    assert np.array_equal(lazy.arrays[0], images.reshape(4, 3)) and np.array_equal(lazy.whole().a, lazy.arrays[0])

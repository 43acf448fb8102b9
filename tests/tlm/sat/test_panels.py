"""Panels of activations by hand: of a matrix, and of images whose windows may lie in the padding."""

import numpy as np

from tlm.feature_map import FeatureMap
from tlm.sat.panels import panel, panels

PADDED = FeatureMap(1, 6, 6, 4, (1, 1), (1, 1), (1, 1), (1, 1), (8, 8))  # the first and the last line meet no image
LINE = 6 * 4 * 2


def test_a_matrix_has_its_rows():
    assert panel(10, None, 3, 7) == 4 * 10 * 2
    assert panels(7, 10, None, 4) == (4 * 10 * 2, 7 * 10 * 2, 0) and panels(3, 10, None, 4) == (60, 60, 0)


def test_images_have_the_lines_that_are_met_or_the_matrix_if_it_is_smaller():
    assert panel(4, PADDED, np.array([0, 8, 8]), np.array([8, 16, 12])).tolist() == [0, LINE, 4 * 4 * 2]
    assert panels(64, 4, PADDED, 8) == (LINE, 6 * LINE, 1) and panels(64, 4, PADDED, 64) == (6 * LINE, 6 * LINE, 0)

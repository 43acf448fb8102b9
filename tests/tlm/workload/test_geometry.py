"""The sizes of a convolution."""

import pytest

from tlm.workload.geometry import Geometry
from tlm.workload.layer import Conv
from tlm.workload.window import Window


@pytest.mark.parametrize("geometry", [(0, 4, 4, 1, 1, Window()), (1, 2, 4, 1, 1, Window((3, 3)))])
def test_an_empty_geometry_is_refused(geometry):
    with pytest.raises(ValueError, match="at least one"):
        Geometry(*geometry)


def test_it_is_that_of_a_layers_groups():
    geometry = Geometry.of(Conv("a", 12, 18, 7, 6, (3, 3), (2, 2), groups=3), 5)
    assert geometry == Geometry(5, 7, 6, 4, 6, Window((3, 3), (2, 2)), 3)
    assert (geometry.shape, geometry.out_shape, geometry.pixels) == ((5, 7, 6, 4), (5, 3, 2, 6), 30)


def test_turned_it_is_that_of_the_output_gradient_and_turned_again_itself():
    geometry = Geometry(2, 6, 5, 3, 4, Window((3, 3), padding=(1, 0)), 2)
    assert geometry.turned() == Geometry(2, 6, 3, 4, 3, Window((3, 3), padding=(1, 2)), 2)
    assert geometry.turned().turned() == geometry


def test_images_that_are_the_matrix_themselves_are_no_source():
    assert Geometry(1, 4, 4, 2, 2).source() is None
    assert Geometry(1, 4, 4, 2, 2, Window((2, 2))).source(transposed=True).transposed

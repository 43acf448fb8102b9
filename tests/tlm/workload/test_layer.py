"""Layers of a list, against the geometry from which training makes its GEMMs."""

import pytest

from tlm.workload.geometry import Geometry
from tlm.workload.layer import Conv, Product
from tlm.workload.lowering import Lowering
from tlm.workload.methods import Scheme
from tlm.workload.window import Window


def test_a_convolution_has_the_output_and_the_multiply_adds_of_its_forward_gemm(rng):
    for _ in range(200):
        pairs = [tuple(rng.randint(low, high) for _ in "hw") for low, high in ((1, 5), (1, 3), (0, 3), (1, 2))]
        sizes = rng.randint(1, 20), rng.randint(1, 20), rng.randint(9, 20), rng.randint(9, 20)
        layer = Conv("conv", *sizes, *pairs)
        geometry = Geometry(1, layer.height, layer.width, layer.channels, layer.outputs, Window(*pairs))
        assert layer.out == geometry.out
        assert layer.macs == Lowering("conv", Scheme(), geometry).gemm("ff").macs > 0


def test_a_linear_layer_is_a_convolution_of_as_many_lines_as_rows():
    layer = Conv("fc", 192, 10, 65, 1, bias=True)
    assert layer.out == (65, 1) and layer.macs == 65 * 192 * 10


def test_a_product_counts_its_copies():
    assert Product("scores", 65, 64, 66, 3).macs == 65 * 64 * 66 * 3


@pytest.mark.parametrize("sizes", [(0, 8, 4, 4), (8, 0, 4, 4), (8, 8, 2, 4), (8, 8, 4, 2)])
def test_a_convolution_without_channels_or_output_pixels_is_refused(sizes):
    with pytest.raises(ValueError, match="layer conv1: channels, output channels and output pixels must be at least 1"):
        Conv("conv1", *sizes, kernel=(3, 3))

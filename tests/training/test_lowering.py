"""GEMMs and operands of each stage."""
import numpy as np
import pytest

from rtl.golden import nm_mask
from tlm import Gemm
from training import Scheme
from training.im2col import Window, im2col
from training.lowering import Geometry, Lowering

BDWP = Scheme.of("bdwp", 2, 8)
PATTERN = BDWP.sparsity


def lowering(scheme=BDWP, channels=16, outputs=24, **window):
    return Lowering("conv", scheme, Geometry(2, 6, 5, channels, outputs, Window(**window)))


@pytest.mark.parametrize("stage, gemm", [
    ("ff", Gemm(2 * 6 * 5, 9 * 16, 24, PATTERN, "fp16", "conv", "ff")),
    ("bp", Gemm(2 * 6 * 5, 9 * 24, 16, PATTERN, "fp16", "conv", "bp")),
    ("wu", Gemm(9 * 16, 2 * 6 * 5, 24, None, "fp32", "conv", "wu"))])
def test_the_gemms_of_a_convolution_of_stride_1(stage, gemm):
    assert lowering(kernel=(3, 3), padding=(1, 1)).gemm(stage) == gemm


@pytest.mark.parametrize("stage, gemm", [
    ("ff", Gemm(2 * 3 * 3, 9 * 16, 24, PATTERN, "fp16", "conv", "ff")),
    ("bp", Gemm(2 * 3 * 3, 24, 9 * 16, PATTERN, "fp32", "conv", "bp")),
    ("wu", Gemm(9 * 16, 2 * 3 * 3, 24, None, "fp32", "conv", "wu"))])
def test_the_gemms_of_a_strided_convolution(stage, gemm):
    assert lowering(kernel=(3, 3), stride=(2, 2), padding=(1, 1)).gemm(stage) == gemm


@pytest.mark.parametrize("window", [
    dict(kernel=(3, 3), padding=(1, 1)), dict(kernel=(3, 2), padding=(2, 0), dilation=(1, 2)), dict(kernel=(3, 3)),
    dict(kernel=(3, 3), stride=(2, 1), padding=(1, 1)), dict(kernel=(2, 2), stride=(3, 3)), dict(stride=(2, 2))],
    ids=str)
def test_the_source_of_a_stages_operand_is_the_images_that_im2col_takes_apart(window):
    layer, rng = lowering(channels=3, outputs=5, **window), np.random.default_rng(1)
    x = rng.standard_normal(layer.geometry.shape).astype(np.float16)
    dy = rng.standard_normal((2, *layer.geometry.out, 5)).astype(np.float16)
    weight = np.zeros((*layer.geometry.window.kernel, 3, 5), np.float16)
    for stage, images, operands in (("ff", x, layer.ff(x, weight)), ("bp", dy, layer.bp(dy, weight)),
                                    ("wu", x, layer.wu(x, dy))):
        source = layer.gemm(stage).source
        if stage == "bp" and not layer.geometry.window.reversible:
            assert source is None and np.array_equal(operands[0], dy.reshape(-1, 5))     # the gradient as it is
            continue
        assert source.bytes == images.nbytes and source.transposed == (stage == "wu")
        moved = Window(source.kernel, source.stride, source.padding, source.dilation)
        assert source.out == moved.output((source.height, source.width))
        matrix = im2col(images, moved, source.channels)
        assert np.array_equal(operands[0], matrix.T if source.transposed else matrix)


def test_an_operand_that_is_the_images_themselves_has_no_other_source():
    assert [lowering().gemm(stage).source for stage in ("ff", "bp", "wu")] == [None] * 3


def test_a_strided_bp_costs_no_more_than_ff():
    strided = lowering(kernel=(3, 3), stride=(2, 2), padding=(1, 1))
    assert strided.gemm("bp").macs == strided.gemm("ff").macs


def test_ragged_channels_are_filled_up_only_where_groups_would_straddle_positions():
    assert lowering(channels=11, kernel=(3, 3)).gemm("ff").k == 9 * 16
    assert lowering(channels=11, kernel=(3, 3)).gemm("wu").m == 9 * 11
    assert lowering(channels=11).gemm("ff").k == 11
    assert lowering(channels=7, kernel=(3, 3)).gemm("ff") == lowering(Scheme(), 7, kernel=(3, 3)).gemm("ff")
    assert lowering(outputs=11, kernel=(3, 3), padding=(1, 1)).gemm("bp").k == 9 * 16
    assert lowering(outputs=11, kernel=(3, 3), stride=(2, 2)).gemm("bp").k == 11


@pytest.mark.parametrize("window", [{}, {"kernel": (3, 2)}, {"kernel": (3, 3), "stride": (2, 2)}], ids=str)
@pytest.mark.parametrize("channels, outputs", [(16, 24), (11, 13), (5, 24)])
def test_the_hardwares_groups_are_channels_at_one_kernel_position(window, channels, outputs):
    layer, rng = lowering(channels=channels, outputs=outputs, **window), np.random.default_rng(1)
    weight = rng.standard_normal((*layer.geometry.window.kernel, channels, outputs)).astype(np.float16)
    x = np.zeros(layer.geometry.shape, np.float16)
    dy = np.zeros((2, *layer.geometry.out, outputs), np.float16)
    for stage, axis, operands in (("ff", 2, layer.ff(x, weight)), ("bp", 3, layer.bp(dy, weight))):
        b, size = operands[1], weight.shape[axis]
        mask = nm_mask(b, 2, 8) if size >= 8 else np.ones(b.shape, bool)
        lanes = np.moveaxis(weight, axis, 0)
        expected = lanes[np.moveaxis(nm_mask(lanes, 2, 8), 0, 0)] if size >= 8 else lanes
        assert sorted(b[mask & (b != 0)].tolist()) == sorted(expected.flatten().tolist())


@pytest.mark.parametrize("geometry", [(0, 4, 4, 1, 1, Window()), (1, 2, 4, 1, 1, Window((3, 3)))])
def test_an_empty_geometry_is_refused(geometry):
    with pytest.raises(ValueError, match="at least one"):
        Geometry(*geometry)

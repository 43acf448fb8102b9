"""The operands of each stage's GEMM."""

import numpy as np
import pytest

from cosim.operands import operands_of
from rtl.golden import nm_mask
from tests.support.im2col import im2col
from tlm.workload.lowering import Geometry, Lowering
from tlm.workload.methods import Scheme
from tlm.workload.window import Window
from training import operands

BDWP = Scheme.of("bdwp", 2, 8)


def lowering(scheme=BDWP, channels=16, outputs=24, **window):
    return Lowering("conv", scheme, Geometry(2, 6, 5, channels, outputs, Window(**window)))


@pytest.mark.parametrize(
    "window",
    [
        dict(kernel=(3, 3), padding=(1, 1)),
        dict(kernel=(3, 2), padding=(2, 0), dilation=(1, 2)),
        dict(kernel=(3, 3)),
        dict(kernel=(3, 3), stride=(2, 1), padding=(1, 1)),
        dict(kernel=(2, 2), stride=(3, 3)),
        dict(stride=(2, 2)),
    ],
    ids=str,
)
def test_the_source_of_a_stages_operand_is_the_images_that_im2col_takes_apart(window):
    layer, rng = lowering(channels=3, outputs=5, **window), np.random.default_rng(1)
    x = rng.standard_normal((1, *layer.geometry.shape)).astype(np.float16)
    dy = rng.standard_normal((1, *layer.geometry.out_shape)).astype(np.float16)
    weight = np.zeros((1, *layer.geometry.window.kernel, 3, 5), np.float16)
    for stage, images, groups in (
        ("ff", x[0], operands.of_stage(layer, "ff", x, weight)),
        ("bp", dy[0], operands.of_stage(layer, "bp", dy, weight)),
        ("wu", x[0], operands.weight_gradient(layer, x, dy)),
    ):
        pair = [side[0] for side in groups]
        source = layer.gemm(stage).source
        if stage == "bp" and not layer.geometry.window.reversible:
            assert source is None and np.array_equal(pair[0], dy.reshape(-1, 5))  # the gradient as it is
            continue
        assert source.bytes == images.nbytes and source.transposed == (stage == "wu")
        moved = Window(source.kernel, source.stride, source.padding, source.dilation)
        assert source.out == moved.output((source.height, source.width))
        given = operands_of(layer.gemm(stage), *pair).a
        matrix = im2col(images, moved, source.channels)
        assert np.array_equal(given[:, :], matrix.T if source.transposed else matrix)


@pytest.mark.parametrize("window", [{}, {"kernel": (3, 2)}, {"kernel": (3, 3), "stride": (2, 2)}], ids=str)
@pytest.mark.parametrize("channels, outputs", [(16, 24), (11, 13), (5, 24)])
def test_the_hardwares_groups_are_channels_at_one_kernel_position(window, channels, outputs):
    layer, rng = lowering(channels=channels, outputs=outputs, **window), np.random.default_rng(1)
    weight = rng.standard_normal((*layer.geometry.window.kernel, channels, outputs)).astype(np.float16)
    x = np.zeros((1, *layer.geometry.shape), np.float16)
    dy = np.zeros((1, *layer.geometry.out_shape), np.float16)
    for axis, stage, images in ((2, "ff", x), (3, "bp", dy)):
        b, size = operands.of_stage(layer, stage, images, weight[None])[1][0], weight.shape[axis]
        mask = nm_mask(b, 2, 8) if size >= 8 else np.ones(b.shape, bool)
        lanes = np.moveaxis(weight, axis, 0)
        expected = lanes[np.moveaxis(nm_mask(lanes, 2, 8), 0, 0)] if size >= 8 else lanes
        assert sorted(b[mask & (b != 0)].tolist()) == sorted(expected.flatten().tolist())


@pytest.mark.parametrize("groups", [1, 3])
def test_groups_are_split_and_joined_again(groups):
    images = np.arange(2 * 3 * 4 * 6).reshape(2, 3, 4, 6).astype(np.float16)
    parts = operands.split(images, groups)
    assert parts.shape == (groups, 2, 3, 4, 6 // groups) and parts.flags.c_contiguous
    assert np.array_equal(np.concatenate(parts, axis=-1), images) and np.array_equal(operands.joined(parts), images)
    weight = np.arange(2 * 2 * 3 * 6).reshape(2, 2, 3, 6)
    assert np.array_equal(np.concatenate(operands.split_weight(weight, groups), axis=-1), weight)

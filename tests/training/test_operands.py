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
    x = rng.standard_normal(layer.geometry.shape).astype(np.float16)
    dy = rng.standard_normal((2, *layer.geometry.out, 5)).astype(np.float16)
    weight = np.zeros((*layer.geometry.window.kernel, 3, 5), np.float16)
    for stage, images, pair in (
        ("ff", x, operands.forward(layer, x, weight)),
        ("bp", dy, operands.input_gradient(layer, dy, weight)),
        ("wu", x, operands.weight_gradient(layer, x, dy)),
    ):
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
    x = np.zeros(layer.geometry.shape, np.float16)
    dy = np.zeros((2, *layer.geometry.out, outputs), np.float16)
    for axis, pair in ((2, operands.forward(layer, x, weight)), (3, operands.input_gradient(layer, dy, weight))):
        b, size = pair[1], weight.shape[axis]
        mask = nm_mask(b, 2, 8) if size >= 8 else np.ones(b.shape, bool)
        lanes = np.moveaxis(weight, axis, 0)
        expected = lanes[np.moveaxis(nm_mask(lanes, 2, 8), 0, 0)] if size >= 8 else lanes
        assert sorted(b[mask & (b != 0)].tolist()) == sorted(expected.flatten().tolist())

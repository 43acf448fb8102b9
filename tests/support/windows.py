"""Kernel windows of every kind, and images for them."""

from tlm.feature_map import FeatureMap
from tlm.workload.window import Window

WINDOWS = [
    Window(),
    Window((3, 3)),
    Window((3, 3), (1, 1), (1, 1)),
    Window((7, 7), (2, 2), (3, 3)),
    Window((1, 1), (2, 2)),
    Window((3, 2), (2, 1), (1, 0), (1, 2)),
    Window((2, 2), (3, 3)),
    Window((5, 3), (1, 2), (2, 3), (2, 1)),
    Window((3, 9), (1, 1), (1, 4)),
    Window((1, 1), (1, 1), (2, 2)),
]


SIZE = (9, 10)


def source_of(images, window, transposed=False):
    batch, *size, channels = images.shape
    return FeatureMap(
        batch,
        *size,
        channels,
        window.kernel,
        window.stride,
        window.padding,
        window.dilation,
        window.output(tuple(size)),
        transposed,
    )

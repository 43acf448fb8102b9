"""col2im, the transpose of im2col: the input gradient of a strided convolution. Channels last throughout."""

import numpy as np

from tlm.workload.window import Window


def col2im(columns: np.ndarray, window: Window, shape: tuple[int, int, int, int]) -> np.ndarray:
    """The transpose of im2col: every element is added to the input pixel that it came from.

    columns  (B * Ho * Wo, Kh * Kw * C) float32
    shape    (B, H, W, C) of the result, float32; additions run in ascending kernel position, one rounding each
    """
    batch, height, width, channels = shape
    (top, left), size = window.padding, (height, width)
    columns = columns.reshape(batch, *window.output(size), window.positions, channels)
    padded = np.zeros((batch, height + 2 * top, width + 2 * left, channels), np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        for position, (rows, cols) in enumerate(window.taps(size)):
            padded[:, rows, cols] += columns[..., position, :]
    return padded[:, top : top + height, left : left + width]

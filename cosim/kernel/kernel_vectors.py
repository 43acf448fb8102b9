"""Element-wise work of a training step, with the goldens' bits: in C++, or in NumPy where there is no compiler."""

import struct

import numpy as np

from cosim.col2im import col2im as col2im_in_numpy
from cosim.kernel.kernel import data_of, path
from cosim.kernel.kernel_library import library
from rtl.golden import Rates
from rtl.golden import sgd as sgd_in_numpy
from tlm.workload.window import Window

SGD_CALL, COL2IM_CALL = struct.Struct("6q4f"), struct.Struct("16q")


def sgd(w: np.ndarray, v: np.ndarray, g: np.ndarray, rates: Rates) -> tuple[np.ndarray, np.ndarray]:
    """New weights and velocities, as rtl.golden.sgd gives them: w, v, g float32 of one shape."""
    w, v = (np.array(array, np.float32, order="C") for array in (w, v))
    sgd_in_place(w, v, np.ascontiguousarray(g), rates)
    return w, v


def sgd_in_place(w: np.ndarray, v: np.ndarray, g: np.ndarray, rates: Rates) -> None:
    """The same in the place of w and v. All are float32 of one shape, and contiguous."""
    if path() == "numpy":
        w[...], v[...] = sgd_in_numpy(w, v, g, rates)
        return
    unscale, decay, momentum, rate = rates.constants
    places = data_of(w), data_of(v)
    library().sgd(SGD_CALL.pack(w.size, *places, data_of(g), *places, unscale, decay, momentum, rate))


def col2im(columns: np.ndarray, window: Window, shape: tuple[int, int, int, int]) -> np.ndarray:
    """The transpose of im2col, as cosim.col2im gives it: columns (B * Ho * Wo, Kh * Kw * C) float32 to `shape`."""
    if path() == "numpy":
        return col2im_in_numpy(columns, window, shape)
    columns, images = np.ascontiguousarray(columns), np.zeros(shape, np.float32)
    library().col2im(
        COL2IM_CALL.pack(
            *shape,
            *window.kernel,
            *window.stride,
            *window.padding,
            *window.dilation,
            *window.output(shape[1:3]),
            data_of(columns),
            data_of(images),
        )
    )
    return images

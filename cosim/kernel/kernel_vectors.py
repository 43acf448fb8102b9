"""Element-wise work of a training step, with the goldens' bits: in C++, or in NumPy where there is no compiler."""

import ctypes
import struct
from collections.abc import Sequence

import numpy as np

from cosim.col2im import col2im as col2im_in_numpy
from cosim.kernel.kernel import data_of, path, path_number
from cosim.kernel.kernel_library import library
from rtl.golden import Rates
from rtl.golden import sgd as sgd_in_numpy
from tlm.workload.window import Window

SGD_CALL, FLOATS, COL2IM_CALL, TURN = map(struct.Struct, ("6q4f", "2q", "16q", "6q"))


def sgd(w: np.ndarray, v: np.ndarray, g: np.ndarray, rates: Rates) -> tuple[np.ndarray, np.ndarray]:
    """New weights and velocities, as rtl.golden.sgd gives them: w, v, g float32 of one shape."""
    w, v = (np.array(array, np.float32, order="C") for array in (w, v))
    g = np.ascontiguousarray(g)
    sgd_at([(w.size, data_of(w), data_of(v), data_of(g))], rates)
    return w, v


def sgd_at(places: Sequence[tuple[int, int, int, int]], rates: Rates) -> None:
    """The same in the place of w and v, for any number of them: how many float32, and the addresses of w, v and g."""
    if path() == "numpy":
        for count, *addresses in places:
            w, v, g = (_floats(count, address) for address in addresses)
            w[...], v[...] = sgd_in_numpy(w, v, g, rates)
        return
    constants, pack = rates.constants, SGD_CALL.pack
    library().sgd(b"".join(pack(count, w, v, g, w, v, *constants) for count, w, v, g in places), len(places))


def finite_at(places: Sequence[tuple[int, int]]) -> bool:
    """Whether there is no infinity and no NaN: how many float32 each time, and their address."""
    if path() == "numpy":
        return all(np.isfinite(_floats(*place)).all() for place in places)
    return bool(library().finite(b"".join(FLOATS.pack(*place) for place in places), len(places)))


def turned(source: int, shape: tuple[int, int, int], narrow: bool, target: int) -> bool:
    """Matrices (count, rows, columns) at an address, each turned, are put at another one, in the other format.

    narrow  from float32 to float16, rounded once; else from float16 to float32
    Returns False, and does nothing, where there is no compiler.
    """
    if (number := path_number()) < 0:
        return False
    library().turn(TURN.pack(*shape, narrow, source, target), number)
    return True


def _floats(count: int, address: int) -> np.ndarray:
    return np.ctypeslib.as_array((ctypes.c_float * count).from_address(address)) if count else np.empty(0, np.float32)


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

"""A fast GEMM with the bits of rtl.golden: in C++ for each instruction set, or in NumPy where there is no compiler."""

import ctypes
import functools
import os
import struct
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from cosim.kernel.caches import budget
from cosim.kernel.kernel_library import PATHS, library
from cosim.kernel.kernel_numpy import gemm_in_numpy
from cosim.tools import missing
from rtl.golden import nm_compact, nm_mask
from rtl.sparsity import GROUP, KEPT, Sparsity
from tlm.feature_map import FeatureMap

CHOICE = "SAT_KERNEL"  # the environment variable that forces a path
OUTPUTS = {"fp32": np.float32, "fp16": np.float16}
ALONE = 1 << 21  # multiply-adds that are done before a second thread would have started
PRUNED_ALONE = 1 << 18  # the same for elements that are pruned
ROUND = 24 * 16  # multiply-adds of a round of peak()
NUMPY = -1  # the path's number; the others are C++
GEMM_CALL, PRUNE_CALL = struct.Struct("37q"), struct.Struct("11q")  # as kernel.cc has them
NO_IMAGES: tuple[int, ...] = (0,) * 20
HALF = np.dtype(np.float16)
# That NumPy's arrays are buffers is in its stubs from Python 3.12 on.
_first_byte: Callable[[Any], ctypes.c_char] = ctypes.c_char.from_buffer
_address = ctypes.addressof


def gemm(
    a: np.ndarray,
    b: np.ndarray,
    sparsity: Sparsity | None = None,
    *,
    output: str = "fp32",
    source: FeatureMap | None = None,
    threads: int | None = None,
) -> np.ndarray:
    """c = a @ b by the arithmetic contract: acc = round(acc + a[k] * b[k]) in FP32 for ascending k.

    a         (M, K) float16; with a `source` its images (B, H, W, C), whose im2col matrix is the operand
    b         (K, N) float16; with a sparsity it is pruned along K, and a pruned weight counts as a zero
    output    'fp32' or 'fp16', rounded once more
    source    K elements are positions x depth, of which those beyond C are zeros; B * Ho * Wo where it is transposed
    threads   None: as many as this thread may have processors, one for a small product
    Returns   (M, N), contiguous; every NaN is the canonical one. Strides of a and b are free
    Raises ValueError for operands that are not float16 or do not fit together, and for a SAT_KERNEL that is not there.
    """
    a, b = _whole(a), _whole(b)
    if source is None:
        if a.dtype is not HALF or b.dtype is not HALF or a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
            _refuse(a, b)
        m, images = a.shape[0], NO_IMAGES
    else:
        m, images = _images(a, b, source)
    k, n = b.shape
    path, dtype, sparsity = path_number(), OUTPUTS.get(output), Sparsity.parse(sparsity)
    threads = _threads(threads, m * k * n > ALONE)
    if dtype is None:
        raise ValueError(f"output must be fp32 or fp16, not {output!r}")
    if not (m and k and n):
        return np.zeros((m, n), dtype)
    if path == NUMPY:
        return gemm_in_numpy(a, b, sparsity, output, source)
    c = np.empty((m, n), dtype)
    (b_k, b_line), (a_line, a_k) = b.strides, a.strides if source is None else (0, 0)
    keep, group = (sparsity.n, sparsity.m) if sparsity else (0, 1)
    addresses, strides = (data_of(a), data_of(b), data_of(c)), (a_line // 2, a_k // 2, b_line // 2, b_k // 2)
    sizes = keep, group, m, k, n
    call = GEMM_CALL.pack(path, threads, output == "fp16", *sizes, *addresses, *strides, *images, *budget())
    if not library().gemm(call):
        raise MemoryError(f"no memory for the compact copy of {k} x {n} weights")
    return c


def prune(w: np.ndarray, n: int, m: int, axis: int = 0, *, threads: int | None = None) -> np.ndarray:
    """w, float16, with zeros for all but the N largest magnitudes of each M consecutive elements along an axis."""
    lines = np.moveaxis(w, axis, 0)
    flat = lines.reshape(lines.shape[0], -1)
    if not _fast(flat, n, m):
        return np.moveaxis(np.where(nm_mask(lines, n, m), lines, w.dtype.type(0)), 0, axis)
    pruned = np.empty(flat.shape, np.float16)
    _prune(flat, n, m, pruned, None, threads)
    return np.moveaxis(pruned.reshape(lines.shape), 0, axis)


def compact(w: np.ndarray, n: int, m: int, *, threads: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The N kept values of each group along the first axis and their indices, ascending.

    w        (K, columns) float16, with any strides
    Returns  values (groups, N, columns) float16, and indices (groups, N, columns) uint8 within the group
    Raises ValueError for other weights, and unless 1 <= n <= m <= 256.
    """
    if w.dtype != np.float16 or w.ndim != 2:
        raise ValueError(f"weights must be float16 with 2 dimensions, not {w.dtype} with {w.ndim}")
    if not 1 <= n <= m <= 256:
        raise ValueError(f"a compact copy needs 1 <= N <= M <= 256, not {n}:{m}")
    if not _fast(w, n, m):
        values, indices = nm_compact(w, n, m)
        return values, indices.astype(np.uint8)
    shape = -(-w.shape[0] // m), n, w.shape[1]
    values, indices = np.empty(shape, np.float16), np.empty(shape, np.uint8)
    _prune(w, n, m, values, indices, threads)
    return values, indices


def peak(threads: int, seconds: float = 0.1) -> float:
    """Multiply-adds a second of that many threads that do nothing else, on the path in use. Not for NumPy."""
    if path_number() == NUMPY:
        raise ValueError("NumPy has no loop of nothing but multiply-adds")
    rounds = 1 << 16
    speed = library().peak(path_number(), threads, rounds)
    rounds = max(rounds, int(seconds * speed / threads / ROUND))
    return library().peak(path_number(), threads, rounds)


def paths() -> list[str]:
    """The values of SAT_KERNEL that this machine knows, best last."""
    return ["numpy"] if missing(["g++"]) else ["numpy", *PATHS[: library().best + 1]]


def path() -> str:
    """The path in use. Raises ValueError for a SAT_KERNEL that is not there."""
    number = path_number()
    return "numpy" if number == NUMPY else PATHS[number]


def path_number() -> int:
    """The number of the path in use: of PATHS, or NUMPY."""
    return _number(os.environ.get(CHOICE))


@functools.cache
def _number(choice: str | None) -> int:
    if choice not in (None, "numpy", *PATHS):
        raise ValueError(f"{CHOICE} must be numpy, {', '.join(PATHS)}, or not set, not {choice!r}")
    if choice == "numpy" or (choice is None and missing(["g++"])):
        return NUMPY
    best = library().best
    if choice and PATHS.index(choice) > best:
        raise ValueError(f"{CHOICE} is {choice}, which this processor lacks; it has {', '.join(PATHS[: best + 1])}")
    return PATHS.index(choice) if choice else best


def _fast(w: np.ndarray, n: int, m: int) -> bool:
    """Whether the C++ prunes such weights by N:M; else the goldens do."""
    return path_number() != NUMPY and n in KEPT and m in GROUP and w.dtype == np.float16 and w.size > 0


def _prune(w: np.ndarray, n: int, m: int, values: np.ndarray, indices: np.ndarray | None, threads: int | None) -> None:
    """Prune w (K, columns) in C++ into `values`: like w, or with `indices` (groups, N, columns) of a compact copy."""
    w = _whole(w)
    (k, columns), (k_stride, column_stride) = w.shape, w.strides
    call = PRUNE_CALL.pack(
        path_number(),
        _threads(threads, w.size > PRUNED_ALONE),
        n,
        m,
        k,
        columns,
        k_stride // 2,
        column_stride // 2,
        data_of(w),
        data_of(values),
        0 if indices is None else data_of(indices),
    )
    library().prune(call)


def _images(a: np.ndarray, b: np.ndarray, source: FeatureMap) -> tuple[int, tuple[int, ...]]:
    """Rows of the im2col matrix, and its images as a GEMM_CALL has them: that they are there, strides, shape, window.

    Raises ValueError for images that are not those of the source, and for a b that does not fit their matrix.
    """
    if a.dtype != np.float16 or b.dtype != np.float16 or b.ndim != 2:
        _refuse(a, b)
    s, k, positions = source, b.shape[0], prod(source.kernel)
    if a.shape != (s.batch, s.height, s.width, s.channels):
        raise ValueError(f"images must be {(s.batch, s.height, s.width, s.channels)}, not {a.shape}")
    pixels = s.batch * prod(s.out)
    depth = s.channels if s.transposed else k // positions
    if k != (pixels if s.transposed else positions * depth) or depth < s.channels:
        wanted = f"{pixels}" if s.transposed else f"{positions} positions of at least {s.channels}"
        raise ValueError(f"b must have a row for each element of the im2col matrix's rows, {wanted}, not {k}")
    strides, window = (stride // 2 for stride in a.strides), (*s.kernel, *s.stride, *s.padding, *s.dilation, *s.out)
    images = (1, *strides, s.height, s.width, s.channels, *window, depth, s.transposed)
    return positions * depth if s.transposed else pixels, images


def _refuse(a: np.ndarray, b: np.ndarray) -> None:
    """Raise ValueError for the first rule that the operands break."""
    for operand in (a, b):
        if operand.dtype != np.float16:
            raise ValueError(f"operands must be float16, whose products are exact, not {operand.dtype}")
    if a.ndim != 2 or b.ndim != 2:
        raise ValueError(f"operands must be matrices, not of {a.ndim} and {b.ndim} dimensions")
    if a.shape[1] != b.shape[0]:
        raise ValueError(f"a and b must agree in K, not {a.shape[1]} and {b.shape[0]}")


def data_of(array: np.ndarray) -> int:
    """The address of an array's first element: array.ctypes.data, in a quarter of the time for an array that exports
    its buffer, one that is writable and without gaps, and in half of it for others."""
    if array.flags.carray and array.size:
        return _address(_first_byte(array))
    return array.__array_interface__["data"][0]


def _whole(array: np.ndarray) -> np.ndarray:
    """The array, copied if it lies at odd addresses, as a field of a record may."""
    return array if array.flags.aligned else array.copy()


def _threads(threads: int | None, large: bool) -> int:
    """The number of threads; None: one for a small call, else as many as this thread may have processors."""
    if threads is None:
        return len(os.sched_getaffinity(0)) if large else 1
    if threads < 1:
        raise ValueError(f"there must be at least one thread, not {threads}")
    return threads

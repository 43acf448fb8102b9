"""The kernel where there is no compiler: the goldens, and what they meet of an im2col matrix, a block at a time."""
from math import prod

import numpy as np

from rtl.golden import gemm, nm_mask, to_fp16
from rtl.sparsity import Sparsity
from tlm.feature_map import FeatureMap

BLOCK = 1 << 18         # elements of the im2col matrix that exist at a time, unless a row has more


def gemm_in_numpy(a: np.ndarray, b: np.ndarray, sparsity: Sparsity | None, output: str,
                  source: FeatureMap | None) -> np.ndarray:
    """What kernel.gemm gives, for operands that it has checked."""
    if sparsity:
        b = np.where(nm_mask(b, sparsity.n, sparsity.m), b, np.float16(0))
    if source is None:
        c = gemm(a, b)
    else:
        rows = prod((source.batch, *source.out)) if not source.transposed else prod(source.kernel) * source.channels
        c, height = np.empty((rows, b.shape[1]), np.float32), max(1, BLOCK // b.shape[0])
        for top in range(0, rows, height):
            block = np.arange(top, min(rows, top + height))
            c[block] = gemm(im2col_block(a, source, block, np.arange(b.shape[0])), b)
    return to_fp16(c) if output == "fp16" else c


def im2col_block(images: np.ndarray, source: FeatureMap, rows: np.ndarray, ks: np.ndarray) -> np.ndarray:
    """Rows of the operand, their elements `ks`.

    images   (B, H, W, C)
    ks       all of them where there are zeros beyond the channels: their number tells the depth of a position
    Returns  (rows, ks), like images
    """
    if source.transposed:
        return _elements(images, source, ks, rows, source.channels).T
    return _elements(images, source, rows, ks, len(ks) // prod(source.kernel))


def _elements(images: np.ndarray, source: FeatureMap, pixels: np.ndarray, elements: np.ndarray,
              depth: int) -> np.ndarray:
    """(pixels, elements) of the im2col matrix."""
    image, out_y, out_x = np.unravel_index(pixels, (source.batch, *source.out))
    tap_y, tap_x, channel = np.unravel_index(elements, (*source.kernel, depth))
    y = np.add.outer(out_y * source.stride[0] - source.padding[0], tap_y * source.dilation[0])
    x = np.add.outer(out_x * source.stride[1] - source.padding[1], tap_x * source.dilation[1])
    inside = (y >= 0) & (y < source.height) & (x >= 0) & (x < source.width) & (channel < source.channels)
    y, x, channel = np.where(inside, y, 0), np.where(inside, x, 0), np.where(channel < source.channels, channel, 0)
    return np.where(inside, images[image[:, None], y, x, channel], np.float16(0))

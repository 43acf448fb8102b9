"""An im2col matrix of which only the blocks that are asked for are ever made."""

from math import prod

import numpy as np

from tlm.arrays import check_plain
from tlm.feature_map import FeatureMap


class Im2col:
    """The im2col matrix of a convolution's images: a row for each output pixel, of the input elements that the kernel
    covers there, kernel positions first and channels last.

    images      (B, H, W, C) float16, as `source` says; outside of them are zeros
    depth       elements for each kernel position, at least C; those beyond C are zeros
    transposed  the transpose of that matrix
    shape       (rows, columns)
    `matrix[rows, columns]`, with two slices, is a new array. Raises ValueError for other images.
    """

    ndim = 2

    def __init__(self, images: np.ndarray, source: FeatureMap, depth: int, transposed: bool):
        check_plain(images, "images")
        shape = source.batch, source.height, source.width, source.channels
        if images.dtype != np.float16 or images.shape != shape:
            raise ValueError(f"images must be float16 of shape {shape}, not {images.dtype} of shape {images.shape}")
        self.images, self.source, self.depth, self.transposed = images, source, depth, transposed
        pixels, elements = prod((source.batch, *source.out)), prod(source.kernel) * depth
        self.shape = (elements, pixels) if transposed else (pixels, elements)

    def __getitem__(self, block: tuple[slice, slice]) -> np.ndarray:
        rows, columns = (np.arange(size)[part] for size, part in zip(self.shape, block, strict=True))
        return self._block(columns, rows).T if self.transposed else self._block(rows, columns)

    def _block(self, pixels: np.ndarray, elements: np.ndarray) -> np.ndarray:
        """(pixels, elements) of the matrix that is not transposed."""
        source = self.source
        image, out_y, out_x = np.unravel_index(pixels, (source.batch, *source.out))
        tap_y, tap_x, channel = np.unravel_index(elements, (*source.kernel, self.depth))
        y = np.add.outer(out_y * source.stride[0] - source.padding[0], tap_y * source.dilation[0])
        x = np.add.outer(out_x * source.stride[1] - source.padding[1], tap_x * source.dilation[1])
        there = channel < source.channels
        inside = (y >= 0) & (y < source.height) & (x >= 0) & (x < source.width) & there
        y, x, channel = np.where(inside, y, 0), np.where(inside, x, 0), np.where(there, channel, 0)
        return np.where(inside, self.images[image[:, None], y, x, channel], np.float16(0))


class Im2cols:
    """The im2col matrices of a grouped convolution's images, one for each of a GEMM's `count` products.

    images  (count, B, H, W, C) float16; the rest is as of Im2col, and so is the ValueError
    shape   (count, rows, columns)
    """

    ndim = 3

    def __init__(self, images: np.ndarray, source: FeatureMap, depth: int, transposed: bool):
        self.images, self.source, self.depth, self.transposed = images, source, depth, transposed
        self.items = [Im2col(one, source, depth, transposed) for one in images]
        self.shape = (len(images), *self.items[0].shape)

    def __getitem__(self, number: int) -> Im2col:
        return self.items[number]

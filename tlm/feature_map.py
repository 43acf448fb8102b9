"""The images behind a convolution's im2col matrix, which holds most of their values several times."""

from dataclasses import dataclass
from math import prod

import numpy as np

from tlm.size import check_size

ELEMENT = 2  # bytes of an FP16
LARGEST_IMAGES = 2**54  # values: as of the largest matrix

HeightWidth = tuple[int, int]
Rows = int | np.ndarray  # the number of a row, or those of many


@dataclass(frozen=True)
class FeatureMap:
    """Images (batch, height, width, channels), over which a kernel moves. Row p of the im2col matrix has the elements
    under the kernel at output pixel p, kernel positions first and channels last.

    transposed  the operand is the matrix's transpose: the weight gradient's
    Raises ValueError for sizes that are no whole numbers from 1 to 2^27; padding may be 0; and more than 2^54 values.
    """

    batch: int
    height: int
    width: int
    channels: int
    kernel: HeightWidth
    stride: HeightWidth
    padding: HeightWidth
    dilation: HeightWidth
    out: HeightWidth
    transposed: bool = False

    def __post_init__(self):
        for name in ("batch", "height", "width", "channels"):
            check_size(f"{name} of images", getattr(self, name))
        for name in ("kernel", "stride", "padding", "dilation", "out"):
            pair = getattr(self, name)
            if type(pair) is not tuple or len(pair) != 2:
                raise ValueError(f"{name} of images must be a tuple (height, width), not {pair!r}")
            for size in pair:
                check_size(f"{name} of images", size, least=int(name != "padding"))
        if self.batch * self.height * self.width * self.channels > LARGEST_IMAGES:
            raise ValueError(f"images must have at most 2^54 values, not {self}")
        if type(self.transposed) is not bool:
            raise ValueError(f"transposed of images must be True or False, not {self.transposed!r}")

    def check(self, operand: str, shape: tuple[int, int]) -> None:
        """Raise ValueError unless the im2col matrix can have that shape: a row for each output pixel, and for each
        kernel position the channels, and zeros behind them where it is not transposed."""
        pixels, positions = self.batch * prod(self.out), prod(self.kernel)
        depth, rest = divmod(shape[1], positions)
        fits = depth == self.channels if self.transposed else depth >= self.channels
        if shape[0] != pixels or rest or not fits:
            more = "" if self.transposed else " or more"
            raise ValueError(
                f"the im2col matrix of operand {operand} must have {pixels} output pixels and {positions} kernel "
                f"positions of {self.channels}{more} elements, not {shape[0]} and {shape[1]} elements: {self}"
            )

    @property
    def bytes(self) -> int:
        """Bytes of the images."""
        return self.batch * self.height * self.width * self.channels * ELEMENT

    def touched(self, first: Rows, end: Rows) -> Rows:
        """Bytes of the images that rows first .. end - 1 of the operand are made of, at most; of each of many."""
        if self.transposed:
            channels = np.minimum(end - first, self.channels)  # each of them at some kernel position, all over
            return self.bytes // self.channels * channels
        pixels = self.out[0] * self.out[1]
        (image, start), (last, stop) = np.divmod(first, pixels), np.divmod(end - 1, pixels)
        alone, zero = image == last, np.zeros_like(start)
        lines = self._lines(start, np.where(alone, stop, pixels - 1)) + ~alone * self._lines(zero, stop)
        lines += np.maximum(0, last - image - 1) * self.height
        return lines * self.width * self.channels * ELEMENT

    def _lines(self, first: Rows, last: Rows) -> Rows:
        """Lines of an image that output pixels first .. last meet."""
        top = first // self.out[1] * self.stride[0] - self.padding[0]
        bottom = last // self.out[1] * self.stride[0] - self.padding[0] + self.dilation[0] * (self.kernel[0] - 1)
        return np.maximum(0, np.minimum(bottom, self.height - 1) - np.maximum(top, 0) + 1)

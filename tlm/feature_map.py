"""Where a convolution's im2col matrix comes from, and how few bytes of it are different ones."""
from dataclasses import dataclass

ELEMENT = 2             # bytes of an FP16

Pair = tuple[int, int]


@dataclass(frozen=True)
class FeatureMap:
    """Images (batch, height, width, channels), over which a kernel moves: row p of the im2col matrix is what output
    pixel p meets, kernel positions first and channels last.

    transposed  the operand is the matrix's transpose: the weight gradient's
    """

    batch: int
    height: int
    width: int
    channels: int
    kernel: Pair
    stride: Pair
    padding: Pair
    dilation: Pair
    out: Pair
    transposed: bool = False

    @property
    def bytes(self) -> int:
        """Bytes of the images."""
        return self.batch * self.height * self.width * self.channels * ELEMENT

    def touched(self, first: int, end: int) -> int:
        """Bytes of the images that rows first .. end - 1 of the operand are made of, at most."""
        if self.transposed:
            channels = min(end - first, self.channels)          # each of them at some kernel position, all over
            return self.bytes // self.channels * channels
        pixels = self.out[0] * self.out[1]
        image, last = first // pixels, (end - 1) // pixels
        lines = sum(self._lines((first - i * pixels if i == image else 0) // self.out[1],
                                (end - 1 - i * pixels if i == last else pixels - 1) // self.out[1])
                    for i in (image, last)[:1 + (last > image)])
        lines += max(0, last - image - 1) * self.height
        return lines * self.width * self.channels * ELEMENT

    def _lines(self, first: int, last: int) -> int:
        """Lines of an image that output lines first .. last meet."""
        top = first * self.stride[0] - self.padding[0]
        bottom = last * self.stride[0] - self.padding[0] + self.dilation[0] * (self.kernel[0] - 1)
        return max(0, min(bottom, self.height - 1) - max(top, 0) + 1)

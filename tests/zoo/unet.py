"""U-Net (2015) with norms: down by pooling, up by transposed convolutions, and across by concatenation."""

import torch
from torch import Tensor, nn

from tests.zoo.blocks import conv


def double(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(conv(inputs, outputs, 3), conv(outputs, outputs, 3))


class UNet(nn.Module):
    """A logit for each class and pixel of images whose sides are multiples of 16."""

    def __init__(self, widths: tuple[int, ...], classes: int):
        super().__init__()
        self.down = nn.ModuleList([double(*pair) for pair in zip((3, *widths), widths, strict=False)])
        pairs = list(zip(widths[:0:-1], widths[-2::-1], strict=True))
        self.up = nn.ModuleList([nn.ConvTranspose2d(*pair, 2, 2) for pair in pairs])
        self.merge = nn.ModuleList([double(2 * width, width) for _, width in pairs])
        self.pool, self.head = nn.MaxPool2d(2), nn.Conv2d(widths[0], classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        across = []
        for number, layer in enumerate(self.down):
            x = layer(self.pool(x) if number else x)
            across.append(x)
        for up, merge, beside in zip(self.up, self.merge, across[-2::-1], strict=True):
            x = merge(torch.cat([beside, up(x)], dim=1))
        return self.head(x)


def unet(widths: tuple[int, ...] = (64, 128, 256, 512, 1024), classes: int = 1) -> nn.Module:
    return UNet(widths, classes)

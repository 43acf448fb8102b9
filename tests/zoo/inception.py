"""GoogLeNet (2014) and Inception v3 (2015), of branches side by side."""

from functools import partial
from typing import NamedTuple

from torch import Tensor, nn

from tests.zoo import blocks
from tests.zoo.blocks import Branches, classifier

conv = partial(blocks.conv, norm=partial(nn.BatchNorm2d, eps=1e-3))
valid = partial(conv, padding=0)

ROWS, COLUMNS = (7, 1), (1, 7)


def mixed(inputs: int, one: int, three: tuple[int, int], five: tuple[int, int], pooled: int) -> nn.Module:
    """GoogLeNet's; the third branch is of 3x3, not of the paper's 5x5, in the network that is published."""
    return Branches(
        conv(inputs, one),
        nn.Sequential(conv(inputs, three[0]), conv(*three, 3)),
        nn.Sequential(conv(inputs, five[0]), conv(*five, 3)),
        nn.Sequential(nn.MaxPool2d(3, 1, 1, ceil_mode=True), conv(inputs, pooled)),
    )


def googlenet(classes: int = 1000) -> nn.Module:
    """Without the auxiliary heads."""
    pool = partial(nn.MaxPool2d, 3, 2, ceil_mode=True)
    layers = [conv(3, 64, 7, 2), pool(), conv(64, 64), conv(64, 192, 3), pool()]
    layers += [mixed(192, 64, (96, 128), (16, 32), 32), mixed(256, 128, (128, 192), (32, 96), 64), pool()]
    layers += [mixed(480, 192, (96, 208), (16, 48), 64), mixed(512, 160, (112, 224), (24, 64), 64)]
    layers += [mixed(512, 128, (128, 256), (24, 64), 64), mixed(512, 112, (144, 288), (32, 64), 64)]
    layers += [mixed(528, 256, (160, 320), (32, 128), 128), nn.MaxPool2d(2, 2, ceil_mode=True)]
    layers += [mixed(832, 256, (160, 320), (32, 128), 128), mixed(832, 384, (192, 384), (48, 128), 128)]
    return classifier(nn.Sequential(*layers), 1024, classes, dropout=0.2)


def pooling(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.AvgPool2d(3, 1, 1), conv(inputs, outputs))


def coarse(inputs: int, pooled: int) -> nn.Module:
    return Branches(
        conv(inputs, 64),
        nn.Sequential(conv(inputs, 48), conv(48, 64, 5)),
        nn.Sequential(conv(inputs, 64), conv(64, 96, 3), conv(96, 96, 3)),
        pooling(inputs, pooled),
    )


def reduce_to_17(inputs: int) -> nn.Module:
    double = nn.Sequential(conv(inputs, 64), conv(64, 96, 3), valid(96, 96, 3, 2))
    return Branches(valid(inputs, 384, 3, 2), double, nn.MaxPool2d(3, 2))


def factored(width: int) -> nn.Module:
    """Of 768 channels; 7x7 as a row and a column."""
    once = [conv(768, width), conv(width, width, COLUMNS), conv(width, 192, ROWS)]
    twice = [conv(width, width, ROWS), conv(width, width, COLUMNS), conv(width, width, ROWS), conv(width, 192, COLUMNS)]
    return Branches(conv(768, 192), nn.Sequential(*once), nn.Sequential(conv(768, width), *twice), pooling(768, 192))


def reduce_to_8(inputs: int) -> nn.Module:
    three = nn.Sequential(conv(inputs, 192), valid(192, 320, 3, 2))
    seven = nn.Sequential(conv(inputs, 192), conv(192, 192, COLUMNS), conv(192, 192, ROWS), valid(192, 192, 3, 2))
    return Branches(three, seven, nn.MaxPool2d(3, 2))


def split() -> nn.Module:
    return Branches(conv(384, 384, (1, 3)), conv(384, 384, (3, 1)))


def fine(inputs: int) -> nn.Module:
    return Branches(
        conv(inputs, 320),
        nn.Sequential(conv(inputs, 384), split()),
        nn.Sequential(conv(inputs, 448), conv(448, 384, 3), split()),
        pooling(inputs, 192),
    )


class InceptionOutputs(NamedTuple):
    logits: Tensor
    aux_logits: Tensor


class Inception(nn.Module):
    """Version 3: in training its result has an auxiliary head's, too, for which images are of 299x299 and larger."""

    def __init__(self, classes: int):
        super().__init__()
        stem = [valid(3, 32, 3, 2), valid(32, 32, 3), conv(32, 64, 3), nn.MaxPool2d(3, 2)]
        stem += [valid(64, 80), valid(80, 192, 3), nn.MaxPool2d(3, 2)]
        middle = [coarse(192, 32), coarse(256, 64), coarse(288, 64), reduce_to_17(288)]
        middle += [factored(width) for width in (128, 160, 160, 192)]
        self.features = nn.Sequential(*stem, *middle)
        self.aux = classifier(nn.Sequential(nn.AvgPool2d(5, 3), conv(768, 128), valid(128, 768, 5)), 768, classes)
        last = nn.Sequential(reduce_to_8(768), fine(1280), fine(2048))
        self.head = classifier(last, 2048, classes, dropout=0.5)

    def forward(self, x: Tensor) -> Tensor | InceptionOutputs:
        x = self.features(x)
        return InceptionOutputs(self.head(x), self.aux(x)) if self.training else self.head(x)


def inception_v3(classes: int = 1000) -> nn.Module:
    return Inception(classes)

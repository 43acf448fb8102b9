"""Convolutions one after the other: AlexNet (one tower, 2014), VGG (configuration A, 2014), SqueezeNet (2016)."""

from functools import partial

from torch import nn

from tests.zoo.blocks import Branches, conv

POOL = partial(nn.MaxPool2d, 3, 2)


def hidden(inputs: int) -> list[nn.Module]:
    return [nn.Linear(inputs, 4096), nn.ReLU(inplace=True)]


def alexnet(classes: int = 1000) -> nn.Module:
    features = [conv(3, 64, 11, 4, padding=2, norm=None), POOL(), conv(64, 192, 5, norm=None), POOL()]
    features += [conv(192, 384, 3, norm=None), conv(384, 256, 3, norm=None), conv(256, 256, 3, norm=None), POOL()]
    head = [nn.Dropout(), *hidden(256 * 6 * 6), nn.Dropout(), *hidden(4096), nn.Linear(4096, classes)]
    return nn.Sequential(*features, nn.AdaptiveAvgPool2d(6), nn.Flatten(), *head)


def vgg11(classes: int = 1000) -> nn.Module:
    features: list[nn.Module] = []
    channels = 3
    for widths in ([64], [128], [256, 256], [512, 512], [512, 512]):
        for width in widths:
            features.append(conv(channels, width, 3, norm=None))
            channels = width
        features.append(nn.MaxPool2d(2, 2))
    head = [*hidden(512 * 7 * 7), nn.Dropout(), *hidden(4096), nn.Dropout(), nn.Linear(4096, classes)]
    return nn.Sequential(*features, nn.AdaptiveAvgPool2d(7), nn.Flatten(), *head)


def fire(inputs: int, squeezed: int, expanded: int) -> nn.Module:
    expand = Branches(conv(squeezed, expanded, norm=None), conv(squeezed, expanded, 3, norm=None))
    return nn.Sequential(conv(inputs, squeezed, norm=None), expand)


def squeezenet1_0(classes: int = 1000) -> nn.Module:
    pool = partial(POOL, ceil_mode=True)
    features = [conv(3, 96, 7, 2, padding=0, norm=None), pool(), fire(96, 16, 64), fire(128, 16, 64)]
    features += [fire(128, 32, 128), pool(), fire(256, 32, 128), fire(256, 48, 192), fire(384, 48, 192)]
    features += [fire(384, 64, 256), pool(), fire(512, 64, 256)]
    return nn.Sequential(*features, nn.Dropout(), conv(512, classes, norm=None), nn.AdaptiveAvgPool2d(1), nn.Flatten())

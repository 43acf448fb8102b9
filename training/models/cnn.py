"""A small network for the 8x8 digits."""

from collections import OrderedDict

from torch import nn

from tlm.workload.architecture import CNN, scaled


def cnn(image: int, classes: int, width: float) -> nn.Module:
    """Three convolutions and a linear layer: 62,464 multiply-adds an image at width 1."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    channels, size = 1, image
    for i, step in enumerate(CNN, 1):
        outputs = scaled(step.outputs, width)
        layers[step.name] = nn.Conv2d(channels, outputs, step.kernel, step.stride, step.padding, bias=False)
        layers[f"norm{i}"], layers[f"relu{i}"] = nn.BatchNorm2d(outputs), nn.ReLU()  # (B, outputs, size, size)
        channels, size = outputs, size // step.stride
    return nn.Sequential(OrderedDict(layers, flatten=nn.Flatten(), linear=nn.Linear(channels * size * size, classes)))

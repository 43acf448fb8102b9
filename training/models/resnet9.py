"""ResNet9, a short network that learns CIFAR-10 quickly."""

from collections import OrderedDict

from torch import Tensor, nn

from tlm.workload.architecture import RESNET9, RESNET9_SCALE, Step, scaled


class Residual(nn.Sequential):
    """The layers inside, and a path around them."""

    def forward(self, x: Tensor) -> Tensor:
        """x + layers(x), of x's shape."""
        return x + super().forward(x)


class Scale(nn.Module):
    """Multiplies by a constant."""

    def __init__(self, factor: float):
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """x times the factor."""
        return self.factor * x


def resnet9(image: int, classes: int, width: float) -> nn.Module:
    """A chain of convolutions, two pairs of them with a path around: 1162 M multiply-adds for a 32x32 image.

    Drawn as PyTorch draws its layers, as the published code does. The network is the same for every image size.
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    channels = 3
    for step in RESNET9:
        outputs = scaled(step.outputs, width)
        one = convolution(channels, outputs, step)
        layers[step.name] = Residual(one, convolution(outputs, outputs, step)) if step.residual else one
        if step.pool:
            layers["pool"] = nn.MaxPool2d(2)
        channels = outputs
    layers["maximum"], layers["flatten"] = nn.AdaptiveMaxPool2d(1), nn.Flatten()  # (B, channels)
    layers["fc"] = nn.Linear(channels, classes, bias=False)
    layers["scale"] = Scale(RESNET9_SCALE)
    return nn.Sequential(layers)


def convolution(channels: int, outputs: int, step: Step) -> nn.Module:
    """A convolution with batch norm and ReLU."""
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(channels, outputs, step.kernel, step.stride, step.padding, bias=False),
            norm=nn.BatchNorm2d(outputs),
            relu=nn.ReLU(),
        )
    )

"""ResNet18 and ResNet50, as in torchvision; for small images as in the usual networks for CIFAR."""

from torch import Tensor, nn

from tlm.workload import architecture
from tlm.workload.architecture import Block, scaled
from training.models.parts import undrawn


class ResNet(nn.Module):
    """Residual blocks in four stages. Attributes have torchvision's names, so its state dicts fit at 224x224.

    A small image is taken by a 3x3 convolution of stride 1, and no pooling follows.
    """

    def __init__(self, numbers: architecture.ResNet, image: int, classes: int, width: float):
        super().__init__()
        stem, channels = numbers.stem(image), scaled(numbers.channels[0], width)
        make = Bottleneck if numbers.bottleneck else BasicBlock
        self.conv1 = undrawn(nn.Conv2d, 3, channels, stem.kernel, stem.stride, stem.padding, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1) if stem.pool else nn.Identity()
        stages = list(numbers.stages(width))
        self.layer1, self.layer2, self.layer3, self.layer4 = (nn.Sequential(*map(make, stage)) for stage in stages)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(stages[-1][-1].outputs, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """x (B, 3, image, image) -> (B, classes)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a path around them."""

    def __init__(self, block: Block):
        super().__init__()
        self.conv1 = undrawn(nn.Conv2d, block.inputs, block.inner, 3, block.stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(block.inner)
        self.conv2 = undrawn(nn.Conv2d, block.inner, block.outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(block.outputs)
        self.relu = nn.ReLU()
        self.downsample = _path_around(block)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, inputs, H, W) -> (B, outputs, H / stride, W / stride)."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return self.relu(y + self.downsample(x))


class Bottleneck(nn.Module):
    """A 3x3 convolution between two 1x1 ones, of fewer channels inside than out, and a path around them."""

    def __init__(self, block: Block):
        super().__init__()
        self.conv1 = undrawn(nn.Conv2d, block.inputs, block.inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(block.inner)
        self.conv2 = undrawn(nn.Conv2d, block.inner, block.inner, 3, block.stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(block.inner)
        self.conv3 = undrawn(nn.Conv2d, block.inner, block.outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(block.outputs)
        self.relu = nn.ReLU()
        self.downsample = _path_around(block)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, inputs, H, W) -> (B, outputs, H / stride, W / stride)."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(y + self.downsample(x))


def _path_around(block: Block) -> nn.Module:
    if not block.projected:
        return nn.Identity()
    return nn.Sequential(
        undrawn(nn.Conv2d, block.inputs, block.outputs, 1, block.stride, bias=False), nn.BatchNorm2d(block.outputs)
    )

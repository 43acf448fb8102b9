"""The numbers that make a network: its layer list (tlm/workload/networks.py) and its PyTorch module (training/models/)
are both built from them.

Channels are those of width 1; `scaled` gives those of another width.
"""

from collections.abc import Iterator
from dataclasses import dataclass

LARGE = 224  # from this height on an image is taken in as those of ImageNet, else as those of CIFAR


def scaled(channels: int, width: float, multiple: int = 8) -> int:
    """channels x width, rounded to a multiple of `multiple`, and at least that."""
    return max(1, int(channels * width / multiple + 0.5)) * multiple


@dataclass(frozen=True)
class Step:
    """A convolution of a plain chain, always followed by batch norm and ReLU; kernels, strides and padding are square.

    residual  two of it, and a path around both
    pool      then a 2x2 max-pooling
    """

    name: str
    outputs: int
    kernel: int = 3
    stride: int = 1
    padding: int = 1
    residual: bool = False
    pool: bool = False


# For 8x8 digits. Without normalisation, 2:8 on layers this narrow diverges at any rate that learns in ten epochs.
CNN = (Step("conv1", 8), Step("conv2", 16, stride=2), Step("conv3", 16))

# That of the code of structured data gradient pruning (BradMcDanel/sdgp, models.py, after wbaek/torchskeleton).
RESNET9 = (
    Step("block1", 128),
    Step("block2", 256, kernel=5, stride=2, padding=2),
    Step("residual1", 256, residual=True),
    Step("block3", 512, pool=True),
    Step("residual2", 512, residual=True),
    Step("block4", 256, padding=0),
)
RESNET9_SCALE = 0.2  # of the logits


@dataclass(frozen=True)
class Stem:
    """The first convolution of a ResNet, and whether a 3x3 max-pooling of stride 2 and padding 1 follows."""

    kernel: int
    stride: int
    padding: int
    pool: bool


@dataclass(frozen=True)
class Block:
    """A residual block: `inner` channels between its convolutions, of which one 3x3 has the stride."""

    inputs: int
    inner: int
    outputs: int
    stride: int

    @property
    def projected(self) -> bool:
        """Whether the path around it needs a 1x1 convolution, since the shape changes."""
        return self.stride != 1 or self.inputs != self.outputs


@dataclass(frozen=True)
class ResNet:
    """A residual network (arXiv 1512.03385): the number of blocks in each stage, each 1x1-3x3-1x1 or 3x3-3x3.

    As in torchvision, a bottleneck's stride is that of its 3x3 convolution.
    """

    depths: tuple[int, ...]
    bottleneck: bool

    channels = (64, 128, 256, 512)  # inside the blocks of each stage, the first also of the stem

    @property
    def expansion(self) -> int:
        """Output channels of a block for each channel inside."""
        return 4 if self.bottleneck else 1

    def stem(self, image: int) -> Stem:
        """A small image keeps its size, as in the usual networks for CIFAR."""
        return Stem(7, 2, 3, pool=True) if image >= LARGE else Stem(3, 1, 1, pool=False)

    def stages(self, width: float) -> Iterator[list[Block]]:
        """The blocks of each stage. All but the first stage halve height and width."""
        inputs = scaled(self.channels[0], width)
        for stage, (depth, channels) in enumerate(zip(self.depths, self.channels, strict=True)):
            inner = scaled(channels, width)
            outputs = inner * self.expansion
            yield [Block(outputs if i else inputs, inner, outputs, 2 if stage and not i else 1) for i in range(depth)]
            inputs = outputs


RESNET18 = ResNet((2, 2, 2, 2), bottleneck=False)
RESNET50 = ResNet((3, 4, 6, 3), bottleneck=True)


@dataclass(frozen=True)
class Vgg:
    """A VGG with batch norm (arXiv 1409.1556): output channels of its 3x3 convolutions, 0 for a 2x2 max-pooling."""

    features: tuple[int, ...]

    def pooled(self, image: int) -> int:
        """Height and width of the classifier's input."""
        return 7 if image >= LARGE else 1

    def hidden(self, image: int) -> tuple[int, ...]:
        """Outputs of the classifier's layers but the last. A small image goes straight to the classes, as is usual."""
        return (4096, 4096) if image >= LARGE else ()


VGG19 = Vgg((64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512, 512, 512, 512, 0, 512, 512, 512, 512, 0))


@dataclass(frozen=True)
class Vit:
    """A vision transformer (arXiv 2010.11929) with a class token; each block's hidden layer is mlp_ratio x dim."""

    patch: int
    dim: int
    depth: int
    heads: int
    mlp_ratio: int = 4

    def scaled(self, width: float) -> int:
        """The embedding dimension at another width: every head keeps a multiple of 8 channels."""
        return scaled(self.dim, width, 8 * self.heads)

    def tokens(self, image: int) -> int:
        """Patches of an image, and the class token."""
        return (image // self.patch) ** 2 + 1


# ViT-B/16, and for small images DeiT-Ti (arXiv 2012.12877, table 1) on 8 x 8 patches.
VIT = {32: Vit(4, 192, 12, 3), 64: Vit(8, 192, 12, 3), 224: Vit(16, 768, 12, 12)}

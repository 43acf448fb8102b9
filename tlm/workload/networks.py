"""The networks by name, and their layers as lists: a network can be costed without PyTorch.

A layer's name is its path in the module that training.models builds, and the order is that of its calls.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from numbers import Integral, Real

from tlm.workload import architecture
from tlm.workload.architecture import Block, ResNet, Step, Vgg, Vit, scaled
from tlm.workload.layer import Conv, Layer, Product

LARGEST_WIDTH = 8


@dataclass(frozen=True)
class Network:
    """The numbers that a network's name fixes.

    family    its layers for (image, classes, width)
    channels  of an image
    images    the heights, which are also the widths, of the images that it is defined for
    image, classes  height of its images, and number of its outputs, unless one chooses others
    dense     the layers that N:M sparsity leaves out unless one says otherwise
    """

    family: Callable[[int, int, float], Iterator[Layer]]
    channels: int
    images: tuple[int, ...]
    image: int
    classes: int
    dense: tuple[str, ...] = ()


def layers(name: str, image: int | None = None, classes: int | None = None, width: float = 1.0) -> list[Layer]:
    """The layers of a network for one image, in the order of their calls.

    image    height and width of the images, classes the number of outputs; without, the network's own
    width    factor of its inner channels, which stay multiples of 8
    Raises ValueError as `choose` does.
    """
    network, image, classes = choose(name, image, classes, width)
    return list(network.family(image, classes, width))


def choose(
    name: str, image: int | None = None, classes: int | None = None, width: float = 1.0
) -> tuple[Network, int, int]:
    """The network with its image and classes, the chosen or else its own. Raises ValueError naming rule and value."""
    if name not in NETWORKS:
        raise ValueError(f"model must be one of {', '.join(NETWORKS)}, not {name!r}")
    network = NETWORKS[name]
    image = network.image if image is None else image
    classes = network.classes if classes is None else classes
    if image not in network.images:
        raise ValueError(f"image of {name} must be one of {', '.join(map(str, network.images))}, not {image!r}")
    if not isinstance(classes, Integral) or classes < 1:
        raise ValueError(f"classes must be an integer of at least 1, not {classes!r}")
    if not isinstance(width, Real) or not 0 < width <= LARGEST_WIDTH:
        raise ValueError(f"width must be a number above 0 and at most {LARGEST_WIDTH}, not {width!r}")
    return network, image, classes


def cnn(image: int, classes: int, width: float) -> Iterator[Conv]:
    """Three convolutions and a linear layer."""
    channels, size = 1, image
    for step in architecture.CNN:
        layer = _convolution(step.name, channels, size, step, width)
        yield layer
        channels, size = layer.outputs, layer.out[0]
    yield Conv("linear", channels * size * size, classes, 1, 1, bias=True)


def resnet9(image: int, classes: int, width: float) -> Iterator[Conv]:
    """A chain of convolutions, some of them with a path around, to the maximum over all pixels."""
    channels, size = 3, image
    for step in architecture.RESNET9:
        for name in (f"{step.name}.0", f"{step.name}.1") if step.residual else (step.name,):
            layer = _convolution(f"{name}.conv", channels, size, step, width)
            yield layer
            channels, size = layer.outputs, layer.out[0]
        size //= 2 if step.pool else 1
    yield Conv("fc", channels, classes, 1, 1)


def resnet(numbers: ResNet, image: int, classes: int, width: float) -> Iterator[Conv]:
    """A stem, four stages of residual blocks, and the mean over all pixels."""
    stem, channels = numbers.stem(image), scaled(numbers.channels[0], width)
    layer = _square("conv1", 3, channels, image, stem.kernel, stem.stride, stem.padding)
    yield layer
    size = layer.out[0] // 2 if stem.pool else layer.out[0]
    for i, stage in enumerate(numbers.stages(width), 1):
        for j, block in enumerate(stage):
            yield from _residual(f"layer{i}.{j}", block, numbers.bottleneck, size)
            channels, size = block.outputs, size // block.stride
    yield Conv("fc", channels, classes, 1, 1, bias=True)


def _residual(name: str, block: Block, bottleneck: bool, size: int) -> Iterator[Conv]:
    """A block's convolutions, last the one around it."""
    if bottleneck:
        yield _square(f"{name}.conv1", block.inputs, block.inner, size)
        yield _square(f"{name}.conv2", block.inner, block.inner, size, 3, block.stride, 1)
        yield _square(f"{name}.conv3", block.inner, block.outputs, size // block.stride)
    else:
        yield _square(f"{name}.conv1", block.inputs, block.inner, size, 3, block.stride, 1)
        yield _square(f"{name}.conv2", block.inner, block.outputs, size // block.stride, 3, 1, 1)
    if block.projected:
        yield _square(f"{name}.downsample.0", block.inputs, block.outputs, size, 1, block.stride)


def vgg(numbers: Vgg, image: int, classes: int, width: float) -> Iterator[Conv]:
    """3x3 convolutions and poolings, then a classifier of one or three linear layers."""
    channels, size, place = 3, image, 0
    for outputs in numbers.features:
        if outputs:
            yield _square(f"features.{place}", channels, scaled(outputs, width), size, 3, 1, 1, bias=True)
            channels, place = scaled(outputs, width), place + 3  # with its batch norm and its ReLU
        else:
            size, place = size // 2, place + 1
    channels *= numbers.pooled(image) ** 2
    for place, outputs in zip((0, 3), numbers.hidden(image), strict=False):  # a small image has no hidden layers
        yield Conv(f"classifier.{place}", channels, scaled(outputs, width), 1, 1, bias=True)
        channels = scaled(outputs, width)
    yield Conv("classifier.6", channels, classes, 1, 1, bias=True)


def vit(sizes: dict[int, Vit], image: int, classes: int, width: float) -> Iterator[Layer]:
    """A vision transformer: an embedding of patches, blocks of attention and two layers each, the class token's head.

    The attention of each head is two products without weights: queries x keys, and their softmax x values.
    """
    numbers = sizes[image]
    dim, tokens, heads = numbers.scaled(width), numbers.tokens(image), numbers.heads
    yield _square("patch_embed.proj", 3, dim, image, numbers.patch, numbers.patch, bias=True)

    def linear(name: str, inputs: int, outputs: int) -> Conv:
        return Conv(name, inputs, outputs, tokens, 1, bias=True)

    for block in (f"blocks.{i}" for i in range(numbers.depth)):
        yield linear(f"{block}.attn.qkv", dim, 3 * dim)
        yield Product(f"{block}.attn.scores", tokens, dim // heads, tokens, heads)
        yield Product(f"{block}.attn.mix", tokens, tokens, dim // heads, heads)
        yield linear(f"{block}.attn.proj", dim, dim)
        yield linear(f"{block}.mlp.fc1", dim, numbers.mlp_ratio * dim)
        yield linear(f"{block}.mlp.fc2", numbers.mlp_ratio * dim, dim)
    yield Conv("head", dim, classes, 1, 1, bias=True)


def _convolution(name: str, channels: int, size: int, step: Step, width: float) -> Conv:
    return _square(name, channels, scaled(step.outputs, width), size, step.kernel, step.stride, step.padding)


def _square(
    name: str,
    channels: int,
    outputs: int,
    size: int,
    kernel: int = 1,
    stride: int = 1,
    padding: int = 0,
    bias: bool = False,
) -> Conv:
    """A convolution whose image, kernel, stride and padding are as high as wide."""
    return Conv(name, channels, outputs, size, size, (kernel,) * 2, (stride,) * 2, (padding,) * 2, bias=bias)


_IMAGES = (32, 64, 224)  # CIFAR, Tiny ImageNet, ImageNet

NETWORKS = {
    "cnn": Network(cnn, 1, (8,), 8, 10),
    "resnet9": Network(resnet9, 3, _IMAGES, 32, 10, ("fc",)),
    "resnet18": Network(partial(resnet, architecture.RESNET18), 3, _IMAGES, 64, 200, ("fc",)),
    "resnet50": Network(partial(resnet, architecture.RESNET50), 3, _IMAGES, 224, 1000, ("fc",)),
    "vgg19": Network(partial(vgg, architecture.VGG19), 3, _IMAGES, 32, 100, ("classifier.6",)),
    "vit": Network(partial(vit, architecture.VIT), 3, _IMAGES, 32, 10, ("head",)),
}

"""Layer lists, against what PyTorch's modules call, and against published counts of multiply-adds."""

import subprocess
import sys
from functools import partial

import pytest
import torch
from torch import nn

from tests.support.tree import ROOT, files_of, imported_packages
from tlm.workload.layer import Conv, Product
from tlm.workload.networks import NETWORKS, choose, layers
from training import MatMul, models

WIDTHS = [0.125, 0.4, 1.0]
CASES = [(name, image) for name, network in NETWORKS.items() for image in network.images]


def called(module: nn.Module, shape: tuple[int, ...]) -> tuple[list[Conv | Product], tuple[int, ...]]:
    """The layers that a module calls for a batch, as the list of one image, and the shape of its output."""
    calls = []

    def convolved(name, layer, inputs, _):
        _, channels, height, width = inputs[0].shape
        calls.append(
            Conv(
                name,
                channels,
                layer.out_channels,
                height,
                width,
                layer.kernel_size,
                layer.stride,
                layer.padding,
                layer.dilation,
                layer.bias is not None,
            )
        )

    def linear(name, layer, inputs, _):
        _, *rows, channels = inputs[0].shape
        calls.append(Conv(name, channels, layer.out_features, *(rows or [1]), 1, bias=layer.bias is not None))

    def multiplied(name, _, inputs, __):
        (_, copies, m, k), (*_, n) = inputs[0].shape, inputs[1].shape
        calls.append(Product(name, m, k, n, copies))

    for name, child in module.named_modules():
        for kind, record in ((nn.Conv2d, convolved), (nn.Linear, linear), (MatMul, multiplied)):
            if isinstance(child, kind):
                child.register_forward_hook(partial(record, name))
    output = module(torch.empty(shape, device="meta"))
    return calls, tuple(output.shape)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name, image", CASES)
def test_the_list_is_what_the_module_calls_in_order(name, image, width):
    expected = layers(name, image, 12, width)
    with torch.device("meta"):
        module = models.build(name, 0, image, 12, width).eval()
    assert called(module, (2, NETWORKS[name].channels, image, image)) == (expected, (2, 12))
    assert len({layer.name for layer in expected}) == len(expected) >= 4


# 32x32: derived in the project from the networks of the paper.
# torchvision: `_ops` of its weights, in thousands of millions: 1.814, 4.089, 19.632 (vgg19_bn), 17.564 (vit_b_16).
@pytest.mark.parametrize(
    "name, image, classes, millions",
    [
        ("resnet9", 32, 10, 1162),
        ("vgg19", 32, 100, 398),
        ("resnet18", 224, 1000, 1814),
        ("resnet50", 224, 1000, 4089),
        ("vgg19", 224, 1000, 19_632),
        ("vit", 224, 1000, 17_564),
    ],
)
def test_an_image_takes_the_published_multiply_adds(name, image, classes, millions):
    assert round(sum(layer.macs for layer in layers(name, image, classes)) / 1e6) == millions


@pytest.mark.parametrize("name", NETWORKS)
def test_without_sizes_a_network_has_its_own(name):
    network = NETWORKS[name]
    assert layers(name) == layers(name, network.image, network.classes, 1)
    assert choose(name) == (network, network.image, network.classes) and network.image in network.images


@pytest.mark.parametrize("name, image", CASES)
def test_the_classifier_is_last_and_stays_dense_but_for_the_cnn(name, image):
    last = layers(name, image, 7)[-1]
    assert last.outputs == 7 and NETWORKS[name].dense == (() if name == "cnn" else (last.name,))


@pytest.mark.parametrize("name, image", CASES)
def test_inner_channels_are_multiples_of_eight_at_any_width(name, image, rng):
    first, *others = layers(name, image, 10, rng.uniform(0.01, 2))
    convolutions = [layer for layer in others if isinstance(layer, Conv)]
    assert first.channels == NETWORKS[name].channels and all(layer.channels % 8 == 0 for layer in convolutions)


@pytest.mark.parametrize(
    "sizes, message",
    [
        (dict(name="alexnet"), "model must be one of cnn, resnet9, .*not 'alexnet'"),
        (dict(name="vit", image=48), "image of vit must be one of 32, 64, 224, not 48"),
        (dict(name="cnn", image=32), "image of cnn must be one of 8, not 32"),
        (dict(name="vgg19", image="32"), "image of vgg19 must be one of 32, 64, 224, not '32'"),
        (dict(name="vit", classes=0), "classes must be an integer of at least 1, not 0"),
        (dict(name="vit", classes=1.5), "classes must be an integer of at least 1, not 1.5"),
        (dict(name="vit", width=0), "width must be a number above 0 and at most 8, not 0"),
        (dict(name="vit", width=-1.0), "width must be .* not -1.0"),
        (dict(name="vit", width=9), "width must be .* not 9"),
        (dict(name="vit", width=float("nan")), "width must be .* not nan"),
        (dict(name="vit", width="1"), "width must be .* not '1'"),
    ],
)
def test_what_a_network_is_not_defined_for_is_refused(sizes, message):
    with pytest.raises(ValueError, match=message):
        layers(**sizes)


def test_the_lists_need_no_pytorch():
    files = files_of("tlm/workload")
    assert len(files) >= 4
    assert set().union(*map(imported_packages, files)) <= {"tlm", "rtl", "numpy", "onnx", *sys.stdlib_module_names}
    code = "import sys, tlm.workload.networks as n; n.layers('resnet50'); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True).stdout == "False\n"

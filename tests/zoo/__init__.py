"""Public networks after their definitions, with inputs, for tests that any network must pass."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from tests.zoo.bert import bert
from tests.zoo.convnext import convnext_tiny
from tests.zoo.dlrm import KAGGLE, dlrm
from tests.zoo.experts import moe, moe_einsum
from tests.zoo.gpt2 import gpt2
from tests.zoo.inception import googlenet, inception_v3
from tests.zoo.inputs import Inputs, clicks, images, numbers, padded, tokens
from tests.zoo.llama import llama
from tests.zoo.lora import lora
from tests.zoo.maxvit import maxvit_t
from tests.zoo.mobile import (
    efficientnet_b0,
    efficientnet_v2_s,
    mnasnet1_0,
    mobilenet_v2,
    mobilenet_v3_large,
    mobilenet_v3_small,
    shufflenet_v2_x1_0,
)
from tests.zoo.plain import alexnet, squeezenet1_0, vgg11
from tests.zoo.recurrent import gru, lstm
from tests.zoo.residual import densenet121, r3d, regnet_y_400mf, resnet18, resnet50, resnext50_32x4d, wide_resnet50_2
from tests.zoo.swin import swin_t, swin_v2_t
from tests.zoo.unet import unet
from tests.zoo.vit import vit_b_16
from tests.zoo.wave import m5


@dataclass(frozen=True)
class Network:
    """A network, what it takes, and what is published of it.

    `inputs` are for the network at its published size, which is the factory's with the arguments `published`; `small`
    are for a quick step of training, of the network with the arguments `quick`; both are functions of a batch's size
    and a seed. `output` is the shape of an example's result for `small`. `parameters` and `gigamacs` (10**9 products of
    a forward pass on one example of `inputs`, as torchvision counts them) are published figures, where there are any.
    """

    factory: Callable[..., nn.Module]
    parameters: int | None
    inputs: Inputs
    small: Inputs
    output: tuple[int, ...]
    gigamacs: float | None = None
    published: Mapping[str, Any] = field(default_factory=dict)
    quick: Mapping[str, Any] = field(default_factory=dict)

    def build(self) -> nn.Module:
        """At the published size, for `inputs`."""
        return self.factory(**self.published)

    def build_small(self) -> nn.Module:
        """For `small`; where images may have any size, the same network as the published one."""
        return self.factory(**self.quick)


def classifying(
    factory: Callable[..., nn.Module], parameters: int, gigamacs: float, full: int = 224, small: int = 64, **quick: int
) -> Network:
    """Of images in a thousand classes; parameters and products are those of torchvision's weights."""
    return Network(factory, parameters, images(full), images(small), (1000,), gigamacs, quick=quick)


IMAGES = {
    "alexnet": classifying(alexnet, 61_100_840, 0.714),
    "vgg11": classifying(vgg11, 132_863_336, 7.609, small=32),
    "resnet18": classifying(resnet18, 11_689_512, 1.814),
    "resnet50": classifying(resnet50, 25_557_032, 4.089),
    "wide_resnet50_2": classifying(wide_resnet50_2, 68_883_240, 11.398),
    "resnext50_32x4d": classifying(resnext50_32x4d, 25_028_904, 4.23),
    "densenet121": classifying(densenet121, 7_978_856, 2.834),
    "googlenet": classifying(googlenet, 6_624_904, 1.498),
    "inception_v3": classifying(inception_v3, 27_161_264, 5.713, full=299, small=299),
    "squeezenet1_0": classifying(squeezenet1_0, 1_248_424, 0.819),
    "mobilenet_v2": classifying(mobilenet_v2, 3_504_872, 0.301),
    "mobilenet_v3_small": classifying(mobilenet_v3_small, 2_542_856, 0.057),
    "mobilenet_v3_large": classifying(mobilenet_v3_large, 5_483_032, 0.217),
    "efficientnet_b0": classifying(efficientnet_b0, 5_288_548, 0.386),
    "efficientnet_v2_s": classifying(efficientnet_v2_s, 21_458_488, 8.366, full=384),
    "mnasnet1_0": classifying(mnasnet1_0, 4_383_312, 0.314),
    "shufflenet_v2_x1_0": classifying(shufflenet_v2_x1_0, 2_278_604, 0.145),
    "convnext_tiny": classifying(convnext_tiny, 28_589_128, 4.456),
    "regnet_y_400mf": classifying(regnet_y_400mf, 4_344_144, 0.402),
    "swin_t": classifying(swin_t, 28_288_354, 4.491),
    # Smaller images fill windows with zeros, whose unit vectors have gradients that no FP16 holds.
    "swin_v2_t": classifying(swin_v2_t, 28_351_570, 5.94, full=256, small=256),
    "maxvit_t": classifying(maxvit_t, 30_919_624, 5.558, side=2),
    "vit_b_16": classifying(vit_b_16, 86_567_656, 17.564, size=64),
}

# The sizes of gpt2, bert-base-uncased with a head of two classes, and Meta-Llama-3-8B.
GPT2 = dict(vocabulary=50257, places=1024, width=768, depth=12, heads=12)
BERT = dict(vocabulary=30522, places=512, width=768, depth=12, heads=12)
LLAMA = dict(vocabulary=128256, width=4096, hidden=14336, depth=32, heads=32, shared=8)

OTHERS = {
    "gpt2": Network(gpt2, 124_439_808, tokens(50257, 1024), tokens(101, 16), (16, 101), published=GPT2),
    "bert": Network(bert, 109_483_778, padded(30522, 128), padded(101, 16), (2,), published=BERT),
    "llama": Network(llama, 8_030_261_248, tokens(128256, 2048), tokens(101, 16), (16, 101), published=LLAMA),
    "unet": Network(unet, 31_037_633, images(256), images(32), (1, 32, 32)),
    # Tables and layers as published, by which the paper has some 540 million parameters.
    "dlrm": Network(dlrm, 540_677_217, clicks(KAGGLE, 1), clicks((50, 7, 101, 3), 2), (1,), published={"rows": KAGGLE}),
    "lstm": Network(
        lstm,
        4_810_857,
        tokens(25002, 16),
        tokens(101, 12),
        (1,),
        published=dict(vocabulary=25002, inputs=100, hidden=256),
    ),
    "gru": Network(gru, 2_759_169, numbers(16, 768), numbers(12, 16), (1,), published=dict(inputs=768, hidden=256)),
    "m5": Network(m5, 26_915, numbers(1, 8000), numbers(1, 8000), (35,)),
    "r3d_18": Network(
        r3d,
        33_371_472,
        numbers(3, 16, 112, 112),
        numbers(3, 8, 32, 32),
        (400,),
        40.697,
        published={"widths": (64, 128, 256, 512)},
    ),
    "moe": Network(moe, None, numbers(64, 16), numbers(5, 16), (10,)),
    "moe_einsum": Network(moe_einsum, None, numbers(64, 16), numbers(5, 16), (10,)),
    # PEFT says 4,100,164, since it keeps the last layer twice.
    "lora": Network(lora, 4_100_164 - 4_002, numbers(20), numbers(20), (2,)),
}

NETWORKS = {**IMAGES, **OTHERS}

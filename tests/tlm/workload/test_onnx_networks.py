"""Networks of PyTorch read from their ONNX files: the calls are those of the module itself."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.support.onnx_models import exported
from tests.zoo import NETWORKS
from tests.zoo.vit import VisionTransformer
from tlm.workload.layer import Conv
from tlm.workload.methods import Scheme
from tlm.workload.onnx_graph import read_onnx
from tlm.workload.step import Call, whole_step
from tlm.workload.trace import Trace
from training.tracing import trace

QUICK = ("resnet18", "mobilenet_v2", "unet", "r3d_18", "m5", "gpt2", "bert", "moe", "moe_einsum", "dlrm")
SLOW = """resnet50 resnext50_32x4d densenet121 googlenet inception_v3 squeezenet1_0 mobilenet_v3_small efficientnet_b0
    mnasnet1_0 shufflenet_v2_x1_0 convnext_tiny regnet_y_400mf swin_t maxvit_t vit_b_16""".split()
RECURRENT = ("lstm", "gru")  # which cannot be exported with dropout


def unnamed(calls) -> list[Call]:
    return [replace(call, layer=replace(call.layer, name=""), weight=None, bias=None, turned=False) for call in calls]


def sharing(calls) -> list[int]:
    """Whose weight each call has, numbered in order."""
    seen: dict = {}
    return [seen.setdefault(call.owner if not call.derived else number, number) for number, call in enumerate(calls)]


def layers(calls) -> list[str]:
    return [call.layer.name for call in calls if isinstance(call.layer, Conv)]


def same(found: Trace, expected: Trace) -> None:
    assert unnamed(found.calls) == unnamed(expected.calls)
    assert sharing(found.calls) == sharing(expected.calls)
    assert (found.macs_seen, found.macs_unseen, found.remark) == (expected.macs_seen, expected.macs_unseen, "")
    assert found.inference().macs_seen == expected.inference().macs_seen > 0


@pytest.mark.parametrize(
    "name", [*QUICK, *RECURRENT, *(pytest.param(name, marks=pytest.mark.nightly) for name in SLOW)]
)
def test_a_network_has_the_calls_of_its_module(tmp_path, name):
    network, inputs = NETWORKS[name].build_small(), NETWORKS[name].small(2, 0)
    recurrent = name in RECURRENT  # whose gates are in another order, which folding makes a weight of its own
    file = exported(tmp_path, network.train(not recurrent), *inputs, do_constant_folding=recurrent)
    same(read_onnx(file), trace(network, inputs))


def test_a_transformer_of_images_with_its_batch_open(tmp_path):
    network, images = VisionTransformer(32, 16, 24, 2, 2, 7), torch.randn(3, 3, 32, 32)
    open_batch = dict(input_names=["images"], dynamic_axes={"images": {0: "batch"}})
    file = exported(tmp_path, network, images, **open_batch)
    for batch in (None, 1, 5):
        same(read_onnx(file, batch), trace(network, (batch or 1, 3, 32, 32)))


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2"])
def test_layers_are_called_as_in_the_module_and_so_fit_its_patterns(tmp_path, name):
    network, inputs = NETWORKS[name].build_small(), NETWORKS[name].small(1, 0)
    expected = trace(network, inputs)
    folded = exported(tmp_path, network.eval(), *inputs, do_constant_folding=True)
    assert layers(read_onnx(folded).calls) == layers(expected.calls)  # though norms are part of the weights
    assert read_onnx(folded).macs_seen == expected.macs_seen
    names = layers(expected.calls)
    pattern = f"{names[3].rpartition('.')[0]}.*"
    assert whole_step(read_onnx(folded).calls, Scheme.of("bdwp", 2, 8, dense=(pattern, names[-1])))


def small() -> nn.Module:
    return nn.Sequential(
        nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, bias=False),
        nn.ConvTranspose1d(6, 4, 4, stride=3, padding=1, output_padding=1, groups=2),
        nn.Conv1d(4, 8, 4, padding="same", groups=4),
        nn.Linear(18, 5),
        nn.Linear(5, 3, bias=False),
    )


def test_layers_of_every_kind(tmp_path):
    x = torch.randn(2, 4, 13)
    same(read_onnx(exported(tmp_path, small(), x)), trace(small(), tuple(x.shape)))


@pytest.mark.parametrize("change", [dict(stride=(1, 2, 2)), dict(padding=(0, 1, 2)), dict(dilation=(2, 1, 1))])
def test_three_dimensions(tmp_path, change):
    for kind in (nn.Conv3d, nn.ConvTranspose3d):
        network, x = nn.Sequential(kind(2, 4, (2, 3, 2), groups=2, **change)), torch.randn(2, 2, 4, 5, 6)
        same(read_onnx(exported(tmp_path, network, x)), trace(network, tuple(x.shape)))

"""Names: modules' paths of PyTorch's exporters, weights, and nodes without any."""

import pytest

from tests.support.onnx_models import node
from tlm.workload.onnx_nodes.names import Names, numbered

SCOPES = "pkg.torch.onnx.name_scopes"


@pytest.mark.parametrize(
    "own, layer, product",
    [
        ("/layer1/conv1/Conv", "layer1.conv1", "layer1.conv1.Conv"),
        ("/layer1/layer1.0/conv1/Conv_2", "layer1.0.conv1", "layer1.0.conv1.Conv_2"),
        ("/0/0.2/0.2.1/deep/deep.0/deep.0.0/Conv", "0.2.1.deep.0.0", "0.2.1.deep.0.0.Conv"),
        ("/Conv_1", "Conv_1", "Conv_1"),
        ("/encoder/attention/scores", "encoder.attention.scores", "encoder.attention.scores"),
        ("model/conv1/Conv2D", "model/conv1/Conv2D", "model/conv1/Conv2D"),
        ("Conv_7", "Conv_7", "Conv_7"),
        ("/", "Conv", "Conv"),
        ("a\nb", "a\\nb", "a\\nb"),
    ],
)
def test_names_of_nodes(own, layer, product):
    one = node("Conv", "x w", "y")
    assert Names().layer(one, own, "onnx::Conv_12") == layer
    assert Names().product(one, own) == product


def test_a_weight_says_the_layers_name():
    one, names = node("Conv", "x w", "y"), Names()
    assert names.layer(one, "/other/Conv", "layer1.0.conv1.weight") == "layer1.0.conv1"
    assert names.layer(one, "/other/Conv", "weight") == names.layer(one, "/other/Conv", "weight") == "other"


def test_paths_that_the_newer_exporter_notes():
    one = node("MatMul", "x w", "y")
    one.metadata_props.add(key=SCOPES, value="['', 'blocks', 'blocks.0', 'blocks.0.qkv', 'view']")
    assert Names().layer(one, "node_MatMul_3", "val_3") == "blocks.0.qkv"
    assert Names().product(one, "node_MatMul_3") == "blocks.0.qkv.MatMul"


@pytest.mark.parametrize(
    "scopes", ["['', 'view']", "['view']", "[", "[1, 2]", "('a', 'b')", "__import__('os')", "[" * 999]
)
def test_other_notes_are_left_alone(scopes):
    one = node("MatMul", "x w", "y")
    one.metadata_props.add(key=SCOPES, value=scopes)
    assert Names().layer(one, "node_MatMul_3", "val_3") == "node_MatMul_3"


def test_no_two_are_alike_but_calls_that_share_a_weight():
    names, first, second = Names(), node("MatMul", "x w", "y"), node("MatMul", "y w", "z")
    assert [names.layer(first, "/m/MatMul", "a"), names.layer(second, "/m/MatMul_1", "a")] == ["m", "m"]
    assert names.layer(second, "/m/MatMul_1", "b") == "m.MatMul_1"
    assert names.layer(second, "/m/MatMul_1", "c") == "m.MatMul_1_2"
    assert [names.product(one, "same") for one in (first, second, first)] == ["same", "same_2", "same"]
    assert [names.product(first, "same", part) for part in ("scores", "mix")] == ["same.scores", "same.mix"]


def test_nodes_without_a_name_have_their_operators_and_a_number():
    nodes = [node("Conv", "x", "y"), node("Gemm", "y", "z", name="end"), node("Conv", "z", "u")]
    assert numbered(nodes) == ["Conv_1", "end", "Conv_2"]

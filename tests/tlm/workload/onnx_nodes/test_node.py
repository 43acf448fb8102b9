"""Nodes: their operands and attributes, and how what is wrong in one is named."""

import pytest
from onnx import helper

from tests.support.onnx_models import held, model, node, value, written
from tests.support.refused import refused
from tlm.workload.onnx_nodes.model import load
from tlm.workload.onnx_nodes.names import Names
from tlm.workload.onnx_nodes.node import Node, NoShapeError
from tlm.workload.onnx_nodes.shapes import Types, infer
from tlm.workload.onnx_nodes.values import Values


@pytest.fixture
def found(tmp_path) -> Node:
    attributes = dict(pads=[1, 1, 2, 0], group=2, alpha=0.5, auto_pad=b"VAL\xffID", values=[1.0, 2.0, 3.0])
    proto = node("Mix", "x e w u", "y", domain="acme", name="own", **attributes)
    tensors, nodes = [held("w", 4, 3), held("e", 0, 3)], [node("Mix", "x", "u", domain="acme"), proto]
    made = infer(load(written(tmp_path, model(nodes, [value("x", 2, 3)], tensors)), None))
    made.graph.node[1].attribute.append(helper.make_attribute("body", made.graph))
    return Node(made.graph.node[1], "own", Values(made.graph, Types(made)), Names())


def test_operands(found):
    assert [found.has(place) for place in (0, 1, 2, 9)] == [True, True, True, False]
    assert (found.operand(0).shape, found.operand(2).shape) == ((2, 3), (4, 3))
    refused("Mix must have an input 9", found.operand, 9)
    refused("Mix must have an output 1", found.output, 1)
    for absent in (lambda: found.operand(3), found.output):
        with pytest.raises(NoShapeError):
            absent()
    assert found.empty


def test_attributes(found):
    assert (found.number("group"), found.number("none", 7), found.real("alpha", 1), found.real("none", 1)) == (
        2,
        7,
        0.5,
        1,
    )
    assert found.text("auto_pad") == "VAL\N{REPLACEMENT CHARACTER}ID" and found.text("none", "words") == "words"
    assert found.numbers("pads", 4, 0, 0) == (1, 1, 2, 0) and found.numbers("none", 2, 1, 1) == (1, 1)
    assert (found.length("pads"), found.length("values"), found.length("none")) == (4, 3, 0)
    assert found.graph("body").node[1].name == "own" and found.graph("group") is None and found.graph("none") is None


def test_attributes_of_another_kind_are_refused(found):
    refused("attribute group of Mix must be of kind INTS", found.numbers, "group", 2, 1, 1)
    refused("attribute pads of Mix must be of kind INT", found.number, "pads")
    refused("attribute pads of Mix must be of kind STRING", found.text, "pads")
    refused("pads must be 2 numbers from 0 on, not [1, 1, 2, 0]", found.numbers, "pads", 2, 0, 0)
    refused("pads must be 4 numbers from 1 on, not [1, 1, 2, 0]", found.numbers, "pads", 4, 0, 1)

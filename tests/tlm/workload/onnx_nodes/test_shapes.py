"""Types of values: as ONNX infers them, and where it does not."""

import pytest
from onnx import TensorProto, helper

from tests.support.onnx_models import graph, held, model, node, sizes, value, written
from tests.support.refused import refused
from tlm.workload.onnx_nodes.model import load
from tlm.workload.onnx_nodes.shapes import Types, infer


def types(folder, nodes, inputs, tensors=()):
    return Types(infer(load(written(folder, model(nodes, inputs, list(tensors))), None)))


def test_shapes_and_elements(tmp_path):
    nodes = [node("Conv", "x w", "y"), node("Shape", "y", "s"), node("Mix", "y", "u", domain="acme")]
    found = types(tmp_path, nodes, [value("x", "n", 3, 6, 6)], [held("w", 4, 3, 3, 3), sizes("k", 5)])
    assert [found.shape(name) for name in "xwyusz"] == [(1, 3, 6, 6), (4, 3, 3, 3), (1, 4, 4, 4), None, (4,), None]
    assert [found.element(name) for name in "xwyusz"] == [1, 1, 1, 1, 7, 0]
    assert [found.number(name) for name in "kxw"] == [5, None, None]


def test_sizes_that_are_computed_by_other_operators_are_followed(tmp_path):
    """As PyTorch's exporter cuts a tensor in equal parts: ONNX's own inference stops at the division."""
    nodes = [
        node("Shape", "x", "shape"),
        node("Gather", "shape two", "length"),
        node("Add", "length one", "more"),
        node("Div", "more two", "half"),
        node("Size", "x", "all"),
        node("Max", "half one", "end"),
        node("Slice", "x zero end two", "part"),
        node("Relu", "part", "y"),
        node("ConstantOfShape", "half", "many"),
        node("ConstantOfShape", "huge", "most"),
        node("Expand", "many huge", "wide"),
    ]
    numbers = [sizes("zero", 0), sizes("one", 1), sizes("two", 2), sizes("huge", 2**26)]
    made = infer(load(written(tmp_path, model(nodes, [value("x", 2, 3, 11)], numbers)), None))
    assert not any(one.name == "y" and one.type.tensor_type.shape.dim[2].dim_value for one in made.graph.output)
    found = Types(made)
    assert (found.shape("y"), found.shape("many"), found.shape("most")) == ((2, 3, 6), (6,), (2**26,))


def test_sizes_may_be_parts_of_a_shape(tmp_path):
    nodes = [
        node("Shape", "x", "part", start=1, end=3),
        node("ReduceProd", "part", "count", keepdims=1),
        node("Div", "count two", "rows"),
        node("Concat", "two rows", "shape", axis=0),
        node("Reshape", "x shape", "y"),
    ]
    assert types(tmp_path, nodes, [value("x", 2, 6, 2)], [sizes("two", 2)]).shape("y") == (2, 6)


@pytest.mark.parametrize("known, shape", [(True, (3, 7)), (False, (1, 3, 7))])
def test_a_condition_that_is_known_chooses_the_branch(tmp_path, known, shape):
    squeezed, kept = graph([node("Squeeze", "x zero", "a")], [], [sizes("zero", 0)]), [node("Identity", "x", "b")]
    condition = helper.make_tensor("c", TensorProto.BOOL, [1], [known])
    nodes = [node("If", "c", "y", then_branch=squeezed, else_branch=graph(kept, [], [])), node("Relu", "y", "z")]
    made = infer(load(written(tmp_path, model(nodes, [value("x", 1, 3, 7)], [condition])), None))
    assert Types(made).shape("z") == shape
    assert [one.op_type for one in made.graph.node] == ["Squeeze" if known else "Identity", "Identity", "Relu"]


def test_outputs_of_some_operators_of_onnx_runtime_are_as_their_first_input(tmp_path):
    nodes = [node("SkipLayerNormalization", "x x w", "y", domain="com.microsoft"), node("Relu", "y", "z")]
    assert types(tmp_path, nodes, [value("x", 2, 3, 8)], [held("w", 8)]).shape("z") == (2, 3, 8)


def test_tensors_that_are_not_as_they_say_are_not_read(tmp_path):
    wrong = [held("kind", 1, kind=99), sizes("short", 1, 2), sizes("k", 2)]
    wrong[0].raw_data, wrong[1].dims[0] = b"\0" * 8, 3
    nodes = [node("Div", "short k", "s"), node("Reshape", "x s", "y")]
    found = types(tmp_path, nodes, [value("x", 2, 3)], wrong)
    assert found.shape("y") is None and found.number("kind") is None


def test_an_operator_that_no_version_has_is_refused(tmp_path):
    made = load(written(tmp_path, model([node("Relu", "x", "y")], [value("x", 2, 3)], [])), None)
    del made.opset_import[:]
    refused("its shapes cannot be inferred: ", infer, made)

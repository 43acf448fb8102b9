"""Files as graphs: which sizes their inputs have, what is dropped of them, and functions of their own."""

import pytest
from onnx import helper

from tests.support.onnx_models import FLOAT, held, model, node, sizes, value, written
from tests.support.refused import refused
from tlm.workload.onnx_nodes.model import first_line, is_standard, load, shown, tensors

NODES, TENSORS = [node("Gemm", "x g", "y"), node("Add", "y z", "e")], [held("g", 7, 4)]


def loaded(folder, *inputs, batch=None, nodes=NODES, held=TENSORS):
    return load(written(folder, model(nodes, list(inputs), held)), batch)


def shapes(made) -> dict[str, list]:
    values = [*made.graph.input, *made.graph.value_info, *made.graph.output]
    return {
        one.name: [dim.dim_param or dim.dim_value for dim in one.type.tensor_type.shape.dim]
        for one in values
        if one.type.tensor_type.HasField("shape")
    }


@pytest.mark.parametrize("batch", [None, 1, 6])
@pytest.mark.parametrize("first", ["n", None, -1, 0])
def test_an_open_first_dimension_is_the_batch(tmp_path, first, batch):
    found = loaded(tmp_path, value("x", first, 7), value("z", "m", 4), batch=batch)
    assert shapes(found) == {"x": [batch or 1, 7], "z": [batch or 1, 4]}


def test_a_name_of_the_batch_holds_wherever_it_stands(tmp_path):
    assert shapes(loaded(tmp_path, value("x", "n", 7), value("z", 4, "n"), batch=3)) == {"x": [3, 7], "z": [4, 3]}


def test_a_batch_that_is_fixed(tmp_path):
    inputs = value("x", 2, 7), value("z", 4)
    assert shapes(loaded(tmp_path, *inputs, batch=2)) == shapes(loaded(tmp_path, *inputs)) == {"x": [2, 7], "z": [4]}
    refused("batch must be 2, since it is fixed in the file, not 3", loaded, tmp_path, *inputs, batch=3)
    refused("batch must be left out, since it is fixed in the file, not 3", loaded, tmp_path, value("x"), batch=3)
    for batch in (0, -1, True, 2.0, "2"):
        refused(f"batch must be a whole number from 1 on, not {batch!r}", loaded, tmp_path, *inputs, batch=batch)


@pytest.mark.parametrize("size, words", [("seq\x1b", "(seq\\x1b)"), (None, "(unnamed)"), (-1, "(unnamed)")])
def test_other_open_dimensions_are_named(tmp_path, size, words):
    rule = f"input ids: only its first dimension, the batch, may be open, not dimension 1 {words}: give it a size"
    refused(rule, loaded, tmp_path, value("ids", "n", size, 7))


def test_an_input_must_have_a_shape(tmp_path):
    made = model(NODES, [value("x", 2, 7)], TENSORS)
    made.graph.input[0].type.tensor_type.ClearField("shape")
    refused("input x: must have a shape", load, written(tmp_path, made), None)


def test_noted_shapes_are_forgotten_but_those_of_strangers(tmp_path):
    nodes = [node("Gemm", "x g", "y"), node("Mix", "y", "u", domain="acme"), node("Relu", "u", "e")]
    made = model(nodes, [value("x", "n", 7)], TENSORS)
    made.graph.value_info.extend([value("y", 9, 4), value("u", "n", 9)])
    made.graph.output[0].CopyFrom(value("e", 9, 9))
    assert shapes(load(written(tmp_path, made), 3)) == {"x": [3, 7], "u": [3, 9]}
    assert [is_standard(one) for one in nodes] == [True, False, True]


def test_large_tensors_lose_their_values_and_small_ones_keep_them(tmp_path):
    large = helper.make_tensor("w", FLOAT, [5, 300], bytes(6000), raw=True)
    constant = node("Constant", "", "c", value=helper.make_tensor("inner", FLOAT, [2000], bytes(8000), raw=True))
    found = loaded(tmp_path, nodes=[constant, *NODES], held=[large, sizes("s", 3, 4)])
    kept = dict(tensors(found.graph))
    assert {name: len(tensor.raw_data) + len(tensor.int64_data) for name, tensor in kept.items()} == dict(w=0, c=0, s=2)
    assert list(kept["w"].dims) == [5, 300] and list(kept["c"].dims) == [2000]
    refused("tensor w: sizes must be from 0 to 2^27, not [-1, 4]", loaded, tmp_path, held=[held("w", -1, 4)])


def test_functions_are_inlined_and_those_that_cannot_be_are_refused(tmp_path):
    made = model([node("Twice", "x g", "y", domain="own")], [value("x", 2, 4)], [held("g", 4, 4)])
    made.opset_import.append(helper.make_opsetid("own", 1))
    parts = [node("MatMul", "a b", "t"), node("MatMul", "t b", "c")]
    made.functions.append(helper.make_function("own", "Twice", ["a", "b"], ["c"], parts, made.opset_import[:1]))
    assert [one.op_type for one in load(written(tmp_path, made), None).graph.node] == ["MatMul", "MatMul"]
    made.functions[0].node.append(node("Twice", "a b", "u", domain="own"))
    made.functions[0].opset_import.append(helper.make_opsetid("own", 1))
    refused("functions must be such as can be inlined", load, written(tmp_path, made), None)


def test_texts_that_are_no_texts_are_refused(tmp_path):
    data = written(tmp_path, model([node("Gemm", "x g", "y", name="ABCD")], [value("x", 2, 7)], TENSORS)).read_bytes()
    file = tmp_path / "wrong.onnx"
    file.write_bytes(data.replace(b"ABCD", b"AB\xff\xfe"))
    refused(f"{file}: must be an ONNX model: its texts must be UTF-8", load, file, None)


def test_operators_may_be_of_onnx_by_its_long_name(tmp_path):
    made = model([node("Gemm", "x g", "y", domain="ai.onnx")], [value("x", 2, 7)], TENSORS)
    made.opset_import[0].domain = "ai.onnx"
    assert [one.domain for one in load(written(tmp_path, made), None).graph.node] == [""]


def test_what_is_shown_is_one_line_without_codes():
    assert first_line(ValueError("two\n lines ")) == "two lines" and first_line(KeyError()) == "KeyError"
    assert first_line(ValueError("\x1b" + "a" * 999)) == "\\x1b" + "a" * 199
    assert (shown("größe.1"), shown("a\x1b[0m")) == ("größe.1", "a\\x1b[0m")

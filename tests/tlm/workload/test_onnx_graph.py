"""Graphs made by hand: their calls, what the host keeps of them, and how files are refused."""

import subprocess
import sys

import pytest
from onnx import TensorProto

from tests.support.onnx_models import UINT8, graph, held, model, node, sizes, value, written
from tests.support.refused import refused
from tests.support.tree import ROOT
from tlm.workload.layer import Conv, Product
from tlm.workload.onnx_graph import read_onnx
from tlm.workload.step import Call
from tlm.workload.trace import HostProduct, Trace


def layers(calls) -> list[str]:
    return [call.layer.name for call in calls if isinstance(call.layer, Conv)]


NODES = [node("Conv", "x w b", "y", name="first"), node("Flatten", "y", "f"), node("Gemm", "f g", "z", transB=1)]
TENSORS = [held("w", 4, 3, 3, 3), held("b", 4), held("g", 7, 64)]


def test_a_graph_made_by_hand(tmp_path):
    file = written(tmp_path, model(NODES, [value("x", "n", 3, 6, 6)], TENSORS))
    assert read_onnx(file, 2) == Trace(
        [
            Call(Conv("first", 3, 4, 6, 6, (3, 3), bias=True), 2, False, weight="w"),
            Call(Conv("Gemm_1", 64, 7, 1, 1), 2, bias_updated=False, weight="g"),
        ],
        [],
        batch=2,
    )


def test_initializers_may_be_listed_as_inputs_and_tensors_be_sparse(tmp_path):
    made = model(NODES, [value("x", 2, 3, 6, 6), value("w", 4, 3, 3, 3), value("g", 7, 64)], TENSORS)
    expected = read_onnx(written(tmp_path, made))
    sparse = made.graph.sparse_initializer.add(values=held("g", 0), dims=[7, 64])
    del made.graph.initializer[2], made.graph.input[2]
    assert sparse.values.name == "g" and read_onnx(written(tmp_path, made)) == expected


def test_values_of_weights_are_neither_read_nor_needed(tmp_path):
    made = model(NODES, [value("x", 2, 3, 6, 6)], TENSORS)
    expected = read_onnx(written(tmp_path, made))
    for tensor in made.graph.initializer:
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="nowhere.bin")
    assert read_onnx(written(tmp_path, made)) == expected


def test_three_hundred_layers_are_read(tmp_path):
    nodes = [node("Conv", f"x{i} w{i}", f"x{i + 1}", pads=[1, 1, 1, 1]) for i in range(300)]
    made = model(nodes, [value("x0", "n", 64, 32, 32)], [held(f"w{i}", 64, 64, 3, 3) for i in range(300)])
    for tensor in made.graph.initializer:
        tensor.raw_data = bytes(4 * 64 * 64 * 9)
    assert len(read_onnx(written(tmp_path, made), 4).calls) == 300


def test_what_stays_on_the_host_is_named_with_its_multiply_adds(tmp_path):
    nodes = [
        node("ConvInteger", "x w", "y", name="/body/conv/ConvInteger"),
        node("Cast", "y", "f", to=1),
        node("MatMul", "f m", "z"),
        node("FusedMatMul", "z n", "end", domain="com.microsoft", name="fused", transB=1),
    ]
    tensors = [held("w", 4, 3, 3, 3, kind=UINT8), held("m", 4, 5), held("n", 6, 5)]
    found = read_onnx(written(tmp_path, model(nodes, [value("x", 2, 3, 6, 6, kind=UINT8)], tensors)))
    assert layers(found.calls) == ["MatMul_1"] and found.remark == ""
    assert found.on_host == [
        HostProduct("body.conv.ConvInteger", "ConvInteger", 2 * 16 * 4 * 27),
        HostProduct("fused", "FusedMatMul", 2 * 4 * 4 * 5 * 6, 2 * 2 * 4 * 4 * 5 * 6),
    ]


def test_what_is_not_understood_is_named_in_the_remark(tmp_path):
    nodes = [node("Gemm", "x g", "y"), node("Mix", "y", "z", domain="acme", name="own"), node("MatMul", "z g", "end")]
    found = read_onnx(written(tmp_path, model(nodes, [value("x", 2, 7)], [held("g", 7, 7)])))
    assert layers(found.calls) == ["Gemm_1"]
    assert found.on_host == [HostProduct("own", "Mix", None), HostProduct("MatMul_1", "MatMul", None)]
    assert found.remark == "multiply-adds are not known of own (acme.Mix), MatMul_1 (MatMul)"


def test_a_remark_names_so_many_and_says_how_many_more(tmp_path):
    nodes = [node("Mix", f"x{i}", f"x{i + 1}", domain="acme", name=f"n{i}") for i in range(11)]
    remark = read_onnx(written(tmp_path, model(nodes, [value("x0", 2, 7)], []))).remark
    assert remark.endswith("n6 (acme.Mix), n7 (acme.Mix), and 3 more")


MULTIPLY, KEEP = [node("MatMul", "x g", "a")], [node("Identity", "x", "b")]
CONDITION = value("c", kind=TensorProto.BOOL)


def test_an_if_counts_as_the_larger_of_its_branches(tmp_path):
    branches = dict(then_branch=graph(MULTIPLY, [], []), else_branch=graph(KEEP, [], []))
    made = model([node("If", "c", "y", name="maybe", **branches)], [value("x", 2, 7), CONDITION], [held("g", 7, 7)])
    assert read_onnx(written(tmp_path, made)) == Trace([], [HostProduct("maybe", "If", 2 * 49, 2 * 49)], batch=2)


def test_an_if_whose_condition_is_known_is_its_branch(tmp_path):
    branches = dict(then_branch=graph(KEEP, [], []), else_branch=graph(MULTIPLY, [], []))
    nodes = [
        node("Shape", "x", "shape"),
        node("Equal", "shape one", "two"),
        node("ReduceMax", "two", "c", keepdims=0),
        node("If", "c", "y", **branches),
        node("MatMul", "y g", "z"),
    ]
    nodes[2] = node("Gather", "two zero", "c")
    found = read_onnx(
        written(tmp_path, model(nodes, [value("x", 2, 7)], [held("g", 7, 7), sizes("one", 1, 1), sizes("zero", 0)]))
    )
    assert [call.layer.macs * call.batch for call in found.calls] == [98, 98] and not found.on_host
    assert found.calls[0].weight == found.calls[1].weight == "g"


@pytest.mark.parametrize("times, remark", [(5, ""), (0, ""), (-1, ""), (None, "loop")])
def test_a_loop_counts_as_often_as_it_is_known_to_run(tmp_path, times, remark):
    body = graph([node("Identity", "go", "on"), node("MatMul", "s g", "t")], [], [])
    body.input.extend([value("i", kind=7), value("go", kind=9), value("s", 2, 7)])
    body.output.insert(0, value("on", kind=9))
    trips = [] if times is None else [sizes("times", times)]
    given = [value("x", 2, 7)] + [value("times", 1, kind=7)] * (times is None)
    nodes = [node("Loop", "times - x", "y", name="loop", body=body)]
    found = read_onnx(written(tmp_path, model(nodes, given, [held("g", 7, 7), *trips])))
    macs = (1 if times is None else max(0, times)) * 2 * 49
    assert found.on_host == [HostProduct("loop", "Loop", macs, 2 * macs)] and not found.calls
    assert found.remark == (f"counted once, since it is not known how often they run: {remark}" if remark else "")


def test_a_scan_runs_once_for_each_slice(tmp_path):
    body = graph([node("MatMul", "s g", "t")], [value("s", 2, 7)], [])
    made = model(
        [node("Scan", "x", "y", name="scan", body=body, num_scan_inputs=1, scan_input_axes=[1])],
        [value("x", 2, 6, 7)],
        [held("g", 7, 7)],
    )
    assert read_onnx(written(tmp_path, made)).on_host == [HostProduct("scan", "Scan", 6 * 98, 12 * 98)]


def test_files_that_are_no_networks_are_refused(tmp_path):
    file = tmp_path / "network.onnx"
    for data in (b"\x89PNG\r\n\x1a\n", b"import torch\n" * 20, b"\xff" * 100):
        file.write_bytes(data)
        refused(f"{file}: must be an ONNX model", read_onnx, file)
    file.write_bytes(b"")
    refused("must be an ONNX model with nodes in its graph, not with none", read_onnx, file)
    written(tmp_path, model([node("Relu", "x", "y")], [value("x", 2, 3)], []))
    refused(f"{file}: must have matrix products, such as those of Conv, Gemm or MatMul, not none", read_onnx, file)
    for absent in (tmp_path / "none.onnx", tmp_path):
        with pytest.raises(OSError):
            read_onnx(absent)


def test_a_node_whose_operands_do_not_fit_is_named(tmp_path):
    nodes = [node("Conv", "x w", "y", name="bad\x1b[31m")]
    made = model(nodes, [value("x", 2, 5, 6, 6)], [held("w", 4, 3, 3, 3)])
    words = "network.onnx: node bad\\x1b[31m: input channels must be 3 in each of 1 groups, not 5"
    refused(words, read_onnx, written(tmp_path, made))
    made.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 3
    (call,) = read_onnx(written(tmp_path, made)).calls
    assert call.layer.name == "bad\\x1b[31m"


def test_without_the_package_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    refused("reading ONNX files needs: pip install onnx", read_onnx, tmp_path / "none.onnx")


def test_nothing_loads_the_package_before_a_file_is_read():
    code = "import sys, tlm.workload.onnx_graph; print(sorted({'onnx', 'torch', 'google'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_products_of_two_activations_have_both_gradients(tmp_path):
    nodes = [
        node("MatMul", "x w", "q"),
        node("MatMul", "q y", "z"),
        node("MatMul", "y q", "u"),
        node("Add", "z u", "e"),
    ]
    found = read_onnx(written(tmp_path, model(nodes, [value("x", 3, 7, 7), value("y", 3, 7, 7)], [held("w", 7, 7)])))
    assert [call.layer for call in found.calls[1:]] == [Product("MatMul_2", 7, 7, 7), Product("MatMul_3", 7, 7, 7)]
    assert [(call.input_gradient, call.second_gradient) for call in found.calls[1:]] == [(True, False), (False, True)]


def test_what_is_not_known_inside_of_a_branch_is_not_counted_as_none(tmp_path):
    inside = [node("Mix", "x", "a", domain="acme", name="own"), *MULTIPLY]
    branches = dict(then_branch=graph(inside, [], []), else_branch=graph(KEEP, [], []))
    made = model([node("If", "c", "y", name="maybe", **branches)], [value("x", 2, 7), CONDITION], [held("g", 7, 7)])
    found = read_onnx(written(tmp_path, made))
    assert found.on_host == [HostProduct("own", "Mix", None), HostProduct("maybe", "If", 2 * 49, 2 * 49)]
    assert [product.call for product in found.unknown] == ["Mix"] and "own (acme.Mix)" in found.remark

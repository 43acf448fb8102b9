"""ONNX files: made by hand, node by node, or written by PyTorch's exporter."""

import warnings
from pathlib import Path

import torch
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper
from torch import nn

from tlm.workload.onnx_graph import read_onnx
from tlm.workload.trace import Trace

FLOAT, INT8, UINT8, INT64 = TensorProto.FLOAT, TensorProto.INT8, TensorProto.UINT8, TensorProto.INT64

STRANGERS = ("com.microsoft", "ai.onnx.ml", "acme")


def held(name: str, *shape: int, kind: int = FLOAT) -> TensorProto:
    """A tensor of the file, without values."""
    return TensorProto(name=name, data_type=kind, dims=shape)


def sizes(name: str, *values: int) -> TensorProto:
    """A tensor of whole numbers."""
    return helper.make_tensor(name, INT64, [len(values)], values)


def value(name: str, *shape, kind: int = FLOAT) -> ValueInfoProto:
    """An input or output; a dimension is a number, a name, or None where it is open."""
    return helper.make_tensor_value_info(name, kind, shape)


def node(op: str, reads: str, writes: str, domain: str = "", name: str = "", **attributes) -> NodeProto:
    """A node; names of values are apart by spaces, and '-' is an input that is left out."""
    inputs = ["" if one == "-" else one for one in reads.split()]
    return helper.make_node(op, inputs, writes.split(), name=name, domain=domain, **attributes)


def graph(nodes: list[NodeProto], inputs: list[ValueInfoProto], tensors: list[TensorProto]) -> GraphProto:
    """A graph whose output is that of its last node."""
    last = nodes[-1].output[0]
    return helper.make_graph(nodes, "graph", inputs, [helper.make_tensor_value_info(last, FLOAT, None)], tensors)


def model(nodes: list[NodeProto], inputs: list[ValueInfoProto], tensors: list[TensorProto], opset: int = 21):
    """A model of such a graph, with operators of ONNX, ONNX Runtime and a stranger."""
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(one, 1) for one in STRANGERS)]
    return helper.make_model(graph(nodes, inputs, tensors), opset_imports=imports)


def written(folder: Path, made: ModelProto) -> Path:
    """Its file."""
    file = folder / "network.onnx"
    file.write_bytes(made.SerializeToString())
    return file


def exported(folder: Path, module: nn.Module, *inputs, **options) -> Path:
    """A file of a module by PyTorch's exporter that needs ONNX alone, with each layer as the module has it."""
    file = folder / "network.onnx"
    as_it_is = dict(do_constant_folding=False, training=torch.onnx.TrainingMode.PRESERVE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what becomes a constant, and of a newer exporter
        torch.onnx.export(module, inputs, file, dynamo=False, **as_it_is | options)
    return file


def read(
    folder: Path, nodes: list[NodeProto], inputs: list[ValueInfoProto], tensors: list[TensorProto], opset: int = 21
) -> Trace:
    """The trace of a model made by hand."""
    return read_onnx(written(folder, model(nodes, inputs, tensors, opset)))

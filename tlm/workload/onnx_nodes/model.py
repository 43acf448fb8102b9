"""An ONNX file as one graph whose inputs have sizes: the values of its weights dropped, its functions inlined."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlm.size import LARGEST

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto, TensorShapeProto, ValueInfoProto

MOST_ELEMENTS = 1024  # of a tensor whose values may be sizes that shapes follow from
_VALUES = ("raw_data", "float_data", "int32_data", "int64_data", "double_data", "uint64_data", "external_data")


def load(file: Path, batch: int | None, usual: int = 1) -> ModelProto:
    """The model in a file, with sizes for all dimensions of its inputs.

    batch  of the inputs' open first dimensions; None: `usual`, and that of the file where it has one
    Raises ValueError, naming file, rule and value; OSError for a file that is not there.
    """
    if batch is not None and (isinstance(batch, bool) or not isinstance(batch, int) or batch < 1):
        raise ValueError(f"batch must be a whole number from 1 on, not {batch!r}")
    try:
        import onnx
    except ImportError:
        raise ValueError("reading ONNX files needs: pip install onnx") from None
    try:
        model = onnx.load(file, format="protobuf", load_external_data=False)
    except OSError:
        raise
    except Exception as error:  # whichever one this version of protobuf has for it
        raise ValueError(f"{file}: must be an ONNX model: {first_line(error)}") from None
    if any(isinstance(text, bytes) for text in _texts(model)):
        raise ValueError(f"{file}: must be an ONNX model: its texts must be UTF-8")
    if not model.graph.node:
        raise ValueError(f"{file}: must be an ONNX model with nodes in its graph, not with none")
    for part in [*model.graph.node, *model.opset_import]:
        part.domain = "" if part.domain == "ai.onnx" else part.domain
    try:
        _drop_values(model)
        model = _inlined(model) if model.functions else model
        _settle(model.graph, batch, usual)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None
    return model


def _inlined(model: ModelProto) -> ModelProto:
    """The model without functions of its own."""
    from onnx import inliner

    try:
        return inliner.inline_local_functions(model)
    except Exception as error:
        raise ValueError(f"functions must be such as can be inlined: {first_line(error)}") from None


def first_line(error: Exception) -> str:
    """What an exception says, on one line that is not too long."""
    words = " ".join(f"{error}".split()) or type(error).__name__
    return words if len(words) <= 200 and words.isprintable() else repr(words[:200])[1:-1]


def tensors(graph: GraphProto) -> Iterator[tuple[str, TensorProto]]:
    """The tensors that a graph holds, by name: initializers, sparse ones by their values, and Constants."""
    yield from ((tensor.name, tensor) for tensor in graph.initializer)
    for node in graph.node:
        if node.op_type == "Constant" and not node.domain:
            yield from ((node.output[0], one.t) for one in node.attribute if one.name == "value" and node.output)


def is_standard(node: NodeProto) -> bool:
    """Whether the ONNX package knows the operator, and so the shapes of its outputs."""
    import onnx

    return onnx.defs.has(node.op_type, node.domain)


def _texts(message: Any) -> Iterator[str | bytes]:
    """All texts in a model. What is no UTF-8 is handed out as bytes."""
    for field, value in message.ListFields():
        if field.type not in (field.TYPE_STRING, field.TYPE_MESSAGE):
            continue
        for one in [value] if isinstance(value, str | bytes) or hasattr(value, "ListFields") else value:
            if field.type == field.TYPE_STRING:
                yield one
            else:
                yield from _texts(one)


def _drop_values(model: ModelProto) -> None:
    """What is left is small, whatever the weights are: inference copies the model several times."""
    for name, tensor in tensors(model.graph):
        if any(not 0 <= size <= LARGEST for size in tensor.dims):
            raise ValueError(f"tensor {shown(name)}: sizes must be from 0 to 2^27, not {list(tensor.dims)}")
        if prod(tensor.dims) > MOST_ELEMENTS or tensor.external_data:
            for field in _VALUES:
                tensor.ClearField(field)
            tensor.ClearField("data_location")


def _settle(graph: GraphProto, batch: int | None, usual: int) -> None:
    """Give every dimension of the inputs a size, and forget the shapes that follow from them."""
    held = {name for name, _ in tensors(graph)} | {one.values.name for one in graph.sparse_initializer}
    inputs = [one for one in graph.input if one.name not in held and one.type.HasField("tensor_type")]
    for one in inputs:
        if not one.type.tensor_type.HasField("shape"):
            raise ValueError(f"input {shown(one.name)}: must have a shape")
    firsts = [one.type.tensor_type.shape.dim[0] for one in inputs if one.type.tensor_type.shape.dim]
    opened = [dim for dim in firsts if _is_open(dim)]
    fixed = firsts[0].dim_value if firsts else 0
    if batch and not opened and fixed != batch:
        raise ValueError(f"batch must be {fixed or 'left out'}, since it is fixed in the file, not {batch}")
    sizes = {dim.dim_param: batch or usual for dim in opened}
    for dim in opened:
        dim.dim_value = batch or usual
    for one in inputs:
        _set_named(one, sizes)
        for place, dim in enumerate(one.type.tensor_type.shape.dim):
            if _is_open(dim):
                raise ValueError(
                    f"input {shown(one.name)}: only its first dimension, the batch, may be open, not dimension {place} "
                    f"({shown(dim.dim_param) or 'unnamed'}): give it a size, as with onnx.tools.update_model_dims"
                )
    _forget(graph, sizes)


def _is_open(dim: TensorShapeProto.Dimension) -> bool:
    return not dim.HasField("dim_value") or dim.dim_value < 1


def _set_named(value: ValueInfoProto, sizes: dict[str, int]) -> None:
    for dim in value.type.tensor_type.shape.dim:
        if dim.HasField("dim_param") and dim.dim_param and dim.dim_param in sizes:
            dim.dim_value = sizes[dim.dim_param]


def _forget(graph: GraphProto, sizes: dict[str, int]) -> None:
    """Shapes that a tool has noted may be those of another batch; of unknown operators there are no others."""
    known = {name for node in graph.node if is_standard(node) for name in node.output}
    noted = [value for value in graph.value_info if value.name not in known]
    del graph.value_info[:]
    graph.value_info.extend(noted)
    for value in [*graph.value_info, *graph.output]:
        if value.name in known:
            value.type.tensor_type.ClearField("shape")
        elif value.type.HasField("tensor_type"):
            _set_named(value, sizes)


def shown(name: str) -> str:
    """A name from a file, with escape codes spelled out."""
    return name if name.isprintable() else repr(name)[1:-1]

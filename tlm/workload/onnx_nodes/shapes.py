"""The types of all values of a graph: by ONNX's inference, and where it stops, node by node with the sizes computed.

ONNX's inference follows sizes through some operators alone. Exporters also write others, such as the division by which
a tensor is cut in parts: those are computed by ONNX's reference implementation, as far as they are small.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from tlm.workload.onnx_nodes.model import MOST_ELEMENTS, first_line, is_standard, tensors

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto, TypeProto

Shape = tuple[int, ...]

# Operators that compute sizes from sizes.
_OF_SIZES = frozenset(
    """
    Abs Add And Cast Ceil Concat Constant ConstantOfShape Div Equal Expand Floor Gather Greater GreaterOrEqual Identity
    Less LessOrEqual Max Min Mod Mul Neg Not Or Pow ReduceMax ReduceMin ReduceProd ReduceSum Reshape Shape Size Slice
    Split Sqrt Squeeze Sub Tile Transpose Unsqueeze Where
    """.split()
)
_LIKE_FIRST = frozenset(  # operators of ONNX Runtime whose output has the shape of their first input
    """
    BiasDropout BiasGelu FastGelu Gelu GroupQueryAttention LayerNormalization MultiHeadAttention QuickGelu
    RotaryEmbedding SimplifiedLayerNormalization SkipLayerNormalization SkipSimplifiedLayerNormalization
    """.split()
)


class Types:
    """The types of a graph's values, by name. An If whose condition is known is replaced by its branch in the model."""

    def __init__(self, model: ModelProto):
        self._types: dict[str, TypeProto] = {}
        self._model = model
        self._opsets = {one.domain: one.version for one in model.opset_import}
        self.take(model.graph)
        if any(node.op_type == "If" or not self._is_known(node) for node in model.graph.node):
            self._complete()

    def take(self, graph: Any) -> None:
        """Take in what a graph, or one inside of a node of it, says of its values."""
        for value in [*graph.input, *graph.value_info, *graph.output]:
            self._types[value.name] = value.type
        for name, tensor in tensors(graph):
            self._hold(name, tensor.data_type, tensor.dims)
        for sparse in graph.sparse_initializer:
            self._hold(sparse.values.name, sparse.values.data_type, sparse.dims)

    def shape(self, name: str) -> Shape | None:
        """The shape of a value; None where it is not known as a whole."""
        kind = self._types.get(name)
        if kind is None or not kind.tensor_type.HasField("shape"):
            return None
        dims = kind.tensor_type.shape.dim
        return tuple(dim.dim_value for dim in dims) if all(dim.HasField("dim_value") for dim in dims) else None

    def element(self, name: str) -> int:
        """The number of its elements' type in onnx.TensorProto; 0 where it is not known."""
        kind = self._types.get(name)
        return kind.tensor_type.elem_type if kind is not None else 0

    def number(self, name: str) -> int | None:
        """The value of a whole number that the graph holds; None for any other."""
        value = next((_value(tensor) for own, tensor in tensors(self._model.graph) if own == name), None)
        whole = value is not None and value.size == 1 and np.issubdtype(value.dtype, np.integer)
        return int(value.flatten()[0]) if value is not None and whole else None

    def _hold(self, name: str, element: int, dims: Any) -> None:
        from onnx import helper

        self._types[name] = helper.make_tensor_type_proto(element, list(dims))

    def _complete(self) -> None:
        """Go through the nodes in their order, with the values of what is small."""
        held = ((name, _value(tensor)) for name, tensor in tensors(self._model.graph))
        small = {name: value for name, value in held if value is not None}
        graph = self._model.graph
        left, passed = list(reversed(graph.node)), []
        while left:
            node = left.pop()
            if branch := _branch(node, small):
                self.take(branch)
                graph.initializer.extend(branch.initializer)
                left += reversed([*branch.node, *_named(branch, node)])
                continue
            passed.append(node)
            if not node.domain and node.op_type in _OF_SIZES:
                small |= self._computed(node, small)
            if not self._is_known(node):
                self._infer(node, small)
        del graph.node[:]
        graph.node.extend(passed)

    def _is_known(self, node: NodeProto) -> bool:
        return all(self.shape(name) is not None for name in node.output if name)

    def _computed(self, node: NodeProto, small: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The outputs of a node, where they are small and follow from what is known."""
        if all(name in small for name in node.output if name):
            return {}
        given = {name: small[name] for name in node.input if name in small}
        if node.op_type in ("Shape", "Size"):
            return self._measured(node)
        sizes = next(iter(reversed(given.values())), None)
        if node.op_type in ("ConstantOfShape", "Expand", "Tile") and (sizes is None or _product(sizes) > MOST_ELEMENTS):
            return {}
        if len(given) < len({name for name in node.input if name}):
            return {}
        found = _run(node, given, self._opsets)
        return {name: value for name, value in found.items() if value.size <= MOST_ELEMENTS}

    def _measured(self, node: NodeProto) -> dict[str, np.ndarray]:
        """The output of Shape or Size."""
        shape = self.shape(node.input[0]) if node.input and node.output else None
        if shape is None:
            return {}
        ends = {one.name: one.i for one in node.attribute}
        part = shape[ends.get("start", 0) : ends.get("end", len(shape))]
        return {node.output[0]: np.array(part if node.op_type == "Shape" else prod(shape), np.int64)}

    def _infer(self, node: NodeProto, small: Mapping[str, np.ndarray]) -> None:
        """Take in what ONNX infers of one node."""
        import onnx
        from onnx import numpy_helper, shape_inference

        if not is_standard(node):
            self._guess(node)
            return
        types = {name: self._types[name] for name in node.input if name in self._types}
        data = {name: numpy_helper.from_array(small[name], name) for name in node.input if name in small}
        version = self._opsets.get(node.domain, 1)
        try:
            schema = onnx.defs.get_schema(node.op_type, version, node.domain)
            self._types |= shape_inference.infer_node_outputs(
                schema, node, types, data, None, list(self._model.opset_import), self._model.ir_version
            )
        except Exception:  # what cannot be inferred is not known
            return

    def _guess(self, node: NodeProto) -> None:
        if node.op_type in _LIKE_FIRST and node.input and node.output and node.input[0] in self._types:
            self._types[node.output[0]] = self._types[node.input[0]]


def _branch(node: NodeProto, small: Mapping[str, np.ndarray]) -> GraphProto | None:
    """The graph that an If runs, where that is known."""
    condition = small.get(node.input[0]) if node.op_type == "If" and node.input else None
    if condition is None or condition.size != 1:
        return None
    name = "then_branch" if condition.flatten()[0] else "else_branch"
    return next((one.g for one in node.attribute if one.name == name), None)


def _named(branch: GraphProto, node: NodeProto) -> list[NodeProto]:
    """Nodes that give the outputs of a graph the names that those of the node have."""
    from onnx import helper

    pairs = zip(branch.output, node.output, strict=False)
    return [helper.make_node("Identity", [inner.name], [name]) for inner, name in pairs]


def infer(model: ModelProto) -> ModelProto:
    """The model with the types of its values, as far as ONNX infers them. Raises ValueError where it cannot begin."""
    from onnx import shape_inference

    try:
        return shape_inference.infer_shapes(model, strict_mode=False, data_prop=True)
    except Exception as error:
        raise ValueError(f"its shapes cannot be inferred: {first_line(error)}") from None


def _product(sizes: np.ndarray) -> int:
    return prod(int(size) for size in sizes.flatten()) if np.issubdtype(sizes.dtype, np.integer) else 0


def _value(tensor: TensorProto) -> np.ndarray | None:
    """The value of a tensor; None where it is large, or not in the file."""
    from onnx import numpy_helper

    there = tensor.raw_data or any(len(getattr(tensor, f"{kind}_data")) for kind in ("int32", "int64", "float"))
    if not there or prod(tensor.dims) > MOST_ELEMENTS:
        return None
    try:
        return numpy_helper.to_array(tensor)
    except Exception:  # whatever is wrong with it
        return None


def _run(node: NodeProto, given: Mapping[str, np.ndarray], opsets: dict[str, int]) -> dict[str, np.ndarray]:
    """A node's outputs by the reference implementation; none where it has none."""
    from onnx import ValueInfoProto, helper
    from onnx.reference import ReferenceEvaluator

    names = [name for name in node.output if name]
    graph = helper.make_graph(
        [node], "one", [ValueInfoProto(name=name) for name in given], [ValueInfoProto(name=name) for name in names]
    )
    try:
        found = ReferenceEvaluator(graph, opsets=opsets).run(None, dict(given))
    except Exception:
        return {}
    return {name: value for name, value in zip(names, found, strict=True) if isinstance(value, np.ndarray)}

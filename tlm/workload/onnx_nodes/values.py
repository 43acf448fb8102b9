"""What the values of an ONNX graph are: weights, activations, and whether their gradient is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

from tlm.workload.onnx_nodes.model import tensors
from tlm.workload.onnx_nodes.shapes import Shape, Types

if TYPE_CHECKING:
    from onnx import NodeProto

FLOATS = frozenset({1, 10, 11, 16})  # FLOAT, FLOAT16, DOUBLE and BFLOAT16 of onnx.TensorProto

# Their other inputs are scales; and of what they round, a gradient goes straight through.
_QUANTIZE = frozenset({"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"})


@dataclass(frozen=True)
class Weight:
    """A value that is a tensor of the file, or is made of such tensors alone.

    name   of the tensor, or of the first one that it is made of
    whole  it is the tensor, or the transpose of that matrix
    """

    name: str
    whole: bool = True

    @property
    def part(self) -> Weight:
        """What a part of it is, or what is made of it."""
        return replace(self, whole=False)


@dataclass(frozen=True)
class Operand:
    """An operand of a product: its shape, what it is as a weight, and whether it depends on what is trained.

    weight   None: an activation
    trained  it depends on a tensor that is trained
    held     it is a tensor of floating point that the file holds: trained, where it is a layer's weight or bias
    """

    shape: Shape
    weight: Weight | None = None
    trained: bool = False
    held: bool = False

    @property
    def turned(self) -> Operand:
        """With its last two dimensions changed over."""
        return replace(self, shape=(*self.shape[:-2], *self.shape[:-3:-1]))

    def reshaped(self, *shape: int) -> Operand:
        """With the same elements in another shape."""
        return Operand(shape, self.weight and self.weight.part, self.trained)


class Values:
    """The values of a graph, as far as its nodes have been followed, which is done in their order.

    nodes  of the graph
    """

    def __init__(self, graph: Any, types: Types):
        self.nodes: Sequence[NodeProto] = graph.node
        self._types, self._weights, self._trained = types, dict[str, Weight](), set[str]()
        self._outputs = {value.name for value in graph.output}
        self._users: dict[str, list[NodeProto]] = {}
        for node in graph.node:
            for name in node.input:
                self._users.setdefault(name, []).append(node)
        self.hold(graph)

    def hold(self, graph: Any) -> None:
        """Take in the tensors of the graph, or of one inside of a node of it."""
        initializers = [(tensor.name, tensor) for tensor in graph.initializer]
        initializers += [(sparse.values.name, sparse) for sparse in graph.sparse_initializer]
        self._weights |= {name: Weight(name) for name, _ in (*initializers, *tensors(graph))}
        # One number is a constant of a formula, as those are that a Constant holds.
        self._trained |= {
            name for name, tensor in initializers if self._types.element(name) in FLOATS and prod(tensor.dims) > 1
        }

    def operand(self, name: str) -> Operand | None:
        """A value as an operand; None where its shape is not known."""
        shape, weight = self.shape(name), self._weights.get(name)
        if shape is None:
            return None
        held = weight is not None and weight.whole and self._types.element(name) in FLOATS
        return Operand(shape, weight, name in self._trained, held)

    def shape(self, name: str) -> Shape | None:
        """The shape of a value; None where it is not known."""
        return self._types.shape(name)

    def only_user(self, name: str) -> NodeProto | None:
        """The one node that reads a value, where no other does, and it is no result."""
        users = self._users.get(name, [])
        return users[0] if len(users) == 1 and name not in self._outputs else None

    def follow(self, node: NodeProto, trained: bool = False) -> None:
        """Take in what the outputs of a node are, for what its inputs are; `trained` says that it has such a weight."""
        inputs = [name for name in node.input if name]
        quantizes = node.op_type in _QUANTIZE
        inner = any(one.HasField("g") for one in node.attribute)  # a graph, which may read any value
        trained = trained or inner or any(name in self._trained for name in (inputs[:1] if quantizes else inputs))
        weight = None if inner else self._made_of(node, inputs)
        for name in node.output:
            if weight:
                self._weights[name] = weight
            if trained and (quantizes or self._types.element(name) in FLOATS | {0}):
                self._trained.add(name)

    def want(self, name: str) -> None:
        """Say that the gradient of a value is wanted, where it has one."""
        if self._types.element(name) in FLOATS | {0}:
            self._trained.add(name)

    def _made_of(self, node: NodeProto, inputs: list[str]) -> Weight | None:
        """What a node makes of weights alone."""
        found = [self._weights[name] for name in inputs if name in self._weights]
        if not inputs or len(found) < len(inputs):
            return None
        if node.op_type == "Identity" or (node.op_type == "Transpose" and len(self.shape(inputs[0]) or ()) == 2):
            return found[0]
        data = inputs[:1] if node.op_type in _QUANTIZE else inputs
        trained = (self._weights[name] for name in data if name in self._trained)
        return next(trained, found[0]).part

"""A node of an ONNX graph, as the rules of its operator read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tlm.workload.onnx_nodes.names import Names
from tlm.workload.onnx_nodes.shapes import Shape
from tlm.workload.onnx_nodes.values import Operand, Values

if TYPE_CHECKING:
    from onnx import NodeProto


class NoShapeError(Exception):
    """The shape of an operand is not known."""


class Node:
    """A node, and the values that it reads.

    own  its name, as `names.numbered` gives it
    All that reads an attribute raises ValueError where that is of another kind than the operator has.
    """

    def __init__(self, proto: NodeProto, own: str, values: Values, names: Names):
        self.proto, self.own, self.values, self._names = proto, own, values, names
        self.op = proto.op_type
        self._attributes = {one.name: one for one in proto.attribute}

    def layer_name(self, weight: str) -> str:
        """Its name as a layer whose weight has this name."""
        return self._names.layer(self.proto, self.own, weight)

    def product_name(self, part: str = "") -> str:
        """Its name as a product without weight, or that of a part of what it does."""
        return self._names.product(self.proto, self.own, part)

    def has(self, place: int) -> bool:
        """Whether it has an input at this place."""
        return place < len(self.proto.input) and bool(self.proto.input[place])

    def operand(self, place: int) -> Operand:
        """The input at this place. Raises ValueError where there is none, NoShapeError where its shape is not known."""
        if not self.has(place):
            raise ValueError(f"{self.op} must have an input {place}")
        found = self.values.operand(self.proto.input[place])
        if found is None:
            raise NoShapeError
        return found

    def output(self, place: int = 0) -> Shape:
        """The shape of an output. Raises as operand does."""
        if place >= len(self.proto.output):
            raise ValueError(f"{self.op} must have an output {place}")
        shape = self.values.shape(self.proto.output[place])
        if shape is None:
            raise NoShapeError
        return shape

    @property
    def empty(self) -> bool:
        """Whether one of its first two inputs has no elements, which are the operands of most products."""
        return any(0 in (self.values.shape(name) or ()) for name in self.proto.input[:2] if name)

    def number(self, name: str, default: int = 0) -> int:
        """An attribute that is a whole number."""
        return int(self._attribute(name, "INT", "i", default))

    def real(self, name: str, default: float) -> float:
        """An attribute that is a number."""
        return float(self._attribute(name, "FLOAT", "f", default))

    def text(self, name: str, default: str = "") -> str:
        """An attribute that is a text."""
        found = self._attribute(name, "STRING", "s", default)
        return found.decode("utf-8", "replace") if isinstance(found, bytes) else found

    def numbers(self, name: str, count: int, default: int, least: int) -> tuple[int, ...]:
        """An attribute that is so many whole numbers, none below `least`."""
        found = tuple(self._attribute(name, "INTS", "ints", (default,) * count))
        if len(found) != count or any(number < least for number in found):
            raise ValueError(f"{name} must be {count} numbers from {least} on, not {list(found)}")
        return found

    def length(self, name: str) -> int:
        """How many numbers an attribute has."""
        one = self._attributes.get(name)
        return len(one.floats) or len(one.ints) if one else 0

    def graph(self, name: str) -> Any:
        """An attribute that is a graph; None where there is none."""
        one = self._attributes.get(name)
        return one.g if one is not None and one.HasField("g") else None

    def _attribute(self, name: str, kind: str, field: str, default: Any) -> Any:
        one = self._attributes.get(name)
        if one is None:
            return default
        if one.type != type(one).AttributeType.Value(kind):
            raise ValueError(f"attribute {name} of {self.op} must be of kind {kind}")
        return getattr(one, field)

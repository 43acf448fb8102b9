"""A network in an ONNX file, as the trace of its training step: what training.tracing finds of a PyTorch module.

Shapes are those of ONNX's inference; the values of weights are never read. What a node's products are:

- Conv of one to three dimensions, ConvTranspose, Gemm, MatMul, Einsum of two operands, LSTM, GRU and RNN step by step,
  and Attention are calls of the accelerator, the same as those of PyTorch's functions (training/functions.py).
- A weight is an initializer or a Constant, or what is made of such alone: the layer's own where it is the tensor, or
  the transpose of a matrix; else derived. Nodes that read the same tensor share it. All else is an activation.
- ONNX does not tell a parameter from a buffer. Initializers of floating point are trained, but for single numbers; and
  any tensor of floating point is that is a layer's own weight or bias. A gradient is wanted of each operand that
  depends on one: layers that read inputs alone have no 'bp'. Through what is quantized the gradient passes.
- Padding that differs from side to side is the host's, by the difference. A bias is what Conv and Gemm have as such,
  without other factors than 1; or the vector that is added to a MatMul with a matrix of weights, read by no other node.
- Functions of the file are inlined, and of an If whose condition is known its branch. Products in any other If, in Loop
  and Scan are the host's: of an If the larger branch, of a loop as often as it is known to run, else once, which the
  remark says.
- Integer products, fused operators of ONNX Runtime, and convolutions of more dimensions are the host's
  (tlm/workload/onnx_nodes/host.py). Where shapes do not tell their multiply-adds, or the operator is not known, the
  remark names the node, which has none then. Other operators of ONNX have no products.

Layers are called after their weight ('layer1.0.conv1' of 'layer1.0.conv1.weight'), else after the module that PyTorch's
exporters name, else after the node.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from tlm.workload.onnx_nodes.host import FORMULAS, UNCOUNTED, WITHOUT
from tlm.workload.onnx_nodes.layers import Calls, einsum, gemm, matmul, reshape
from tlm.workload.onnx_nodes.model import is_standard, load, shown
from tlm.workload.onnx_nodes.names import Names, numbered
from tlm.workload.onnx_nodes.node import Node, NoShapeError
from tlm.workload.onnx_nodes.sequences import attention, recurrent
from tlm.workload.onnx_nodes.shapes import Types, infer
from tlm.workload.onnx_nodes.values import Values
from tlm.workload.onnx_nodes.windows import convolution, transposed
from tlm.workload.step import Call
from tlm.workload.trace import HostProduct, Trace

RULES: Mapping[tuple[str, str], Callable[[Node], Calls]] = {
    ("", "Attention"): attention,
    ("", "Conv"): convolution,
    ("", "ConvTranspose"): transposed,
    ("", "Einsum"): einsum,
    ("", "GRU"): recurrent,
    ("", "Gemm"): gemm,
    ("", "LSTM"): recurrent,
    ("", "MatMul"): matmul,
    ("", "RNN"): recurrent,
    ("", "Reshape"): reshape,
}
MOST_NAMES = 8  # in a remark
_BODIES = ("then_branch", "else_branch", "body")


def read_onnx(file: Path, batch: int | None = None, usual: int = 1) -> Trace:
    """The matrix products of a training step of the network in an ONNX file.

    batch  size of the inputs' first dimensions, where the file leaves them open
    usual  the same, where no batch is asked for
    Raises ValueError, naming file, rule and value: for a file that is no ONNX model or has no products, sizes that are
    open otherwise, a batch other than the file's, and without the package onnx; OSError for a file that is not there.
    """
    model = load(file, batch, usual)
    try:
        model = infer(model)
        types = Types(model)
        reader = _Reader(Values(model.graph, types), types)
        reader.read(model.graph)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None
    if not (reader.calls or reader.on_host):
        raise ValueError(f"{file}: must have matrix products, such as those of Conv, Gemm or MatMul, not none")
    return replace(reader.trace(), batch=_batch(model.graph))


def _batch(graph: Any) -> int:
    """The size of the first dimension of the first input that is not a weight."""
    held = {tensor.name for tensor in graph.initializer}
    shapes = (value.type.tensor_type.shape.dim for value in graph.input if value.name not in held)
    return next((dims[0].dim_value for dims in shapes if len(dims)), 1)


@dataclass
class _Reader:
    """Follows the nodes of a graph, or of one inside of a node, in their order.

    unknown  nodes whose multiply-adds are not known
    once     loops that count once, since it is not known how often they run
    """

    values: Values
    types: Types
    names: Names = field(default_factory=Names)
    calls: list[Call] = field(default_factory=list)
    on_host: list[HostProduct] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    once: list[str] = field(default_factory=list)

    def read(self, graph: Any) -> None:
        """Note the products of a graph. Raises ValueError for a node whose operands do not fit, by its name."""
        nodes = list(graph.node)
        for proto, own in zip(nodes, numbered(nodes), strict=True):
            before = len(self.calls)
            try:
                self._note(Node(proto, own, self.values, self.names))
            except ValueError as error:
                raise ValueError(f"node {shown(own)}: {error}") from None
            self.values.follow(proto, any(call.passes > 1 for call in self.calls[before:]))

    def trace(self) -> Trace:
        """All that has been noted."""
        remarks = (
            ("multiply-adds are not known of", self.unknown),
            ("counted once, since it is not known how often they run:", self.once),
        )
        return Trace(self.calls, self.on_host, "; ".join(f"{words} {_listed(of)}" for words, of in remarks if of))

    def _note(self, node: Node) -> None:
        """Note the products of a node."""
        key = node.proto.domain, node.op
        rule, formula = RULES.get(key), FORMULAS.get(key)
        if bodies := [body for name in _BODIES if (body := node.graph(name)) is not None]:
            self._inside(node, bodies)
        elif rule or formula:
            try:
                calls = [] if node.empty else rule(node) if rule else None
                if calls is not None:
                    self.calls += calls
                elif formula:
                    self.on_host.append(HostProduct(node.product_name(), node.op, *formula.of(node)))
            except NoShapeError:
                self._unknown(node)
        elif key in UNCOUNTED or not (key in WITHOUT or is_standard(node.proto)):
            self._unknown(node)

    def _unknown(self, node: Node) -> None:
        name = node.product_name()
        self.on_host.append(HostProduct(name, shown(node.op), None))
        self.unknown.append(f"{name} ({'.'.join(shown(one) for one in (node.proto.domain, node.op) if one)})")

    def _inside(self, node: Node, bodies: list[Any]) -> None:
        """Note the products of the graphs inside of a node as one of the host."""
        found = [self._body(body) for body in bodies]
        largest = max((reader.trace() for reader in found), key=lambda one: one.macs_seen + one.macs_unseen)
        forward = (ahead := largest.inference()).macs_seen + ahead.macs_unseen
        backward = largest.macs_seen + largest.macs_unseen - forward
        self.on_host += [product for reader in found for product in reader.trace().unknown]
        self.unknown += [one for reader in found for one in reader.unknown]
        if not forward + backward:
            return
        name, times = node.product_name(), _times(node, self.types)
        often = 1 if times is None else times
        self.on_host.append(HostProduct(name, node.op, forward * often, backward * often))
        self.once += [one for reader in found for one in reader.once] + [name] * (times is None)

    def _body(self, body: Any) -> Self:
        """What is found in a graph inside of a node; what it is given may depend on what is trained."""
        self.types.take(body)
        self.values.hold(body)
        for value in body.input:
            self.values.want(value.name)
        reader = type(self)(self.values, self.types)
        reader.read(body)
        return reader


def _listed(names: list[str]) -> str:
    """The first names of a list, and how many there are behind them."""
    more = [f"and {len(names) - MOST_NAMES} more"] if len(names) > MOST_NAMES else []
    return ", ".join([*names[:MOST_NAMES], *more])


def _times(node: Node, types: Types) -> int | None:
    """How often the graphs inside of a node run; None where that is not known."""
    if node.op == "If":
        return 1
    if node.op == "Loop":
        times = types.number(node.proto.input[0]) if node.has(0) else None
        return None if times is None else max(0, times)
    count = node.number("num_scan_inputs") if node.op == "Scan" else 0
    shape = types.shape(node.proto.input[-count]) if 0 < count <= len(node.proto.input) else None
    axes = node.numbers("scan_input_axes", count, 0, -len(shape)) if shape else ()
    return shape[axes[0]] if shape and axes[0] < len(shape) else None

"""Names of layers and products, as a module's paths where the exporter has written those.

PyTorch's exporters write the path of a module into a node's name, '/layer1/layer1.0/conv1/Conv', or beside it into its
properties. A weight that is called 'layer1.0.conv1.weight' says more: it is the layer's own, also where two nodes
share it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from tlm.workload.onnx_nodes.model import shown

if TYPE_CHECKING:
    from onnx import NodeProto

_SCOPES = "pkg.torch.onnx.name_scopes"


class Names:
    """The names that have been given, of which no two are alike, but for calls that share a weight."""

    def __init__(self) -> None:
        self._owners: dict[str, Hashable] = {}

    def layer(self, node: NodeProto, own: str, weight: str) -> str:
        """The name of a layer whose weight has this name; `own` is the node's, as `numbered` gives it."""
        tried = [weight.removesuffix(".weight")] if weight.endswith(".weight") else list(_paths(node, own))
        return self._first(tried, weight)

    def product(self, node: NodeProto, own: str, part: str = "") -> str:
        """The name of a product that has no weight, or of a part of what a node does."""
        product = _paths(node, own)[1]
        return self._first([f"{product}.{part}" if part else product], (tuple(node.output), part))

    def _first(self, tried: list[str], owner: Hashable) -> str:
        """The first name that no other owner has; else the last one with a number."""
        tried = [shown(name) for name in tried if name]
        numbered = (f"{tried[-1]}_{count}" for count in range(2, len(self._owners) + 3))
        return next(name for name in (*tried, *numbered) if self._owners.setdefault(name, owner) == owner)


def numbered(nodes: Sequence[NodeProto]) -> list[str]:
    """The names of nodes; of those without one their operator's, and a number."""
    counts, found = dict[str, int](), list[str]()
    for node in nodes:
        counts[node.op_type] = counts.get(node.op_type, 0) + 1
        found.append(node.name or f"{node.op_type}_{counts[node.op_type]}")
    return found


def _paths(node: NodeProto, own: str) -> tuple[str, str]:
    """The path of the module that a node is of, and the node's own."""
    scopes = _scopes(node)
    if scopes and scopes[-2]:
        return scopes[-2], f"{scopes[-2]}.{node.op_type}"
    if not own.startswith("/"):
        return own, own
    *modules, last = own[1:].split("/")
    if not re.fullmatch(rf"{re.escape(node.op_type)}(_\d+)?", last):
        modules, last = [*modules, last], ""
    path = _joined(modules)
    return path, ".".join(filter(None, (path, last))) or node.op_type


def _joined(modules: list[str]) -> str:
    """'layer1', 'layer1.0', 'conv1' as 'layer1.0.conv1': what is in a container repeats the name of that."""
    kept: list[str] = []
    for module in modules:
        if kept and module.startswith(f"{kept[-1]}."):
            kept.pop()
        kept.append(module)
    return ".".join(kept)


def _scopes(node: NodeProto) -> list[str]:
    """The paths of the modules around a node, and the node's own, as PyTorch's newer exporter notes them."""
    noted = next((one.value for one in getattr(node, "metadata_props", ()) if one.key == _SCOPES), "[]")
    try:
        found = ast.literal_eval(noted)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    listed = isinstance(found, list) and len(found) > 1 and all(isinstance(one, str) for one in found)
    return found if listed else []

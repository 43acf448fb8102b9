"""Formulas as MathML, which browsers draw themselves: Sphinx's usual way loads a script from elsewhere."""

from typing import Any

from docutils.nodes import SkipNode
from docutils.utils.math.latex2mathml import tex2mathml


def inline(self: Any, node: Any) -> None:
    """A formula within a line."""
    self.body.append(tex2mathml(node.astext(), as_block=False))
    raise SkipNode


def block(self: Any, node: Any) -> None:
    """A formula of its own."""
    self.body.append(f'<div class="math">{tex2mathml(node.astext(), as_block=True)}</div>')
    raise SkipNode

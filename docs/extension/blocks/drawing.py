"""A graph as SVG, laid out by Graphviz; colours come from the page's style (docs/static/drawings.css)."""

import re
import subprocess
from html import escape

from cosim.tools import tool
from docs.extension.blocks.graph import Graph

SHAPES = {"input": "cds", "output": "cds", "register": "box", "logic": "ellipse", "block": "component"}
MOST_NAMES = 3  # on an edge
LEAST = 0.75  # of its size a drawing keeps in a narrow window
FONT = 'fontname="Helvetica" fontsize=12'


def drawn(graph: Graph, links: dict[str, str]) -> str:
    """SVG of a block's graph. links: addresses of the pages of blocks, by name."""
    lines = [_node(node, links) for node in graph.nodes.values()]
    for kind, rank in (("input", "source"), ("output", "sink")):
        same = " ".join(f'"{node.key}";' for node in graph.nodes.values() if node.kind == kind)
        lines += [f"{{rank={rank}; {same}}}"] if same else []
    lines += [f'"{giver}" -> "{taker}" [label="{_label(names)}"];' for (giver, taker), names in graph.edges.items()]
    return svg(lines, "rankdir=LR nodesep=0.25 ranksep=0.5")


def svg(lines: list[str], layout: str) -> str:
    """SVG of the statements of a directed graph, without colours of its own; a point is a pixel."""
    head = f"digraph G {{ graph [{layout} bgcolor=transparent {FONT}]; node [{FONT}]; edge [{FONT} arrowsize=0.6];"
    text = subprocess.run(
        [tool("dot"), "-Tsvg"], input="\n".join([head, *lines, "}"]), capture_output=True, text=True, check=True
    ).stdout
    text = text[text.index("<svg") :]
    text = re.sub(r"<!--.*?-->\n|<title>.*?</title>\n| (?:fill|stroke)=\"[^\"]*\"| font-family=\"[^\"]*\"", "", text)
    return re.sub(r'<svg width="(\d+)pt" height="\d+pt"', _resized, text, count=1)


def _resized(found):
    """As wide as the page, but for words that would become too small or too large."""
    width = int(found[1])
    return f'<svg class="drawing" style="width: 100%; min-width: {LEAST * width:.0f}px; max-width: {width}px"'


def _node(node, links):
    text = node.name + (f" x {node.count}" if node.count > 1 else "")
    address = f' URL="{escape(links[node.name])}"' if node.kind == "block" and node.name in links else ""
    return f'"{node.key}" [label="{text}" shape={SHAPES[node.kind]} class="{node.kind}" margin="0.1,0.04"{address}];'


def _label(names):
    more = len(names) - MOST_NAMES
    return "\\n".join([*names[:MOST_NAMES], *([f"+ {more}"] if more > 0 else [])])

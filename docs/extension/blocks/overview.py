"""All blocks: an index by room, and the hierarchy of each accelerator as a drawing."""

from collections.abc import Iterator

from docs.extension.blocks import drawing
from docs.extension.blocks.design import Block
from docs.extension.blocks.page import raw
from docs.extension.blocks.ports import contract
from docs.extension.text import escaped, table

ROOMS = {
    "rtl/float": "Floating point",
    "rtl/shared": "Shared by the accelerators",
    "rtl/sat": "SAT",
    "rtl/sigma": "SIGMA",
}
TOPS = {"sat_axi": "SAT with its AXI ports", "sigma": "SIGMA"}


def index(blocks: dict[str, Block]) -> str:
    """The page that leads to all blocks."""
    parts = [
        "---\nhide-toc: true\n---\n\n# Blocks\n",
        "A block is a file of `rtl/`, a Verilog module, and a test in MyHDL's simulator and in Icarus. Each page below "
        "is made from its source: the contract in its docstring, its ports as the preset `small` has them, the data's "
        "way through its processes and sub-blocks, and a waveform that its own test has recorded.\n",
    ]
    for room, title in ROOMS.items():
        rows = [_row(block) for block in blocks.values() if block.file.startswith(f"{room}/")]
        parts += [f"## {title}\n", table(("block", "what it does", "latency"), rows)]
    for top, title in TOPS.items():
        parts += [f"## The hierarchy of {title}\n", raw(hierarchy(blocks, top))]
    listed = "\n".join(blocks)
    parts.append(f"```{{toctree}}\n:hidden:\n\n{listed}\n```\n")
    return "\n".join(parts)


def _row(block):
    paragraphs, _, promises = contract(block)
    return f"[`{block.name}`]({block.name}.md)", escaped(paragraphs[0]), escaped(promises.get("Latency", ""))


def hierarchy(blocks: dict[str, Block], top: str) -> str:
    """SVG: each block once, with arrows to those that it contains, and how many of them."""
    edges = list(_below(blocks, top, set()))
    names = dict.fromkeys([top, *(child for _, child, _ in edges)])
    nodes = [f'"{name}" [shape=box class="block" margin="0.1,0.04" URL="{name}.html"];' for name in names]
    arrows = [
        f'"{parent}" -> "{child}" [label="{f"x {count}" if count > 1 else ""}"];' for parent, child, count in edges
    ]
    return drawing.svg([*nodes, *arrows], "rankdir=LR nodesep=0.12 ranksep=0.6")


def _below(blocks: dict[str, Block], name: str, seen: set[str]) -> Iterator[tuple[str, str, int]]:
    seen.add(name)
    for child, count in blocks[name].children.items():
        yield name, child, count
        if child not in seen:
            yield from _below(blocks, child, seen)

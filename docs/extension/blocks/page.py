"""The page of a block: what it promises, the data's way, a waveform, and its ports."""

import importlib
import inspect
from pathlib import Path

from docs.extension.blocks import drawing, ports, waveform
from docs.extension.blocks.design import PRESET, ROOT, Block
from docs.extension.blocks.graph import graph
from docs.extension.text import escaped, table

WITHOUT_WAVEFORM = {"sat_axi": "its tests drive the Verilog by cocotb, not MyHDL's simulator"}
LEGEND = (
    "Blue boxes are registers, ellipses logic, both called as in the source; orange boxes are blocks, and lead to "
    "their pages. Left out are clock and reset, what a register gives to itself, and `ready` of the block's streams."
)


def page(block: Block, blocks: dict[str, Block], waves: Path) -> str:
    """The page's Markdown. waves: the folder that `pytest tests/rtl --record-waves` has written."""
    paragraphs, meanings, promises = ports.contract(block)
    links = {name: f"{name}.html" for name in blocks}
    return "\n".join(
        [
            f"---\nhide-toc: true\n---\n\n# `{block.name}`\n",
            *(f"{escaped(text)}\n" for text in paragraphs),
            *(f"{escaped(text)}\n" for text in _of_the_file(block)),
            table(("", ""), _facts(block, promises)),
            "## The data's way\n",
            raw(drawing.drawn(graph(block), links)),
            f"{LEGEND}\n",
            _waveform(block, waves),
            f"## Ports\n\nWidths are those of the preset `{PRESET}`, in `{block.top}`.\n",
            ports.tables(block, meanings),
        ]
    )


def _of_the_file(block):
    text = inspect.getdoc(importlib.import_module(block.instance.func.__module__)) or ""
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]


def _facts(block, promises):
    children = [_link(name) + (f" x {count}" if count > 1 else "") for name, count in sorted(block.children.items())]
    folder, name = Path(block.file).parent, block.name
    tests = sorted((ROOT / "tests" / folder).glob(f"test_{name}.py")) + sorted(
        file for file in (ROOT / "tests" / folder).glob(f"test_{name}_*.py") if file.name not in _others(folder, name)
    )
    facts = {
        **{promise: escaped(text) for promise, text in promises.items()},
        "Contained in": ", ".join(map(_link, sorted(block.parents))),
        "Contains": ", ".join(children),
        "Verilog module": ", ".join(f"`{name}`" for name in sorted(block.modules)),
        "Source": f"`{block.file}`",
        "Tests": ", ".join(f"`{file.relative_to(ROOT)}`" for file in tests),
    }
    return [(f"**{name}**", text) for name, text in facts.items() if text]


def _others(folder, name):
    """Test files of blocks whose names begin with this one's."""
    return {f"test_{file.name}" for file in (ROOT / folder).glob(f"{name}_*.py")}


def _link(name):
    return f"[`{name}`]({name}.md)"


def raw(html: str) -> str:
    """HTML within Markdown, in a frame that scrolls where it is too wide."""
    return f'```{{raw}} html\n<div class="wide">\n{html}\n</div>\n```\n'


def _is_of(port, block):
    """Whether a recorded port is one of the block's, or of one of its bundles."""
    return any(port == name or port.startswith(f"{name}_") for name in block.arguments)


def _waveform(block, waves):
    record = waveform.read(waves, block.name)
    if block.name in WITHOUT_WAVEFORM:
        return f"## Waveform\n\nNone: {WITHOUT_WAVEFORM[block.name]}.\n"
    if record is None or not all(_is_of(port, block) for port in record["ports"]):
        why = "no waveform" if record is None else "the waveform of other ports"
        raise ValueError(f"{waves} has {why} of {block.name}: pytest tests/rtl --record-waves {waves}")
    shown, count = len(waveform.chosen(record)), len(record["ports"])
    more = f" {shown} of its {count} ports are shown: those that change here." if shown < count else ""
    return (
        f"## Waveform\n\n{raw(waveform.svg(record))}\n"
        f"From `{record['test']}`, in the test's own configuration. Cycles count from the end of reset; what is drawn "
        f"in a cycle stands before the rising edge that ends it. Numbers are hexadecimal.{more}\n"
    )

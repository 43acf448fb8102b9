"""The pages of the blocks of rtl/."""

from pathlib import Path

from docs.extension.blocks.design import blocks
from docs.extension.blocks.overview import index
from docs.extension.blocks.page import page


def pages(waves: Path) -> dict[str, str]:
    """{path of the page: Markdown}. waves: the folder of the recorded waveforms."""
    found = blocks()
    return {"blocks/index": index(found)} | {
        f"blocks/{name}": page(block, found, waves) for name, block in found.items()
    }

"""Sphinx's extension of this documentation: it writes the references from what the code itself says."""

from pathlib import Path
from typing import Any

from docs.extension import (
    command_line,
    configuration,
    docstrings,
    mathml,
    packed_words,
    python_api,
    register_map,
    report_keys,
    workloads,
)
from docs.extension.blocks import pages as block_pages

REFERENCES = (command_line, configuration, report_keys, python_api, register_map, packed_words, workloads)
FOLDER = Path("reference/generated")


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_config_value("waves", "", "env", str)
    app.add_html_math_renderer("mathml", (mathml.inline, None), (mathml.block, None))
    app.connect("builder-inited", write)
    app.connect("autodoc-process-docstring", docstrings.process)
    app.connect("autodoc-process-signature", docstrings.signature)
    return dict(parallel_read_safe=True, parallel_write_safe=True)


def write(app: Any) -> None:
    """Write all generated pages, and remove those that nothing makes any more."""
    folder = Path(app.srcdir) / FOLDER
    texts = {page: text for reference in REFERENCES for page, text in reference.pages().items()}
    texts |= block_pages(Path(app.confdir) / app.config.waves)
    files = {folder / f"{page}.md": text for page, text in texts.items()}
    for old in set(folder.rglob("*.md")) - files.keys():
        old.unlink()
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists() or file.read_text() != text:  # what has not changed is not read again
            file.write_text(text)

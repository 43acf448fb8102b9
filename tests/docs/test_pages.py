"""Every page of the documentation is reached from its first one, and names only files that are there."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, GENERATED, PAGES, ROOT, title

PATHS = r"(?:rtl|tlm|cosim|training|sat|tests|docs)/[\w./-]*\w\.(?:py|md|cc|h|css|toml|txt)\b"


def below(page: Path) -> set[Path]:
    """The pages that a page's toctrees list."""
    blocks = re.findall(r"^```\{toctree\}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    entries = [line for block in blocks for line in block.splitlines() if line and not line.startswith(":")]
    names = [re.sub(r".*<(.*)>", r"\1", entry) for entry in entries]
    return {(page.parent / f"{name}.md").resolve() for name in names}


def test_every_page_is_reached_from_the_first_one():
    found, waiting = set(), {DOCS / "index.md"}
    while waiting:
        page = waiting.pop()
        found.add(page)
        if page.exists():
            waiting |= below(page) - found
    written = {page for page in PAGES if DOCS in page.parents}
    assert len(written) >= 4
    assert {title(page) for page in written - found} == set()
    assert {title(page) for page in found - written if GENERATED not in page.parents} == set()


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_a_page_names_only_files_that_are_there(page):
    named = set(re.findall(rf"`({PATHS})`", page.read_text()))
    assert {path for path in named if not (ROOT / path).exists()} == set()


def test_the_documentation_names_files_at_all():
    assert sum(len(re.findall(rf"`{PATHS}`", page.read_text())) for page in PAGES) > 10

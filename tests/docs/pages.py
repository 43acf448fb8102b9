"""The pages that are written by hand: those of docs/, and the README."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
GENERATED = DOCS / "reference/generated"
PAGES = [ROOT / "README.md", *sorted(page for page in DOCS.rglob("*.md") if GENERATED not in page.parents)]


def title(page: Path) -> str:
    """A page's path in the repository."""
    return str(page.relative_to(ROOT))

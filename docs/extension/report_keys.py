"""The keys of the reports, as `--help` has them."""

from docs.extension.text import escaped, table
from sat.compare.keys import keys
from tlm.report import DEFINITIONS


def pages() -> dict[str, str]:
    """{path of the page: Markdown}."""
    return {
        "report_keys": "\n".join(
            [
                "# Keys of the reports\n",
                "## A step's report\n",
                "Of `sat train` and `sat cycles`: in JSON `rows` has them all, and `totals` their sums.\n",
                _table(DEFINITIONS),
                "## The comparison\n",
                "Of `sat compare`.\n",
                _table(keys()),
            ]
        )
    }


def _table(definitions: dict[str, str]) -> str:
    rows = [
        (", ".join(f"`{name}`" for name in key.split(", ")), escaped(meaning)) for key, meaning in definitions.items()
    ]
    return table(("key", "meaning"), rows)

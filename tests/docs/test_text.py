"""Docstrings as the documentation reads them: paragraphs, lists, and letters that Markdown would take for markup."""

from docs.extension import docstrings
from docs.extension.text import Entry, escaped, parsed, table

DOCSTRING = """Add, as a block does;  with two spaces in it.

More of it,
over two lines.

a, b        in   FP32,
            over two lines
write*      in   as above
What holds of both ports.
Throughput 1 sum per cycle
Raises ValueError for a NaN,
as it should."""


def test_a_docstring_has_paragraphs_and_entries():
    assert parsed(DOCSTRING) == [
        "Add, as a block does;  with two spaces in it.",
        "More of it, over two lines.",
        Entry(("a", "b"), "in   FP32, over two lines"),
        Entry(("write*",), "in   as above"),
        "What holds of both ports.",
        Entry(("Throughput",), "1 sum per cycle"),
        "Raises ValueError for a NaN, as it should.",
    ]


def test_markup_is_escaped_and_paths_are_code():
    assert escaped("a*b <c> | `a*b`, see rtl/golden/gemm.py") == r"a\*b \<c\> \| `a*b`, see `rtl/golden/gemm.py`"


def test_a_table_has_its_head_and_rows():
    assert table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n"


def test_autodoc_gets_definition_lists_and_literal_examples():
    lines = docstrings.rendered("Do it*.\n\n    x = do(it_)\n\nname_  what `it` is\nReturns x")
    assert lines == [
        *("Do it\\*.", ""),
        *("::", "", "    x = do(it_)", ""),
        *("``name_``", "    what ``it`` is", ""),
        *("**Returns** x", ""),
    ]


def test_signatures_are_without_pydantics_rules_and_fields_without_pythons_own_text():
    shown = docstrings.signature(
        None, "class", "x", None, None, "(a: ~typing.Annotated[int, ~x.Ge(ge=1), Le(le=4)] = 2)", None
    )
    assert shown == ("(a: int = 2)", None) and docstrings.signature(None, "module", "x", None, None, "", None) is None
    lines = ["Alias for field number 0", ""]
    docstrings.process(None, "attribute", "x", None, None, lines)
    assert lines == []

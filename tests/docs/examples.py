"""The examples of a page: Python blocks, and blocks of commands with what they print.

```python blocks share one namespace, in their order; one that begins with >>> is compared with its output. In a
```console block each line `$ sat ...` is run, in a temporary folder of the page and a terminal of 80 columns, and what
stands beneath is compared with what it prints, where `...` stands for anything. A block below the line <!-- nightly -->
runs nightly alone. Other languages, such as ```sh, are not run.
"""

import doctest
import io
import shlex
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from sybil import Document
from sybil.example import SybilFailure
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser

from sat.__main__ import main
from tests.support.tools import heard

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
NIGHTLY = "<!-- nightly -->"


def console(example) -> str | None:
    """Sybil's evaluator of a block of commands: why it fails, if it does."""
    for command, expected in commands(example.parsed):
        code, printed = run(command)
        heard(printed)
        if code and not expected.startswith("sat: "):
            heard(printed)
            return f"$ {command}\nended with exit code {code}:\n{printed}"
        if expected and not doctest.OutputChecker().check_output(expected, printed, FLAGS):
            return f"$ {command}\nexpected:\n{expected}\nprinted:\n{printed}"
    return None


def commands(block: str) -> Iterator[tuple[str, str]]:
    """(command, what stands beneath) of each command of a block; a backslash at a line's end goes on in the next."""
    for part in f"\n{block}".split("\n$ ")[1:]:
        command, _, expected = part.replace("\\\n", " ").partition("\n")
        yield command, expected


def run(command: str) -> tuple[int, str]:
    """(exit code, text printed) of `sat` with these words, in this process."""
    name, *words = shlex.split(command, comments=True)
    if name != "sat":
        raise ValueError(f"a console block runs `sat` alone, not {name!r}: ```sh is for what is not run")
    printed = io.StringIO()
    with patch.object(sys, "argv", ["sat", *words]), redirect_stdout(printed), redirect_stderr(printed):
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0), printed.getvalue()
    return 0, printed.getvalue()


PARSERS = PythonCodeBlockParser(doctest_optionflags=FLAGS), CodeBlockParser("console", console)


def examples(page: Path) -> list:
    """Sybil's examples of a page, in their order."""
    return list(Document.parse(str(page), *PARSERS).examples())


def is_nightly(example) -> bool:
    """Whether the line before a block says so."""
    return example.document.text[: example.start].rstrip().endswith(NIGHTLY)


def evaluate(page: Path, nightly: bool) -> int:
    """Run a page's examples, nightly ones only if `nightly`; return how many. Raises SybilFailure with the line."""
    chosen = [example for example in examples(page) if nightly or not is_nightly(example)]
    for example in chosen:
        try:
            example.evaluate()
        except SybilFailure as failure:
            heard(str(failure))
            raise
    return len(chosen)

"""Every example of the documentation and of the README runs, and prints what the page says."""

import re
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

import pytest
from sybil.example import SybilFailure

import cosim.accelerators
import tlm.accelerators
from cosim.tools import ToolMissing
from tests.docs import examples as executed
from tests.docs.examples import NIGHTLY, commands, evaluate, examples, is_nightly
from tests.docs.pages import PAGES, ROOT, title
from tests.support import tools
from tlm.sat.dataflow import DATAFLOWS
from tlm.workload.methods import METHODS

EXECUTED = [page for page in PAGES if re.search(r"^```(python|console)$", page.read_text(), re.MULTILINE)]
TABLES = (DATAFLOWS, METHODS, tlm.accelerators.TABLE, cosim.accelerators.TABLE)  # to which pages add rows
WITH_SLOW = [page for page in EXECUTED if NIGHTLY in page.read_text()]


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder that takes what examples write, in a terminal of 80 columns; a row that they add does not stay, even
    where they fail before they remove it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    with ExitStack() as restored:
        for table in TABLES:
            restored.enter_context(patch.dict(table))
        yield tmp_path


@pytest.mark.parametrize("page", EXECUTED, ids=title)
def test_the_examples_of_a_page_hold(page, elsewhere):
    nightly = sum(map(is_nightly, examples(page)))
    assert evaluate(page, nightly=False) == len(examples(page)) - nightly > 0


@pytest.mark.nightly
@pytest.mark.parametrize("page", WITH_SLOW, ids=title)
def test_the_nightly_examples_of_a_page_hold_after_those_before_them(page, elsewhere):
    assert evaluate(page, nightly=True) == len(examples(page))


def test_the_readme_has_examples():
    assert ROOT / "README.md" in EXECUTED


def page_of(folder: Path, text: str) -> Path:
    page = folder / "page.md"
    page.write_text(text)
    return page


def test_blocks_share_a_namespace_and_other_languages_are_not_run(elsewhere):
    text = "```python\nx = 2\n```\n\n```sh\nno such command\n```\n\n```python\n>>> x + 1\n3\n```\n"
    assert evaluate(page_of(elsewhere, text), nightly=False) == 2


@pytest.mark.parametrize(
    "block, line, why",
    [
        ("```python\n>>> 1 + 1\n3\n```", 4, "Got:\n *2"),
        ("```console\n$ sat plan --config small\nsomething else\n```", 3, "printed:\n"),
        ("```console\n$ sat plan --config nowhere\n```", 3, "exit code 2"),
    ],
    ids=["python", "another output", "an error"],
)
def test_a_wrong_example_is_named_with_its_file_and_line(elsewhere, block, line, why):
    with pytest.raises(SybilFailure, match=rf"page\.md, line {line},(.|\n)*{why}"):
        evaluate(page_of(elsewhere, f"# Title\n\n{block}\n"), nightly=False)


def test_a_missing_program_is_no_wrong_example(elsewhere, monkeypatch):
    monkeypatch.setattr(tools, "ABSENT", {"vvp"})
    told = "sat: vvp is not installed; on Debian or Ubuntu: apt-get install iverilog"
    monkeypatch.setattr(executed, "run", lambda command: (2, told))
    with pytest.raises(ToolMissing, match="^vvp is not installed"):
        evaluate(page_of(elsewhere, "```console\n$ sat verify\n```\n"), nightly=False)


def test_a_command_that_is_refused_is_an_example_too(elsewhere):
    text = "```console\n$ sat plan --config nowhere  # a typing error\nsat: config must be ... not 'nowhere'\n```\n"
    assert evaluate(page_of(elsewhere, text), nightly=False) == 1


def test_another_program_does_not_pass_for_an_example(elsewhere):
    with pytest.raises(ValueError, match="runs `sat` alone, not 'pip'"):
        evaluate(page_of(elsewhere, "```console\n$ pip install x\n```\n"), nightly=False)


def test_nightly_blocks_are_left_out_unless_wanted(elsewhere):
    page = page_of(elsewhere, f"{NIGHTLY}\n\n```python\n1 / 0\n```\n\n```python\nx = 1\n```\n")
    assert evaluate(page, nightly=False) == 1
    with pytest.raises(ZeroDivisionError):
        evaluate(page, nightly=True)


def test_a_block_has_several_commands_and_long_ones():
    block = "$ sat a \\\n    --b\none\ntwo\n$ sat c\n"
    assert list(commands(block)) == [("sat a      --b", "one\ntwo"), ("sat c", "")]

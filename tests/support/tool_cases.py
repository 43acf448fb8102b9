"""Tests that need programs, run by test_tools.py on a PATH that has tclsh and nothing else."""

import subprocess
from pathlib import Path

import pytest

from cosim.tools import ToolMissing, tool
from tests.support.tools import heard, needed

TEXT = "{} is not installed; on Debian or Ubuntu: apt-get install it"


@pytest.fixture
def verilator():
    return tool("verilator")


def test_that_needs_none():
    assert True


def test_that_calls_a_program():
    tool("iverilog")


def test_whose_fixture_calls_a_program(verilator):
    assert verilator


def test_that_starts_a_program():
    subprocess.run(["yosys"])


def test_that_hears_a_command_say_so():
    heard(f"sat: {TEXT.format('vvp')}")


def test_that_says_what_it_needs():
    needed("tclsh", "g++")


def test_that_fails_for_itself():
    raise AssertionError(TEXT.format("iverilog"))


def test_that_misses_a_program_that_is_there():
    raise ToolMissing(TEXT.format("tclsh"))


def test_that_misses_a_file():
    Path("no such file").read_text()

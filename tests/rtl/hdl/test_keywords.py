"""The reserved words: each is one that a Verilog tool does refuse."""

import subprocess

import pytest

from cosim.tools import tool
from rtl.hdl.keywords import SYSTEM_VERILOG, VERILOG


def accepts(folder, standard: str, word: str) -> bool:
    """Whether Icarus lets a wire be called that, in a standard."""
    file = folder / "word.v"
    file.write_text(f"module m;\nwire {word};\nendmodule\n")
    return not subprocess.run([tool("iverilog"), standard, "-t", "null", file], capture_output=True).returncode


@pytest.mark.parametrize("standard, reserved", [("-g2005", VERILOG), ("-g2012", SYSTEM_VERILOG)])
def test_icarus_refuses_every_reserved_word_and_no_other(tmp_path, standard, reserved):
    assert [word for word in sorted(reserved) if accepts(tmp_path, standard, word)] == []
    assert accepts(tmp_path, standard, "harmless")
    assert len(reserved) > 90

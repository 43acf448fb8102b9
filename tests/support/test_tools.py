"""A missing program: a skip with SAT_APT=0, a failure otherwise, and never a skip for anything else."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def outcome(folder, switch, *options) -> str:
    """The last lines of the cases' run, on a PATH with tclsh alone."""
    (folder / "tclsh").symlink_to("/bin/true")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "tests/support/tool_cases.py"]
    where = os.environ | dict(PATH=str(folder), SAT_APT=switch)
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=where).stdout


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_what_needs_a_missing_program_is_skipped_and_one_line_counts_it(options, tmp_path):
    said = outcome(tmp_path, "0", *options)
    assert re.search(r"^3 failed, 1 passed, 5 skipped in ", said, re.MULTILINE), said
    assert re.search(
        r"^5 tests skipped: g\+\+, iverilog, verilator, yosys not installed \(SAT_APT=0\); "
        r"python -m cosim.install g\+\+ iverilog verilator yosys$",
        said,
        re.MULTILINE,
    )
    failed = re.findall(r"^FAILED \S+::(\w+)", said, re.MULTILINE)
    assert sorted(failed) == [
        "test_that_fails_for_itself",
        "test_that_misses_a_file",
        "test_that_misses_a_program_that_is_there",
    ]


def test_it_is_a_failure_where_programs_may_be_installed(tmp_path):
    said = outcome(tmp_path, "")
    assert re.search(r"^7 failed, 1 passed, 1 error in ", said, re.MULTILINE), said
    assert "tests skipped" not in said

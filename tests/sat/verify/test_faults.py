"""`sat verify` finds faults planted in the Verilog, and says where; tests/cosim/test_faults.py has more."""

import re
import shutil

import pytest

from tests.cosim.faults import FAULTS, plant
from tests.sat.support import data, sat

PLANTED = [fault for fault in FAULTS if fault.caught_by in ("random", "half")]


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    sat("verify", "gemm", 9, 40, 18, "--seed", 1, "--keep", folder)
    return folder


@pytest.mark.parametrize("fault", PLANTED, ids=lambda fault: fault.name)
def test_a_planted_fault_makes_it_fail_and_the_words_say_where(fault, kept, tmp_path):
    shutil.copytree(kept, tmp_path / "verilog")
    plant(tmp_path / "verilog", fault)
    words = ("verify", "gemm", 9, 40, 18, "--seed", 1, "--verilog", tmp_path / "verilog")
    line = sat(*words, "--json", tmp_path / "verify.json", code=1).stderr
    assert re.search(r"^sat: not equal: gemm (normal|edges|special): .*\bcycle", line, re.MULTILINE)
    found = data(tmp_path / "verify.json")
    assert not found["equal"] and found["difference"] in line


def test_enough_different_faults_are_planted():
    assert len(PLANTED) >= 15 and len({fault.file for fault in PLANTED}) >= 7

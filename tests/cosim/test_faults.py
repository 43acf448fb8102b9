"""The checker itself is tested: a fault planted in the generated Verilog is always noticed."""
import difflib
import shutil

import numpy as np
import pytest

import cosim
from cosim.checker import Checker, Mismatch
from tests.cosim.faults import FAULTS, Fault, plant
from tests.cosim.support import operands


def random():
    return *operands(9, 40, 18), "2:8", "fp32"


def dense():
    """Two chunks of K, and a last group of two."""
    return *operands(9, 70, 18), "dense", "fp32"


def half():
    """Sums from FP16's subnormals to beyond its range."""
    a, b = operands(9, 40, 18)
    return a * np.logspace(-18, 14, 9, base=2).astype(np.float16)[:, None], b, "2:8", "fp16"


def special():
    """Infinite, NaN, zero and subnormal operands, and sums that cancel."""
    a, b = operands(9, 40, 18, 1, "with_infinities", "with_infinities")
    a[:3] = operands(3, 40, 18, 2, "subnormals")[0]
    a[3] = np.tile([-1, 1], 20)
    a[4, :3], a[4, 3:] = [np.inf, -np.inf, 1], 0
    a[5, :5], a[5, 5:] = np.array([0x7E00, 0xFE00, 0x7C01, 0xFFFF, 0x3C00], np.uint16).view(np.float16), -1
    b[:, :6] = operands(9, 40, 6, 3)[1]
    b[:, 6:9] = np.arange(40, dtype=np.float16)[:, None] // 2 + 1      # of eight, the last two cancel
    return a, b, "2:8", "fp32"


def special_half():
    return *special()[:3], "fp16"


STIMULI = {stimulus.__name__: stimulus for stimulus in (random, dense, half, special, special_half)}


def caught_by(folder) -> tuple[str, str]:
    """The first stimulus with which a folder's Verilog fails, and the words of the failure."""
    checker = Checker(cosim.engine("icarus", "small", verilog=folder, patience=60))
    for name, stimulus in STIMULI.items():
        a, b, sparsity, output = stimulus()
        try:
            checker.gemm(a, b, sparsity, output=output)
        except Mismatch as error:
            return name, str(error)
    assert len(checker.checked) == len(STIMULI) and all(verdict.equal for verdict in checker.checked)
    return "", ""


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small") / "verilog"
    cosim.engine("icarus", "small", keep=folder)
    return folder


def test_verilog_without_a_fault_passes(generated):
    assert caught_by(generated) == ("", "")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_is_caught(fault, generated, tmp_path):
    folder = tmp_path / "verilog"
    shutil.copytree(generated, folder)
    plant(folder, fault)
    name, words = caught_by(folder)
    assert name == fault.caught_by, words
    assert words.startswith("gemm: ")


def test_a_fault_changes_its_own_text_and_nothing_else(generated, tmp_path):
    changed = 0
    for number, fault in enumerate(FAULTS):
        folder = tmp_path / str(number)
        shutil.copytree(generated, folder)
        plant(folder, fault)
        for path in generated.iterdir():
            before, after = path.read_text(), (folder / path.name).read_text()
            assert after == (before.replace(fault.old, fault.new) if path.name == fault.file else before)
            added = [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]
            assert bool(added) == (path.name == fault.file)
            changed += bool(added)
    assert changed == len(FAULTS)


def test_text_that_is_not_there_or_there_twice_is_refused(generated, tmp_path):
    folder = tmp_path / "verilog"
    shutil.copytree(generated, folder)
    for old, times in (("no such text", 0), ("always @(posedge clk) begin", 4)):
        with pytest.raises(ValueError, match=f"fault 'wrong' must find its text once in loader.v, not {times} times"):
            plant(folder, Fault("wrong", "loader.v", old, "new"))


def test_there_are_enough_faults_of_every_kind():
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names) >= 40
    assert sum(fault.caught_by == "random" for fault in FAULTS) >= 25
    assert {fault.caught_by for fault in FAULTS} == set(STIMULI)

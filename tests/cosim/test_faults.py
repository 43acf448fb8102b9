"""The checker itself is tested: a fault planted in the generated Verilog is always noticed."""

import difflib
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

import cosim
from cosim import Operands
from cosim.check.checker import Checker, Mismatch
from rtl.sat.config import PRESETS
from rtl.sparsity import Sparsity
from tests.cosim.faults import FAULTS, Fault, plant
from tests.cosim.programs import update_of, weights_of
from tests.cosim.support import operands, queued
from tests.support.array import pruned
from tests.support.mixed import mixed_program
from tlm import Gemm, Mapping, schedule


def stimulus(a, b, sparsity, output="fp32", mapping="os"):
    """(program, operands) for the preset `small`: b is pruned as an engine would."""
    pattern = Sparsity.parse(sparsity)
    gemm = Gemm(a.shape[0], a.shape[1], b.shape[1], pattern, output)
    return schedule(gemm, PRESETS["small"], mapping), Operands(a, pruned(b, pattern))


def random():
    return stimulus(*operands(9, 40, 18), "2:8")


def dense():
    """Two tiles along K, and a last group of two."""
    return stimulus(*operands(9, 70, 18), "dense")


def half():
    """Sums from FP16's subnormals to beyond its range."""
    a, b = operands(9, 40, 18)
    return stimulus(a * np.logspace(-18, 14, 9, base=2).astype(np.float16)[:, None], b, "2:8", "fp16")


def special():
    """Infinite, NaN, zero and subnormal operands, and sums that cancel."""
    a, b = operands(9, 40, 18, 1, "with_infinities", "with_infinities")
    a[:3] = operands(3, 40, 18, 2, "subnormals")[0]
    a[3] = np.tile([-1, 1], 20)
    a[4, :3], a[4, 3:] = [np.inf, -np.inf, 1], 0
    a[5, :5], a[5, 5:] = np.array([0x7E00, 0xFE00, 0x7C01, 0xFFFF, 0x3C00], np.uint16).view(np.float16), -1
    b[:, :6] = operands(9, 40, 6, 3)[1]
    b[:, 6:9] = np.arange(40, dtype=np.float16)[:, None] // 2 + 1  # of eight, the last two cancel
    return stimulus(a, b, "2:8")


def weights():
    """Stationary weights: five tiles along K for each of two blocks, the last one of two groups for four rows."""
    return stimulus(*operands(9, 70, 18), "dense", mapping="ws")


def queue():
    """Blocks of one group, which are finished while others are stored."""
    program, values = stimulus(*operands(8, 4, 32), "1:4")
    assert queued(program) == 3
    return program, values


def mixed():
    """Blocks of both dataflows, one after another of the same and of the other."""
    program, values = random()
    turns = (("os", 16), ("ws", 16), ("ws", 24), ("os", 64))
    return mixed_program(program.gemm, program.config, Mapping("os", 3, 7, 64), turns), values


def update():
    """Weights with ties; momentum and decay are far apart."""
    program = update_of(16, 9, 16, "2:8", PRESETS["small"])
    given = weights_of(program)
    return program, replace(given, weights=np.round(given.weights))


STIMULI = {kind.__name__: kind for kind in (random, dense, half, special, weights, queue, mixed, update)}


def failure(folder, name) -> str:
    """The text with which a folder's Verilog fails under a stimulus, or none."""
    checker = Checker(cosim.engine("icarus", "small", verilog=folder, patience=60))
    try:
        checker.run(*STIMULI[name]())
    except Mismatch as error:
        return str(error)
    assert len(checker.checked) == 1 and checker.checked[0].equal
    return ""


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small") / "verilog"
    cosim.engine("icarus", "small", keep=folder)
    return folder


@pytest.mark.parametrize("name", STIMULI)
def test_verilog_without_a_fault_passes(name, generated):
    assert failure(generated, name) == ""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_is_caught(fault, generated, tmp_path):
    folder = tmp_path / "verilog"
    shutil.copytree(generated, folder)
    plant(folder, fault)
    assert re.match("gemm: |update: ", failure(folder, fault.caught_by))


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
        with pytest.raises(
            ValueError, match=f"fault 'wrong' must find its text once in sat_loader.v, not {times} times"
        ):
            plant(folder, Fault("wrong", "sat_loader.v", old, "new"))


def test_there_are_faults_of_every_kind():
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names) >= 30
    assert {fault.caught_by for fault in FAULTS} == set(STIMULI)

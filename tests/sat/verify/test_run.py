"""A verification that runs: its data, and what is said of it."""

import pytest
import typer

from cosim.check.checker import Checker, Mismatch
from cosim.engines.functional import Functional
from rtl.sat.config import PRESETS
from sat.panels import Output
from sat.verify.checks import Check, gemm_check
from sat.verify.run import verified
from tests.sat.support import data

ASKED = dict(engine="functional", seed=3, gemm=(2, 8, 3))


def test_what_was_asked_for_and_every_check_are_in_the_data_and_in_the_table(tmp_path, capsys):
    checker = Checker(Functional(PRESETS["small"]))
    check = gemm_check(checker, (2, 8, 3), "2:8", 3, None)
    verified(checker, check, ASKED, Output(json=tmp_path / "x"), (), steps=2)
    found, printed = data(tmp_path / "x"), capsys.readouterr().out
    assert list(found) == ["config", "accelerator", *ASKED, "checked", "tensors", "equal", "difference"]
    assert (found["accelerator"], found["equal"], found["tensors"], len(found["checked"])) == ("sat", True, 0, 8)
    assert printed.startswith("functional against functional, small, seed 3\nlayer stage")
    assert printed.count("special_half") == 2 and "all cycles of 8 GEMMs\nequal: 0 tensors" in printed


def test_a_difference_ends_it_with_one_line_after_what_was_equal(tmp_path, capsys):
    def work():
        yield 4
        raise Mismatch("conv1 ff: element (0, 0)")

    checker = Checker(Functional(PRESETS["small"]))
    with pytest.raises(typer.Exit) as ended:
        verified(checker, Check(2, work()), ASKED, Output(json=tmp_path / "x"), ())
    found, captured = data(tmp_path / "x"), capsys.readouterr()
    assert ended.value.exit_code == 1 and captured.err == "sat: not equal: conv1 ff: element (0, 0)\n"
    assert (found["equal"], found["tensors"], found["checked"], captured.out) == (False, 4, [], "")

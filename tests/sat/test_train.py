"""`sat train`."""
import pytest
import torch

from tests.sat.support import data, refused, sat
from training import MODELS


def test_a_run_leaves_weights_and_a_report_that_says_what_was_done(tmp_path):
    output = sat("train", "--steps", 60, "--batch", 16, "--seed", 3, "--out", tmp_path / "run").output
    report = data(tmp_path / "run" / "report.json")
    assert len(report["losses"]) == report["steps"] == 60 and report["seed"] == 3 and len(report["rows"]) == 11
    assert report["accuracy"] > 0.7 and f"{report['accuracy']:.1%} of 360" in output and "seed 3" in output
    module = MODELS["cnn"].factory()
    module.load_state_dict(torch.load(tmp_path / "run" / "weights.pt", weights_only=True))


def test_the_same_seed_trains_the_same_and_dense_is_its_own_yardstick(tmp_path):
    for name in ("one", "two"):
        sat("train", "--steps", 3, "--method", "dense", "--json", tmp_path / name)
    assert data(tmp_path / "one") == data(tmp_path / "two")
    assert data(tmp_path / "one")["totals"]["speedup"] == 1


def test_a_step_on_icarus_gives_the_same_losses_and_rows(tmp_path):
    for engine in ("functional", "icarus"):
        sat("train", "--steps", 2, "--batch", 1, "--engine", engine, "--json", tmp_path / engine)
    one, two = data(tmp_path / "functional"), data(tmp_path / "icarus")
    assert one.pop("engine") != two.pop("engine") and one == two


@pytest.mark.parametrize("words, complaint", [
    (["--lr", "0"], "lr must be above 0, not 0.0"), (["--data", "faces"], "data must be one of digits, not 'faces'"),
    (["--engine", "magic"], "engine must be one of functional, myhdl, icarus, not 'magic'"),
    (["--out", "/dev/null/run"], "cannot be written")])
def test_bad_input_is_refused(words, complaint):
    assert complaint in refused("train", *words)

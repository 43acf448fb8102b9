"""`sat train`."""

import sys

import pytest
import torch

from cosim import SimulationError
from cosim.engines.icarus_engine import IcarusEngine
from tests.sat.support import data, refused, sat
from training import MODELS


def test_a_run_leaves_weights_and_a_report_that_says_what_was_done(tmp_path):
    output = sat("train", "--steps", 60, "--batch", 16, "--seed", 3, "--out", tmp_path / "run").output
    report = data(tmp_path / "run" / "report.json")
    assert len(report["losses"]) == report["steps"] == 60 and report["seed"] == 3 and len(report["rows"]) == 16
    assert report["accuracy"] > 0.7 and f"{report['accuracy']:.1%} of 360" in output and "seed 3" in output
    module = MODELS["cnn"].factory()
    module.load_state_dict(torch.load(tmp_path / "run" / "weights.pt", weights_only=True))


def test_the_same_seed_trains_the_same_and_dense_is_its_own_yardstick(tmp_path):
    for name in ("one", "two"):
        sat("train", "--steps", 3, "--method", "dense", "--json", tmp_path / name)
    assert data(tmp_path / "one") == data(tmp_path / "two")
    assert data(tmp_path / "one")["totals"]["speedup"] == 1 and data(tmp_path / "one")["sparsity"] == "dense"


def test_steps_on_icarus_give_the_same_losses_and_rows(tmp_path, monkeypatch):
    ran, run = [], IcarusEngine._run
    monkeypatch.setattr(IcarusEngine, "_run", lambda self, *words: ran.append(1) or run(self, *words))
    for engine in ("functional", "icarus"):
        sat("train", "--steps", 2, "--batch", 1, "--engine", engine, "--json", tmp_path / engine)
    one, two = data(tmp_path / "functional"), data(tmp_path / "icarus")
    assert one.pop("engine") != two.pop("engine") and one == two
    assert len(ran) == 2 * 16


def test_a_simulator_that_fails_ends_it_with_one_line(monkeypatch):
    def fail(*_):
        raise SimulationError("the device stands still")

    monkeypatch.setattr(IcarusEngine, "_run", fail)
    assert sat("train", "--engine", "icarus", code=1).stderr == "sat: the device stands still\n"


def test_without_tensorboard_it_is_said_before_the_training(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    line = refused("train", "--tensorboard", "--out", tmp_path)
    assert line == "sat: TensorBoard is not installed: pip install tensorboard" and not list(tmp_path.iterdir())


def test_the_learning_rate_matters_and_what_diverges_is_no_number(tmp_path):
    for rate in (0.01, 0.2, 1e30):
        sat("train", "--steps", 4, "--lr", rate, "--json", tmp_path / str(rate))
    one, two, diverged = (data(tmp_path / str(rate)) for rate in (0.01, 0.2, 1e30))
    assert one["losses"][0] == two["losses"][0] and one["losses"][1] != two["losses"][1]
    assert diverged["losses"][-1] is None and one["lr"] == 0.01


@pytest.mark.parametrize(
    "words, complaint",
    [
        (["--lr", "0"], "lr must be above 0 and finite in FP32, not 0.0"),
        (["--data", "faces"], "data must be one of digits, cifar10, cifar100, tinyimagenet, imagenet, not 'faces'"),
        (["--schedule", "linear"], "schedule must be one of constant, cosine, step, not 'linear'"),
        (["--label-smoothing", "1"], "label_smoothing must be at least 0 and below 1, not 1.0"),
        (["--warm-up", "9"], "warm_up must end before the 360 steps of the training, not after 9 epochs of 45 steps"),
        (["--width", "0"], "width must be a number above 0 and at most 8, not 0"),
        (["--model", "cnn", "--image", "32"], "model cnn takes images of (1, 8, 8), not (1, 32, 32) as digits has"),
        (["--data", "cifar10"], "data cifar10 needs --data-path"),
        (["--data-path", "x"], "digits are built in"),
        (["--resume"], "checkpoints and TensorBoard need a folder"),
        (["--tensorboard"], "need a folder"),
        (["--decay", "0.1", "--method", "sdgp"], "decay pulls pruned weights to zero: method sdgp has none"),
        (["--rescale"], "rescale is for methods that prune gradients, not bdwp"),
        (["--engine", "magic"], "engine must be one of functional, myhdl, icarus, verilator, not 'magic'"),
        (["--out", "/dev/null/run"], "cannot be written"),
    ],
)
def test_bad_input_is_refused(words, complaint):
    assert complaint in refused("train", *words)

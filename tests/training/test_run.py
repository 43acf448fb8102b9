"""A whole run: its log, its checkpoints, and that a stop anywhere leaves no trace in the bits."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.training import killed
from tests.training.support import functional
from training import Run, Settings, Trainer, checkpoint, digits
from training.checkpoint import load

ROOT = Path(__file__).resolve().parents[2]
DIGITS = digits(0)


def trainer(method="bdwp", **settings):
    torch.manual_seed(1)
    module = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
    return Trainer(module, DIGITS, functional(), method, "2:8", Settings(**dict(batch=256, steps=15) | settings))


def lines(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def same(one, two):
    """Whether two checkpoints, or states, are equal in every bit."""
    if isinstance(one, torch.Tensor):
        return one.dtype == two.dtype and one.numpy().tobytes() == two.numpy().tobytes()
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    return one == two


def test_the_log_has_a_line_for_each_epoch_and_the_run_ends_with_an_evaluation(tmp_path):
    told, steps, run = [], [], Run(trainer(schedule="step", steps=15), tmp_path, evaluate_every=2)
    accuracy = run.go(lambda *words: steps.append(words), told.append)
    assert run.log == told == lines(tmp_path) and len(run.losses) == 15
    assert steps == [(i + 1, 15, loss) for i, loss in enumerate(run.losses)]
    assert [(line["epoch"], line["steps"]) for line in told] == [(1, 6), (2, 12), (3, 15)]
    assert [line["loss"] for line in told] == [
        sum(part) / len(part) for part in (run.losses[:6], run.losses[6:12], run.losses[12:])
    ]
    assert told[0]["accuracy"] is None and told[1]["accuracy"] > 0
    assert told[2]["accuracy"] == accuracy == run.trainer.evaluate()
    assert [line["lr"] for line in told] == pytest.approx([0.05, 0.005, 0.0005])
    assert all(line["loss_scale"] == 1024 and line["skipped"] == 0 for line in told)


def test_what_diverges_has_no_loss_in_the_log():
    run = Run(trainer(lr=1e30, steps=6))
    run.go()
    assert run.log[0]["loss"] is None and json.dumps(run.log, allow_nan=False)


def test_a_run_with_checkpoints_has_the_bits_of_one_that_keeps_nothing(tmp_path):
    one, two = Run(trainer()), Run(trainer(), tmp_path, checkpoint_every=4)
    assert (one.go(), one.log, one.losses) == (two.go(), two.log, two.losses)
    assert same(one.trainer.state(), load(tmp_path / "checkpoint.pt")["trainer"])


@pytest.mark.parametrize("manner, fewest", [("writing", 12), ("anywhere", 1)])
def test_a_run_that_is_killed_again_and_again_ends_as_one_that_is_not(tmp_path, manner, fewest):
    """With SIGKILL, before each fsync and each renaming of a file, and at other moments."""
    stopped, whole = tmp_path / "stopped", tmp_path / "whole"
    stopped.mkdir(), whole.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.training.killed", stopped, manner], cwd=ROOT, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= fewest
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        killed.attempt(whole)
    finally:
        torch.set_num_threads(threads)
    ours, theirs = (load(folder / "checkpoint.pt") for folder in (stopped, whole))
    assert same(ours, theirs) and ours["trainer"]["loss_scale"]["skipped"] > 0 and len(ours["losses"]) == killed.STEPS
    assert lines(stopped) == lines(whole) == theirs["log"] and len(theirs["log"]) == 5


def test_a_finished_run_can_be_taken_up_and_writes_its_log_again(tmp_path):
    run = Run(trainer(), tmp_path)
    accuracy = run.go()
    (tmp_path / "log.jsonl").write_text("torn li")
    again = Run(trainer(), tmp_path, resume=True)
    assert again.go() == accuracy and again.losses == run.losses and lines(tmp_path) == run.log


@pytest.mark.parametrize(
    "change, words",
    [
        (dict(lr=0.1), "lr 0.05, not 0.1"),
        (dict(seed=3, batch=128), "seed 0, not 3; batch 256, not 128"),
        (dict(steps=16), "steps 15, not 16"),
        (dict(method="srste"), "method bdwp, not srste; decay 0.0, not 0.0002"),
    ],
)
def test_the_checkpoint_of_another_training_is_refused_and_what_differs_is_named(tmp_path, change, words):
    Run(trainer(), tmp_path).go()
    with pytest.raises(ValueError, match=f"checkpoint.pt was made with {words}$"):
        Run(trainer(**change), tmp_path, resume=True)
    with pytest.raises(ValueError, match="evaluate_every 1, not 2"):
        Run(trainer(), tmp_path, resume=True, evaluate_every=2)


def test_a_checkpoint_is_not_overwritten_by_a_new_training(tmp_path):
    Run(trainer(), tmp_path).go()
    before = (tmp_path / "checkpoint.pt").read_bytes()
    with pytest.raises(ValueError, match="has the checkpoint of a training already"):
        Run(trainer(), tmp_path)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def test_no_checkpoint_and_one_of_something_else_are_refused(tmp_path):
    with pytest.raises(ValueError, match="there is no checkpoint"):
        Run(trainer(), tmp_path, resume=True)
    checkpoint.save(tmp_path / "checkpoint.pt", dict(weights=torch.ones(1)))
    with pytest.raises(ValueError, match="is no checkpoint of a training"):
        Run(trainer(), tmp_path, resume=True)


def test_data_that_breaks_keeps_the_checkpoint_before(tmp_path, monkeypatch):
    batch = type(DIGITS).train_batch
    run = Run(trainer(), tmp_path, checkpoint_every=4)

    def broken(self, *words):
        if run.trainer.steps == 9:
            raise ValueError("picture 9 is broken")
        return batch(self, *words)

    monkeypatch.setattr(type(DIGITS), "train_batch", broken)
    with pytest.raises(ValueError, match="picture 9"):
        run.go()
    assert load(tmp_path / "checkpoint.pt")["trainer"]["steps"] == 8
    monkeypatch.undo()
    whole = Run(trainer())
    assert Run(trainer(), tmp_path, resume=True).go() == whole.go()


@pytest.mark.parametrize(
    "choices, words",
    [
        (dict(checkpoint_every=0), "checkpoint_every must be at least 1, not 0"),
        (dict(evaluate_every=0), "evaluate_every must be at least 1, not 0"),
        *((choice, "need a folder") for choice in (dict(resume=True), dict(board=True), dict(checkpoint_every=2))),
    ],
)
def test_bad_choices_are_refused(choices, words):
    with pytest.raises(ValueError, match=words):
        Run(trainer(), **choices)

"""A single run of `sat train`: its lines, its folder, and how it is taken up again."""

import torch

from tests.sat.support import data, refused, sat
from training import Trainer
from training.data.tensors import Data

WORDS = [
    "train",
    "--steps",
    14,
    "--batch",
    256,
    "--checkpoint-every",
    4,
    "--schedule",
    "cosine",
    "--warm-up",
    0.5,
    "--label-smoothing",
    0.1,
    "--evaluate-every",
    2,
]


def broken_at(step, monkeypatch):
    """Data that cannot be read when it comes to that step."""
    batch, calls = Data.train_batch, []

    def train_batch(self, *words):
        calls.append(words)
        if len(calls) > step:
            raise ValueError("digit 7 is broken")
        return batch(self, *words)

    monkeypatch.setattr(Data, "train_batch", train_batch)


def test_a_run_that_breaks_off_is_taken_up_and_leaves_the_files_of_one_that_does_not(tmp_path, monkeypatch):
    broken_at(10, monkeypatch)
    assert refused(*WORDS, "--out", tmp_path / "stopped") == "sat: digit 7 is broken"
    assert sorted(file.name for file in (tmp_path / "stopped").iterdir()) == ["checkpoint.pt", "log.jsonl"]
    monkeypatch.undo()
    steps, step = [], Trainer.step
    monkeypatch.setattr(Trainer, "step", lambda self, x, y: steps.append(self.steps) or step(self, x, y))
    resumed = sat(*WORDS, "--out", tmp_path / "stopped", "--resume").output
    assert steps == list(range(8, 14))
    output = sat(*WORDS, "--out", tmp_path / "whole").output
    for name in ("report.json", "log.jsonl"):
        assert (tmp_path / "stopped" / name).read_text() == (tmp_path / "whole" / name).read_text()
    ours, theirs = (torch.load(tmp_path / run / "weights.pt", weights_only=True) for run in ("stopped", "whole"))
    assert ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)
    report = data(tmp_path / "whole" / "report.json")
    assert [line["accuracy"] is None for line in report["log"]] == [True, False, False]
    assert report["log"][-1]["accuracy"] == report["accuracy"] and report["schedule"] == "cosine"
    assert output.count(" recognised, learning rate ") == 2 and output.count("epoch ") == 3
    assert resumed.count("epoch ") == 2


def test_a_run_is_not_begun_over_another_nor_taken_up_with_other_settings(tmp_path):
    sat("train", "--steps", 2, "--out", tmp_path)
    assert "has the checkpoint of a training already" in refused("train", "--steps", 2, "--out", tmp_path)
    words = ["train", "--steps", 2, "--out", tmp_path, "--resume"]
    assert "was made with lr 0.05, not 0.1" in refused(*words, "--lr", 0.1)
    assert "was made with sparsity 2:8, not 1:4" in refused(*words, "--sparsity", "1:4")
    (tmp_path / "checkpoint.pt").write_bytes(b"torn")
    assert "checkpoint.pt is no checkpoint, or damaged" in refused(*words)


def test_a_larger_network_learns_enlarged_digits(tmp_path):
    sat(
        "train",
        "--model",
        "resnet9",
        "--width",
        0.125,
        "--steps",
        1,
        "--batch",
        4,
        "--json",
        tmp_path / "x",
        "--evaluate-every",
        9,
    )
    report = data(tmp_path / "x")
    assert (report["model"], report["width"], report["image"], report["classes"]) == ("resnet9", 0.125, [3, 32, 32], 10)
    assert report["dense_layers"] == ["fc"] and report["rows"][0]["m"] == 4 * 32 * 32

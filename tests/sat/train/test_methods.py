"""`sat train compare`."""

from statistics import fmean, stdev

import pytest

from sat import options
from sat.train import methods
from sat.train.methods import Trained
from tests.sat.support import data, refused, sat
from tlm.workload.methods import Scheme
from tlm.workload.trace import Trace


def test_the_table_and_the_data_say_what_each_method_recognises_and_costs(tmp_path):
    words = ["--steps", 50, "--batch", 16, "--config", "medium"]
    seeds = ["--seeds", 2, "--seed", 4]
    output = sat("train", "compare", "dense,sdgp,bdwp", *seeds, *words, "--json", tmp_path / "x").output
    report = data(tmp_path / "x")
    dense, sdgp, bdwp = rows = report["methods"]
    assert (report["macs_seen"], report["macs_unseen"], report["unseen"]) == (dense["macs"], 0, [])
    assert [row["method"] for row in rows] == ["dense", "sdgp", "bdwp"] and report["seeds"] == [4, 5]
    assert report["target"] == min(row["accuracy"] for row in rows)
    for row in rows:
        assert row["accuracies"] == [log[-1]["accuracy"] for log in row["logs"]] and len(row["logs"]) == 2
        assert row["accuracy"] == fmean(row["accuracies"]) and row["deviation"] == stdev(row["accuracies"])
        assert (row["lowest"], row["highest"]) == (min(row["accuracies"]), max(row["accuracies"]))
        steps = row["epochs_to_target"] * 90  # in an epoch
        assert steps == pytest.approx(50) and row["seconds_to_target"] == pytest.approx(steps * row["cycles"] / 200e6)
        line = next(line for line in output.splitlines() if line.split()[:1] == [row["method"]])
        assert all(figure in line for figure in (f"{row['accuracy']:.2%}", f"{row['macs']:,}", f"{row['cycles']:,}"))
    assert dense["removed"] == 0 and dense["speedup"] == 1 and 0.2 < sdgp["removed"] < bdwp["removed"]
    assert bdwp["cycles"] < sdgp["cycles"] < dense["cycles"] == round(bdwp["cycles"] * bdwp["speedup"])


def test_a_run_of_the_comparison_is_the_run_of_that_method_and_seed(tmp_path):
    words = ["--steps", 8, "--batch", 64, "--json"]
    sat("train", "compare", "srste", "--seeds", 2, *words, tmp_path / "all")
    sat("train", "--method", "srste", "--seed", 1, *words, tmp_path / "one")
    one, [row] = data(tmp_path / "one"), data(tmp_path / "all")["methods"]
    assert row["logs"][1] == one["log"] and row["cycles"] == one["totals"]["cycles"]
    assert row["decay"] == one["decay"] == 2e-4


def log(*accuracies):
    return [dict(steps=(i + 1) * 10, accuracy=accuracy) for i, accuracy in enumerate(accuracies)]


def test_the_time_is_that_until_the_mean_of_the_seeds_is_as_high_for_the_first_time():
    trained = Trained(Scheme(), Trace([]), None, 10, [log(0.5, None, 0.9, 0.7), log(0.7, None, 0.9, 1.0)])
    assert [trained._reached(target) for target in (0.5, 0.6, 0.61, 0.9)] == [10, 10, 30, 30]


def test_a_choice_is_for_the_methods_that_have_it():
    found = methods.schemes("dense, srste,sdgp,sdwp", "1:4", "resnet18", decay=0.1, rescale=True)
    assert [(one.method, one.decay, one.rescale) for one in found] == [
        ("dense", None, False),
        ("srste", 0.1, False),
        ("sdgp", None, True),
        ("sdwp", 0.1, False),
    ]
    assert found[1] == options.scheme("srste", "1:4", "resnet18", decay=0.1) and found[1].dense == ("fc",)


@pytest.mark.parametrize(
    "words, complaint",
    [
        (["compare", "dense,magic"], "method must be one of dense, srste, sdgp, sdwp, bdwp, not 'magic'"),
        (["compare", "dense,dense"], "each method must be named once, not dense,dense"),
        (
            ["compare", "dense", "--engine", "icarus"],
            "--engine is an option of sat train run, and no option of",
        ),
        (["compare", "dense", "--out", "x"], "--out is an option of sat train run, and no option of sat train compare"),
        (
            ["compare", "dense", "--method", "x"],
            "--method is an option of sat train run, and no option of",
        ),
        (["--steps", "2", "--epochs", "2"], "--epochs cannot go with --steps"),
        (["compare", "dense", "--seeds", "2", "--seed", 2**32 - 1], "seed must be at least 0 and below 2^32"),
        (["--seeds", "2"], "--seeds is an option of sat train compare, and no option of sat train run"),
    ],
)
def test_what_a_comparison_cannot_do_is_refused(words, complaint):
    assert complaint in refused("train", *words)

"""The headline table, its arithmetic redone."""

import pytest

from rtl.sat.config import PRESETS
from sat.cycles import paper
from tests.sat.support import data, refused, sat
from tlm import Gemm, make_plan
from tlm.workload.methods import Scheme
from tlm.workload.networks import NETWORKS, layers
from tlm.workload.step import calls_of, whole_step


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    file = tmp_path_factory.mktemp("paper") / "paper.json"
    output = sat("cycles", "paper", "--batch", 2, "--config", "medium", "--json", file).output
    return data(file), output


def test_five_networks_with_their_cycles_and_what_pruning_removes(found):
    content, output = found
    assert [one["name"] for one in content["networks"]] == ["resnet9", "vit", "vgg19", "resnet18", "resnet50"]
    for one in content["networks"]:
        assert one["speedup"] == one["dense_cycles"] / one["cycles"] > 1 and f"{one['cycles']:,}" in output
        steps = {
            scheme.method: whole_step(calls_of(layers(one["name"]), 2), scheme)
            for scheme in (Scheme(), Scheme.of("bdwp", 2, 8, dense=NETWORKS[one["name"]].dense))
        }
        macs = {method: sum(work.macs for work in step) for method, step in steps.items()}
        assert one["ops_removed"] == pytest.approx(1 - macs["bdwp"] / macs["dense"])
        assert sum(work.macs_skipped for work in steps["bdwp"] if isinstance(work, Gemm)) > 0
    (cheapest,) = (one for one in content["networks"] if one["name"] == "vit")
    steps = [
        whole_step(calls_of(layers("vit"), 2), scheme)
        for scheme in (Scheme(), Scheme.of("bdwp", 2, 8, dense=("head",)))
    ]
    assert [make_plan(step, PRESETS["medium"]).cycles for step in steps] == [
        cheapest["dense_cycles"],
        cheapest["cycles"],
    ]


def test_the_means_are_those_of_the_rows_and_stand_beside_the_papers(found):
    content, output = found
    for key, mean in (("speedup", "mean_speedup"), ("ops_removed", "mean_ops_removed")):
        assert content[mean] == pytest.approx(sum(one[key] for one in content["networks"]) / 5)
    assert content["paper"] == dict(speedup=1.75, ops_removed=0.48) and "1.75x" in output and "48.0%" in output


def test_every_assumption_is_listed(found):
    content, output = found
    assert content["assumptions"] == paper.assumptions(2, PRESETS["medium"]) and len(content["assumptions"]) > 5
    assert all(f"- {text}" in output for text in content["assumptions"])
    assert (content["batch"], content["config"]["name"]) == (2, "medium")


@pytest.mark.parametrize("words", [["--model", "vit"], ["--method", "dense"], ["--seed", 1], ["--dense", "none"]])
def test_what_it_would_leave_out_is_refused(words):
    place = "is an option of sat cycles step and sat cycles ablate, and no option of sat cycles paper"
    assert refused("cycles", "paper", *words) == f"sat: {words[0]} {place}"

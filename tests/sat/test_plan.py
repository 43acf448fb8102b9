"""`sat plan`."""

import pytest

from rtl.sat.config import PRESETS
from tests.sat.support import data, refused, sat
from tlm import load_plan, make_plan
from tlm.step import programs
from training import models, training_step, update_step

WORDS = ("--config", "small", "--batch", 4)


@pytest.fixture
def step(tiny):
    module = models.build("tiny", 0)
    return training_step(module, (4, 1, 8, 8), "bdwp", 2, 4) + update_step(module, (4, 1, 8, 8), "bdwp", 2, 4)


def test_the_plan_is_the_best_one_and_is_saved_and_told_as_data(step, tiny, tmp_path):
    file = tmp_path / "deep" / "plan.json"
    output = sat("plan", *tiny, *WORDS, "-o", file, "--json", tmp_path / "data.json").output
    plan, found = load_plan(file, step, PRESETS["small"]), data(tmp_path / "data.json")
    assert plan == make_plan(step, PRESETS["small"])
    assert list(found) == [
        "model",
        "method",
        "sparsity",
        "decay",
        "rescale",
        "dense_layers",
        "sparsity_by_layer",
        "batch",
        "config",
        "gemms",
        "updates",
        "cycles",
        "fixed",
        "macs_seen",
        "macs_unseen",
        "unseen",
    ]
    assert {key: found[key] for key in ("config", "gemms", "updates")} == plan.model_dump() == data(file)
    assert found["cycles"] == plan.cycles <= min(found["fixed"].values())
    assert found["fixed"] == {name: make_plan(step, PRESETS["small"], (name,)).cycles for name in ("os", "ws")}
    assert f"{plan.cycles:,} cycles; with one dataflow for all: os {found['fixed']['os']:,}, ws" in output


def test_the_table_has_a_row_for_each_gemm_and_update(step, tiny):
    lines = sat("plan", *tiny, *WORDS).output.splitlines()
    plan = make_plan(step, PRESETS["small"])
    for one in plan.gemms:
        row = next(line for line in lines if line.split()[:2] == [one.layer, one.stage])
        sizes = one.m, one.k, one.n, one.sparsity, one.dataflow, one.rows, one.depth, one.columns, one.order
        assert row.split()[2:] == [*map(str, sizes), f"{one.cycles:,}"]
    updates = [line for line in lines if " update " in line]
    assert [line.split()[4:] for line in updates] == [["update", f"{one.cycles:,}"] for one in plan.updates]


def test_cycles_run_by_the_plan_and_follow_a_change_of_it(step, tiny, tmp_path):
    file = tmp_path / "plan.json"
    sat("plan", *tiny, *WORDS, "-o", file)
    sat("cycles", *tiny, *WORDS, "--json", tmp_path / "usual.json")
    sat("cycles", *tiny, *WORDS, "--plan", file, "--json", tmp_path / "planned.json")
    assert data(tmp_path / "planned.json") == data(tmp_path / "usual.json")
    plan = make_plan(step, PRESETS["small"], ("ws",), ("use",))
    plan.save(file)
    sat("cycles", *tiny, *WORDS, "--plan", file, "--json", tmp_path / "other.json")
    rows = data(tmp_path / "other.json")["rows"]
    assert {row["dataflow"] for row in rows[:5]} == {"ws"}
    stages = [row["stage"] for row in rows]
    assert stages == [one.work.stage for one in programs(step, PRESETS["small"], plan)] and "reduce" in stages
    assert sum(row["cycles"] for row in rows) == load_plan(file, step, PRESETS["small"]).cycles


def test_a_plan_of_another_batch_or_configuration_is_refused_where_it_is_used(tiny, tmp_path):
    file = tmp_path / "plan.json"
    sat("plan", *tiny, *WORDS, "-o", file)
    for command in (["cycles"], ["train"], ["verify", "--engine", "myhdl"]):
        line = refused(*command, *tiny, "--config", "small", "--batch", 3, "--plan", file)
        assert f"{file}: the plan is for another training step: it must have ('one', 'ff', 3, 8, 4, '2:4'), not" in line
        line = refused(*command, *tiny, "--config", "medium", "--batch", 4, "--plan", file)
        assert f"{file}: the plan is for another configuration: name must be 'medium', not 'small'" in line


def test_a_name_is_no_markup(tiny, tmp_path):
    (tmp_path / "config.json").write_text('{"name": "[/x]", "rows": 2, "columns": 2}')
    assert "batch 4, on [/x]\n" in sat("plan", *tiny, "--config", tmp_path / "config.json", "--batch", 4).output


def test_a_file_that_cannot_be_written_is_refused_before_the_work():
    assert "/dev/null/plan.json cannot be written" in refused("plan", "-o", "/dev/null/plan.json")

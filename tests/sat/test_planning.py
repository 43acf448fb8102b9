"""The plan by which a command runs, on accelerators whose steps are planned and on others."""

import pytest

from rtl.sat.config import PRESETS
from rtl.sigma.config import PRESETS as SIGMA_PRESETS
from rtl.sparsity import Sparsity
from sat import planning
from sat.options import config_option
from sat.planning import SCHEDULED, BestMappings, check_dataflow, dataflows_of, plan_for, planner_of, step_plan_for
from tlm import Gemm, Update, make_plan
from tlm.accelerators import TABLE, accelerator_of
from tlm.step import cost

SMALL = PRESETS["small"]
PLAIN = TABLE["systolic"].load("small")
STEP = [Gemm(30, 40, 50, Sparsity(2, 8), "fp16", "one", "ff"), Update(40, 50, 40, Sparsity(2, 8), True, layer="one")]


@pytest.mark.parametrize("dataflow, dataflows", [("os", ("os",)), ("ws", ("ws",)), (SCHEDULED, ("os", "ws"))])
def test_it_is_the_best_one_with_that_dataflow(dataflow, dataflows):
    plan = plan_for(STEP, SMALL, dataflow)
    assert plan == make_plan(STEP, SMALL, dataflows) and plan.gemms[0].dataflow in dataflows
    assert plan_for(STEP, SMALL).cycles <= plan.cycles


def test_it_is_the_one_in_the_file(tmp_path):
    plan = make_plan(STEP, SMALL, ("os",), ("use",))
    plan.save(tmp_path / "plan.json")
    assert plan_for(STEP, SMALL, file=tmp_path / "plan.json") == plan != plan_for(STEP, SMALL)


@pytest.mark.parametrize(
    "dataflow, file, words",
    [
        ("is", None, "dataflow must be one of os, ws, scheduled, not 'is'"),
        ("", None, "dataflow must be one of os, ws, scheduled, not ''"),
        ("ws", "plan.json", "--dataflow ws cannot go with --plan, which has its own"),
    ],
)
def test_an_unknown_dataflow_and_one_beside_a_file_are_refused(dataflow, file, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        plan_for(STEP, SMALL, dataflow, file and tmp_path / file)


def test_a_plan_of_another_step_or_configuration_is_refused(tmp_path):
    make_plan(STEP[:1], SMALL).save(tmp_path / "plan.json")
    with pytest.raises(ValueError, match="plan.json: the plan is for another training step"):
        plan_for(STEP, SMALL, file=tmp_path / "plan.json")
    with pytest.raises(ValueError, match="another configuration: name must be 'medium', not 'small'"):
        plan_for(STEP[:1], PRESETS["medium"], file=tmp_path / "plan.json")


@pytest.mark.parametrize(
    "config, own, other", [(SMALL, ("os", "ws"), "mk"), (SIGMA_PRESETS["small"], ("mk", "kn"), "os")]
)
def test_dataflows_are_the_accelerators_own(config, own, other):
    assert tuple(accelerator_of(config).dataflows) == own
    for name in own:
        assert dataflows_of(name, config) == (name,)
    assert dataflows_of(SCHEDULED, config) == ()
    for name in (other, ""):
        with pytest.raises(ValueError, match=f"^dataflow must be one of {', '.join(own)}, scheduled, not {name!r}$"):
            check_dataflow(name, config)


@pytest.mark.parametrize("config", [PLAIN, SIGMA_PRESETS["small"]], ids=["systolic", "sigma"])
def test_where_steps_are_not_planned_that_is_said(config):
    for make in (
        planner_of,
        lambda config: plan_for(STEP, config),
        lambda config: step_plan_for(STEP, config, file="p"),
    ):
        with pytest.raises(ValueError, match=f"^steps on {accelerator_of(config).title} are not planned$"):
            make(config)


@pytest.mark.parametrize("config", [PLAIN, SIGMA_PRESETS["small"]], ids=["systolic", "sigma"])
@pytest.mark.parametrize("which", [0, 1, None])
def test_there_each_gemm_runs_by_its_best_mapping(config, which):
    row = accelerator_of(config)
    dataflow = SCHEDULED if which is None else list(row.dataflows)[which]
    plan, work = step_plan_for(STEP, config, dataflow), [Gemm(30, 40, 50), Gemm(7, 200, 9)]
    assert plan == BestMappings(config, dataflows_of(dataflow, config)) and plan.parts(STEP[1]) == [STEP[1]]
    assert [taken.cycles for _, taken in cost(work, config, plan)] == [
        row.best(gemm, config, dataflows_of(dataflow, config))[1] for gemm in work
    ]


def test_it_is_looked_for_once(monkeypatch):
    asked, row = [], TABLE["systolic"]
    monkeypatch.setattr(planning, "accelerator_of", lambda config: asked.append(config) or row)
    planning._best_mapping.cache_clear()
    plan = BestMappings(PLAIN)
    assert plan.mapping(Gemm(30, 40, 51)) == plan.mapping(Gemm(30, 40, 51)) and len(asked) == 1


def test_mappings_of_another_configuration_are_refused():
    BestMappings(PLAIN).check_config(PLAIN)
    with pytest.raises(ValueError, match=r"^the mappings are for SystolicConfig\(.*, not SatConfig\("):
        BestMappings(PLAIN).check_config(SMALL)


def test_names_of_dataflows_are_those_of_the_table():
    assert planning.dataflow_names() == "os, ws or scheduled, on SIGMA mk, kn or scheduled"
    assert [row.name for row in planning.dataflow_vocabularies(TABLE.values())] == ["sat", "sigma"]


def test_help_offers_what_a_command_can_run_on():
    everywhere, default = (planning.dataflow_option(rows).help for rows in (TABLE.values(), [TABLE["sat"]]))
    assert "on SIGMA mk" in everywhere and "on SAT os" in default and "SIGMA" not in default
    assert "paper" in config_option(TABLE.values()).help and "paper" not in config_option([TABLE["sat"]]).help


def test_an_accelerators_planner_leaves_an_idea_out_and_knows_which_patterns_are_taken():
    planner = planner_of(SMALL)
    alone = SMALL.model_copy(update=dict(interleave=1))
    assert {idea: plan(STEP, SMALL) for idea, plan in planner.without.items()} == {
        "interleaving": make_plan(STEP, alone),
        "pre-generation": make_plan(STEP, SMALL, generations=("use",)),
    }
    least = SMALL.model_copy(update=dict(largest_m=8))
    assert [planner.takes(Sparsity(2, m), least) for m in (4, 8, 16)] == [True, True, False]

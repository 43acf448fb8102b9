"""Plans: the best of all choices, which a step follows, and refused where they do not belong."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl.sat.config import SystolicConfig
from rtl.sigma.config import PRESETS as SIGMA
from rtl.sparsity import Sparsity
from tests.support.properties import few
from tests.support.steps import STEP, TINY
from tests.support.workloads import configurations, gemms
from tlm import Gemm, Update, make_plan, schedule, simulate
from tlm.feature_map import FeatureMap
from tlm.report import step_report
from tlm.sat.choices import GemmChoice, without_pregeneration
from tlm.sat.plan import Plan
from tlm.sat.scheduler import best_mapping
from tlm.step import cost, programs


@pytest.fixture(scope="module")
def plan():
    return make_plan(STEP, TINY)


def test_it_has_a_choice_for_each_gemm_and_update_in_their_order(plan):
    assert [(one.layer, one.stage, one.m, one.k, one.n, one.sparsity) for one in plan.gemms] == [
        ("one", "ff", 9, 16, 8, "2:8"),
        ("two", "ff", 9, 8, 6, "dense"),
        ("two", "bp", 9, 6, 8, "dense"),
        ("two", "wu", 8, 9, 6, "dense"),
        ("one", "wu", 16, 9, 8, "dense"),
    ]
    assert [(one.layer, one.k, one.n) for one in plan.updates] == [("one", 16, 8), ("two", 8, 6), ("two.bias", 1, 6)]
    assert plan.config == TINY


def test_each_gemms_mapping_is_the_schedulers_and_one_that_is_not_planned_runs_output_stationary(plan):
    for gemm, choice in zip(STEP[:5], plan.gemms, strict=True):
        mapping, cycles = best_mapping(gemm, TINY)
        assert (plan.mapping(gemm), choice.cycles) == (mapping, cycles)
    assert plan.mapping(replace(STEP[0], m=7)) == plan.mapping(replace(STEP[0], layer="other")) == "os"


@pytest.mark.parametrize("layers", [300, 20_000])
def test_looking_up_every_layer_asks_each_choice_once_for_its_key(layers, monkeypatch):
    key, asked = GemmChoice.key.fget, []
    monkeypatch.setattr(GemmChoice, "key", property(lambda choice: asked.append(choice) or key(choice)))
    planned = make_plan(STEP[:1], TINY)
    names = [f"layer{number}" for number in range(layers)]
    choices = [planned.gemms[0].model_copy(update=dict(layer=name, rows=1 + i % 2)) for i, name in enumerate(names)]
    plan = Plan(config=TINY, gemms=choices, updates=[])
    mappings = [plan.mapping(replace(STEP[0], layer=name)) for name in names]
    assert [mapping.rows for mapping in mappings] == [choice.rows for choice in choices] and len(asked) == layers


def test_the_programs_are_those_of_the_plan_and_take_its_cycles(plan):
    listed = list(programs(STEP, TINY, plan))
    assert sum(simulate(program).cycles for program in listed) == plan.cycles
    assert [program.work for program in listed] == STEP
    assert [program.mapping for program in listed[:5]] == [plan.mapping(gemm) for gemm in STEP[:5]]


@pytest.mark.parametrize("dataflows", [("os",), ("ws",), ("os", "ws")])
@pytest.mark.parametrize("generations", [("update",), ("use",), ("update", "use")])
def test_its_cycles_are_the_totals_of_the_report(dataflows, generations):
    plan = make_plan(STEP, TINY, dataflows, generations)
    runs = cost(STEP, TINY, plan)
    report = step_report(runs, runs)
    assert plan.cycles == report.totals["cycles"] > 0
    assert {row["dataflow"] for row in report.rows[:5]} <= set(dataflows)
    assert len(runs) == (len(STEP) + 3 if generations == ("use",) else len(STEP))


@few(25)
@given(st.data())
def test_no_fixed_dataflow_or_place_of_generation_is_better(data):
    config = data.draw(configurations())
    gemm, pattern = data.draw(gemms(config)), data.draw(st.sampled_from([None, Sparsity(1, 4), Sparsity(2, 4)]))
    copies = {name: bool(pattern) and data.draw(st.booleans()) for name in ("forward", "backward")}
    k, n = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 20))
    step = [gemm, Update(k, n, k, pattern, **copies, layer="layer")]
    best = make_plan(step, config)
    for dataflow in ("os", "ws"):
        largest = simulate(schedule(gemm, config, dataflow)).cycles
        assert best.gemms[0].cycles <= make_plan(step, config, (dataflow,)).gemms[0].cycles <= largest
    for place in ("update", "use"):
        fixed = make_plan(step, config, generations=(place,))
        assert best.updates[0].cycles <= fixed.updates[0].cycles and fixed.updates[0].generation == place


def test_an_update_has_parts_where_the_plan_makes_its_copies_before_use():
    with_update, before_use = (make_plan(STEP, TINY, generations=(place,)) for place in ("update", "use"))
    assert with_update.parts(STEP[5]) == [STEP[5]]
    assert before_use.parts(STEP[5]) == without_pregeneration(STEP[5]) and len(without_pregeneration(STEP[5])) == 3
    assert before_use.parts(replace(STEP[5], layer="other")) == [replace(STEP[5], layer="other")]
    stages = [program.work.stage for program in programs(STEP, TINY, before_use)][5:]
    assert stages == ["update", "reduce", "reduce", "update", "reduce", "update"]


def test_of_equal_cycles_the_copies_are_made_with_the_update(plan):
    assert [one.generation for one in plan.updates] == ["update"] * 3  # a bias has no copies: both are the same


def test_a_plan_is_for_its_configuration_alone_whatever_the_step(plan):
    plan.check_config(TINY)
    with pytest.raises(ValueError, match="^the plan is for another configuration: rows must be 3, not 2$"):
        plan.check_config(TINY.model_copy(update=dict(rows=3)))
    with pytest.raises(
        ValueError, match="^the plan is for another accelerator: config must be a SigmaConfig, not a Sat"
    ):
        plan.check_config(SIGMA["small"])


def test_equal_choices_are_simulated_once(monkeypatch):
    step = [*STEP, *(replace(one, layer="twin") for one in STEP if one.layer == "one")]
    plan, asked = make_plan(step, TINY), []
    monkeypatch.setattr("tlm.sat.plan.simulate", lambda program: asked.append(program) or simulate(program))
    plan.check(step, TINY)
    assert [program.work for program in asked] == STEP


def test_a_layer_called_twice_has_two_entries_that_must_fit_and_be_equal():
    plan = make_plan(twice := [STEP[0], STEP[0], STEP[5], STEP[5]], TINY, ("os",), ("update",))
    plan.check(twice, TINY)
    for kind, change, message in (
        ("gemms", dict(rows=9), r"^one ff: all entries of \('one', .*rows=2, .*, not .*rows=9,"),
        ("gemms", dict(cycles=9), "^one ff: cycles must be [0-9]+, not 9$"),
        ("updates", dict(generation="use"), "^one update: all .* must have update, not use$"),
    ):
        first, second = getattr(plan, kind)
        changed = {kind: [first, second.model_copy(update=change)]}
        with pytest.raises(ValueError, match=message):
            plan.model_copy(update=changed).check(twice, TINY)


def test_a_layer_called_with_maps_of_two_forms_has_one_mapping_and_the_cycles_of_both(monkeypatch):
    best = iter([("ws",), ("os",)])  # as if each form had another
    monkeypatch.setattr("tlm.sat.plan.best_mapping", lambda gemm, config, *_: best_mapping(gemm, config, next(best)))
    form = FeatureMap(1, 11, 16, 16, (1, 1), (1, 1), (0, 0), (1, 1), (3, 3))
    twice = [replace(STEP[0], source=source) for source in (None, form)]
    (plan := make_plan(twice, TINY)).check(twice, TINY)
    assert plan.gemms[0].option == plan.gemms[1].option and not list(best)
    assert plan.cycles == sum(simulate(program).cycles for program in programs(twice, TINY, plan))


def test_a_plan_cannot_be_changed_and_knows_no_other_keys(plan):
    with pytest.raises(ValueError, match="frozen"):
        plan.gemms = []
    with pytest.raises(ValueError, match="Extra inputs"):
        Plan(config=TINY, gemms=[], updates=[], colour=1)


def test_a_copy_with_other_choices_is_another_plan(plan):
    gemm, choice = STEP[1], plan.gemms[1]
    assert plan.mapping(gemm) == choice.option and plan.parts(STEP[5]) == [STEP[5]]
    gemms = [choice.model_copy(update=dict(rows=1, columns=1))]
    updates = [plan.updates[0].model_copy(update=dict(generation="use"))]
    for deep in (False, True):
        copied = plan.model_copy(update=dict(gemms=gemms, updates=updates), deep=deep)
        assert copied.mapping(gemm) == gemms[0].option and copied.parts(STEP[5]) == without_pregeneration(STEP[5])
        assert plan.model_copy(deep=deep) == plan


@pytest.mark.parametrize(
    "config, choices, complaint",
    [
        (SIGMA["small"], {}, "a plan must be for a SatConfig, not for a SigmaConfig"),
        (SystolicConfig.of(TINY), {}, "a plan must be for a SatConfig, not for a SystolicConfig"),
        (TINY, dict(dataflows=("is",)), "dataflow must be one of os, ws, not 'is'"),
        (TINY, dict(dataflows=()), "the dataflows to choose from must be some of os, ws, not none"),
        (TINY, dict(generations=("never",)), "the place of generation must be one of update, use, not 'never'"),
        (TINY, dict(generations=()), "the places of generation must be some of update, use, not none"),
    ],
)
def test_a_plan_is_made_of_known_choices_for_sat(config, choices, complaint):
    with pytest.raises(ValueError, match=f"^{complaint}$"):
        make_plan(STEP, config, **choices)


def test_a_pattern_beyond_the_datapath_is_refused():
    with pytest.raises(ValueError, match="sparsity 2:16 needs M up to largest_m = 8 of configuration tiny"):
        make_plan([Gemm(4, 32, 4, Sparsity(2, 16))], TINY)

"""Plans: the best of all choices, written and read again, and refused where they do not belong."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl.config import PRESETS
from rtl.sparsity import Sparsity
from tests.support.properties import few
from tests.support.workloads import configurations, gemms
from tlm import Gemm, Mapping, Program, Update, UpdateProgram, load_plan, make_plan, schedule, simulate
from tlm.feature_map import FeatureMap
from tlm.plan import Plan, _mapped, without_pregeneration
from tlm.report import step_report
from tlm.scheduler import best_mapping

TINY = PRESETS["small"].model_copy(update=dict(name="tiny", rows=2, columns=2, chunk=16, largest_m=8, buffer_kib=1))
PATTERN = Sparsity(2, 8)
STEP = [
    Gemm(9, 16, 8, PATTERN, "fp16", "one", "ff"),
    Gemm(9, 8, 6, None, "fp16", "two", "ff"),
    Gemm(9, 6, 8, None, "fp16", "two", "bp"),
    Gemm(8, 9, 6, None, "fp32", "two", "wu"),
    Gemm(16, 9, 8, None, "fp32", "one", "wu"),
    Update(16, 8, 16, PATTERN, True, True, layer="one"),
    Update(8, 6, 8, PATTERN, True, layer="two"),
    Update(1, 6, 1, layer="two.bias"),
]


@pytest.fixture(scope="module")
def plan():
    return make_plan(STEP, TINY)


@pytest.fixture
def saved(plan, tmp_path):
    """saved(change) is a file with the plan, after `change` has been at its content."""

    def write(change=lambda content: None):
        content = json.loads(plan.model_dump_json())
        change(content)
        (tmp_path / "plan.json").write_text(json.dumps(content))
        return tmp_path / "plan.json"

    return write


def test_a_plan_that_was_saved_is_loaded_again_the_same(plan, tmp_path):
    plan.save(tmp_path / "plan.json")
    assert load_plan(tmp_path / "plan.json", STEP, TINY) == plan
    assert (tmp_path / "plan.json").read_text().endswith("}\n")


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
    for gemm, choice in zip(STEP, plan.gemms):
        mapping, cycles = best_mapping(gemm, TINY)
        assert (plan.mapping(gemm), choice.cycles) == (mapping, cycles)
    assert plan.mapping(replace(STEP[0], m=7)) == plan.mapping(replace(STEP[0], layer="other")) == "os"


def test_the_programs_are_those_of_the_plan_and_take_its_cycles(plan):
    listed = list(programs(STEP, TINY, plan))
    assert sum(simulate(program).cycles for program in listed) == plan.cycles
    assert [program.work for program in listed] == STEP
    assert [program.mapping for program in listed if isinstance(program, Program)] == [
        plan.mapping(gemm) for gemm in STEP[:5]
    ]
    unplanned = list(programs(STEP, TINY))
    assert [program.work for program in unplanned] == STEP and isinstance(unplanned[-1], UpdateProgram)
    assert all(program.mapping == schedule(program.work, TINY).mapping for program in unplanned[:5])


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


def test_equal_layers_are_scheduled_once(monkeypatch):
    asked = []
    _mapped.cache_clear()
    monkeypatch.setattr("tlm.plan.best_mapping", lambda gemm, *rest: asked.append(gemm) or best_mapping(gemm, *rest))
    twins = [replace(STEP[0], layer=name) for name in ("a", "b", "c")]
    plan = make_plan([*twins, replace(STEP[0], output="fp32")], TINY)
    assert len(asked) == 2 and len(plan.gemms) == 4
    assert plan.mapping(twins[2]) == plan.mapping(twins[0])


@pytest.mark.parametrize(
    "forward, backward, reductions",
    [
        (True, True, [(True, False), (False, True)]),
        (True, False, [(True, False)]),
        (False, True, [(False, True)]),
        (False, False, []),
    ],
)
def test_apart_is_the_update_without_copies_and_a_reduction_for_each(forward, backward, reductions):
    update = Update(16, 8, 16, PATTERN, forward, backward, layer="one")
    plain, *rest = without_pregeneration(update)
    assert plain == replace(update, forward=False, backward=False) and plain.momentum
    assert [(one.forward, one.backward) for one in rest] == reductions
    assert all(
        one == replace(update, forward=one.forward, backward=one.backward, momentum=False, half=False, stage="reduce")
        for one in rest
    )


def test_an_update_has_parts_where_the_plan_makes_its_copies_before_use():
    with_update, before_use = (make_plan(STEP, TINY, generations=(place,)) for place in ("update", "use"))
    assert with_update.parts(STEP[5]) == [STEP[5]]
    assert before_use.parts(STEP[5]) == without_pregeneration(STEP[5]) and len(without_pregeneration(STEP[5])) == 3
    assert before_use.parts(replace(STEP[5], layer="other")) == [replace(STEP[5], layer="other")]
    stages = [program.work.stage for program in programs(STEP, TINY, before_use)][5:]
    assert stages == ["update", "reduce", "reduce", "update", "reduce", "update"]


def test_of_equal_cycles_the_copies_are_made_with_the_update(plan):
    assert [one.generation for one in plan.updates] == ["update"] * 3  # a bias has no copies: both are the same


def set_in(*path, value):
    """A change of a plan's content: the value at that path."""

    def change(content):
        for step in path[:-1]:
            content = content[step]
        content[path[-1]] = value

    return change


@pytest.mark.parametrize(
    "change, words",
    [
        (set_in("gemms", 0, "rows", value=3), ": one ff: rows of a tile must be from 1 to 2 (os, tiny), not 3"),
        (set_in("gemms", 0, "columns", value=0), ": one ff: columns of a tile must be from 1 to 8 (os, tiny), not 0"),
        (set_in("gemms", 0, "depth", value=12), "depth of a tile must be a multiple of the group's 8, not 12"),
        (
            set_in("gemms", 0, "order", value="random"),
            "gemms.0.order: Input should be 'rows' or 'columns' (got 'random')",
        ),
        (set_in("gemms", 1, "dataflow", value="is"), "gemms.1.dataflow: Input should be 'os' or 'ws' (got 'is')"),
        (set_in("gemms", 1, "rows", value="many"), "gemms.1.rows: Input should be a valid integer (got 'many')"),
        (set_in("gemms", 1, "rows", value=True), "gemms.1.rows: Input should be a valid integer (got True)"),
        (set_in("gemms", 1, "rows", value="2"), "gemms.1.rows: Input should be a valid integer (got '2')"),
        (set_in("gemms", 1, "cycles", value=0), "gemms.1.cycles: Input should be greater than or equal to 1 (got 0)"),
        (
            set_in("updates", 1, "cycles", value=-3),
            "updates.1.cycles: Input should be greater than or equal to 1 (got -3)",
        ),
        (set_in("gemms", 1, "colour", value=1), "gemms.1.colour: Extra inputs are not permitted"),
        (set_in("colour", value=1), "colour: Extra inputs are not permitted"),
        (set_in("updates", 0, "generation", value="never"), "updates.0.generation: Input should be 'update' or 'use'"),
        (set_in("config", "rows", value=0), "config.rows: Input should be greater than or equal to 1 (got 0)"),
        (set_in("config", "rows", value=3), "another configuration: rows must be 2, not 3"),
        (set_in("config", "buffer_kib", value=9), "another configuration: buffer_kib must be 1, not 9"),
        (set_in("gemms", 2, "m", value=8), "('two', 'bp', 9, 6, 8, 'dense'), not ('two', 'bp', 8, 6, 8, 'dense')"),
        (set_in("gemms", 0, "sparsity", value="1:8"), "16, 8, '2:8'), not ('one', 'ff', 9, 16, 8, '1:8')"),
        (
            set_in("updates", 1, "layer", value="six"),
            "training step: it must have ('two', 'update', 8, 6), not ('six',",
        ),
        (lambda content: content["gemms"].pop(), "have ('one', 'wu', 16, 9, 8, 'dense'), not ('one', 'update', 16, 8)"),
        (lambda content: content["updates"].pop(), "another training step: it must have 8 entries, not 7"),
        (lambda content: content["updates"].append(content["updates"][0]), "it must have 8 entries, not 9"),
        (lambda content: content["gemms"][3].pop("cycles"), "gemms.3.cycles: Field required"),
        (lambda content: content.pop("config"), "config: Field required"),
    ],
)
def test_a_plan_that_is_damaged_or_of_something_else_is_refused_in_one_line(saved, change, words):
    file = saved(lambda content: (set_in("gemms", 0, "dataflow", value="os")(content), change(content)))
    with pytest.raises(ValueError) as caught:
        load_plan(file, STEP, TINY)
    assert str(caught.value).startswith(f"{file}: ") and words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text, words",
    [
        (b"", "plan: Invalid JSON"),
        (b'{"config": ', "plan: Invalid JSON"),
        (b"\xff{}", "plan: Invalid JSON"),
        (b"[]", "plan: Input should be an object"),
    ],
)
def test_a_file_that_is_no_plan_is_refused_in_one_line(tmp_path, text, words):
    file = tmp_path / "plan.json"
    file.write_bytes(text)
    with pytest.raises(ValueError) as caught:
        load_plan(file, STEP, TINY)
    assert f"{file}: {words}" in str(caught.value) and "\n" not in str(caught.value)


def test_a_changed_mapping_that_fits_is_followed(saved):
    mapping = Mapping("ws", 2, 3, 16, "columns")
    cycles = simulate(schedule(STEP[0], TINY, mapping)).cycles
    file = saved(lambda content: content["gemms"][0].update(vars(mapping), cycles=cycles))
    assert load_plan(file, STEP, TINY).mapping(STEP[0]) == mapping


def test_cycles_that_are_not_the_models_are_refused(plan, saved):
    gemm, update = plan.gemms[2].cycles, plan.updates[0].cycles
    for path, words in (
        (("gemms", 2), f": two bp: cycles must be {gemm}, not 5"),
        (("updates", 0), f": one update: cycles must be {update}, not 5"),
    ):
        with pytest.raises(ValueError, match=words):
            load_plan(saved(set_in(*path, "cycles", value=5)), STEP, TINY)
    in_parts = make_plan(STEP, TINY, generations=("use",)).updates[0].cycles
    with pytest.raises(ValueError, match=f": one update: cycles must be {in_parts}, not {update}"):
        load_plan(saved(set_in("updates", 0, "generation", value="use")), STEP, TINY)


def test_equal_choices_are_simulated_once(monkeypatch):
    step = [*STEP, *(replace(one, layer="twin") for one in STEP if one.layer == "one")]
    plan, asked = make_plan(step, TINY), []
    monkeypatch.setattr("tlm.plan.simulate", lambda program: asked.append(program) or simulate(program))
    plan.check(step, TINY)
    assert [program.work for program in asked] == STEP


def test_a_layer_called_twice_has_two_entries_that_must_fit_and_be_equal():
    plan = make_plan(twice := [STEP[0], STEP[0], STEP[5], STEP[5]], TINY, ("os",), ("update",))
    plan.check(twice, TINY)
    for change, words in (
        (set_in("gemms", 1, "rows", value=9), r"^one ff: all entries of \('one', .*rows=2, .*, not .*rows=9,"),
        (set_in("gemms", 1, "cycles", value=9), "^one ff: cycles must be [0-9]+, not 9$"),
        (set_in("updates", 1, "generation", value="use"), "^one update: all .* must have update, not use$"),
    ):
        change(changed := json.loads(plan.model_dump_json()))
        with pytest.raises(ValueError, match=words):
            Plan.model_validate_json(json.dumps(changed)).check(twice, TINY)


def test_a_layer_called_with_maps_of_two_forms_has_one_mapping_and_the_cycles_of_both(monkeypatch):
    best = iter([("ws",), ("os",)])  # as if each form had another
    monkeypatch.setattr("tlm.plan._mapped", lambda gemm, _, config, __: best_mapping(gemm, config, next(best)))
    form = FeatureMap(1, 11, 16, 8, (1, 1), (1, 1), (0, 0), (1, 1), (6, 6))
    twice = [replace(STEP[0], source=source) for source in (None, form)]
    (plan := make_plan(twice, TINY)).check(twice, TINY)
    assert plan.gemms[0].option == plan.gemms[1].option and not list(best)
    assert plan.cycles == sum(simulate(program).cycles for program in programs(twice, TINY, plan))


def test_a_plan_cannot_be_changed_and_knows_no_other_keys(plan):
    with pytest.raises(ValueError, match="frozen"):
        plan.gemms = []
    with pytest.raises(ValueError, match="Extra inputs"):
        Plan(config=TINY, gemms=[], updates=[], colour=1)


def test_a_pattern_beyond_the_datapath_is_refused():
    with pytest.raises(ValueError, match="sparsity 2:16 needs M up to largest_m = 8 of configuration tiny"):
        make_plan([Gemm(4, 32, 4, Sparsity(2, 16))], TINY)

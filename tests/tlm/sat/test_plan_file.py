"""Plans in files: read as they were written, and refused where they are damaged or belong elsewhere."""

import json

import pytest

from tests.support.memories import BURST
from tests.support.steps import STEP, TINY
from tlm import Mapping, load_plan, make_plan, schedule, simulate
from tlm.step import cost


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


def set_in(*path, value):
    """A change of a plan's content: the value at that path."""

    def change(content):
        for step in path[:-1]:
            content = content[step]
        content[path[-1]] = value

    return change


@pytest.mark.parametrize(
    "change, message",
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
def test_a_plan_that_is_damaged_or_of_something_else_is_refused_in_one_line(saved, change, message):
    file = saved(lambda content: (set_in("gemms", 0, "dataflow", value="os")(content), change(content)))
    with pytest.raises(ValueError) as caught:
        load_plan(file, STEP, TINY)
    assert str(caught.value).startswith(f"{file}: ") and message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text, message",
    [
        (b"", "plan: Invalid JSON"),
        (b'{"config": ', "plan: Invalid JSON"),
        (b"\xff{}", "plan: Invalid JSON"),
        (b"[]", "plan: Input should be an object"),
    ],
)
def test_a_file_that_is_no_plan_is_refused_in_one_line(tmp_path, text, message):
    file = tmp_path / "plan.json"
    file.write_bytes(text)
    with pytest.raises(ValueError) as caught:
        load_plan(file, STEP, TINY)
    assert f"{file}: {message}" in str(caught.value) and "\n" not in str(caught.value)


def test_a_changed_mapping_that_fits_is_followed(saved):
    mapping = Mapping("ws", 2, 3, 16, "columns")
    cycles = simulate(schedule(STEP[0], TINY, mapping)).cycles
    file = saved(lambda content: content["gemms"][0].update(vars(mapping), cycles=cycles))
    assert load_plan(file, STEP, TINY).mapping(STEP[0]) == mapping


def test_cycles_that_are_not_the_models_are_refused(plan, saved):
    gemm, update = plan.gemms[2].cycles, plan.updates[0].cycles
    for path, message in (
        (("gemms", 2), f": two bp: cycles must be {gemm}, not 5"),
        (("updates", 0), f": one update: cycles must be {update}, not 5"),
    ):
        with pytest.raises(ValueError, match=message):
            load_plan(saved(set_in(*path, "cycles", value=5)), STEP, TINY)
    in_parts = make_plan(STEP, TINY, generations=("use",)).updates[0].cycles
    with pytest.raises(ValueError, match=f": one update: cycles must be {in_parts}, not {update}"):
        load_plan(saved(set_in("updates", 0, "generation", value="use")), STEP, TINY)


def test_a_plan_for_another_memory_takes_its_cycles_and_is_refused_with_the_configurations(plan, tmp_path):
    other = make_plan(STEP, TINY, memory=BURST)
    assert other.cycles == sum(taken.cycles for _, taken in cost(STEP, TINY, other, memory=BURST)) != plan.cycles
    other.save(tmp_path / "plan.json")
    assert load_plan(tmp_path / "plan.json", STEP, TINY, BURST) == other
    with pytest.raises(ValueError, match="cycles must be"):
        load_plan(tmp_path / "plan.json", STEP, TINY)

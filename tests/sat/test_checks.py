"""What `sat verify` runs, with the functional engine in a simulator's place."""
from collections import Counter

import pytest

import cosim
from cosim.checker import Checker
from cosim.functional import Functional
from sat import checks
from sat.operands import KINDS
from tlm import Gemm, make_plan
from tlm.plan import programs
from tlm.scheduler import best_mapping
from tlm.workload.methods import Scheme
from training import models, training_step, update_step

SCHEME = Scheme.of("bdwp", 2, 4)


class Seen(Functional):
    """Remembers the operands that it is given."""

    def __init__(self, config):
        super().__init__(config)
        self.operands = []

    def run(self, program, operands):
        self.operands.append(operands)
        return super().run(program, operands)


@pytest.fixture
def checker():
    return Checker(Seen(cosim.engine("functional", "small").config))


def multiplied(checker):
    """Bytes of the operands of each GEMM, by its kind and dataflow."""
    return {(row.program.work.stage, row.program.dataflow): (operands.a.tobytes(), operands.b.tobytes())
            for row, operands in zip(checker.checked, checker.inner.operands, strict=True)}


@pytest.mark.parametrize("dataflow, dataflows", [(None, ["os", "ws"]), ("os", ["os"]), ("ws", ["ws"])])
def test_gemms_of_each_kind_run_in_both_dataflows_or_in_one(checker, dataflow, dataflows):
    check = checks.gemm_check(checker, (9, 40, 18), "2:8", 1, dataflow)
    assert not checker.checked and list(check.work) == [0] * check.total
    found = [(row.program.work.stage, row.program.work.output, row.program.dataflow) for row in checker.checked]
    assert found == [(kind.name, kind.output, name) for kind in KINDS for name in dataflows]
    assert all((row.program.work.shape, str(row.program.work.sparsity)) == ((9, 40, 18), "2:8")
               for row in checker.checked)
    assert len(found) == check.total == 4 * len(dataflows)


def test_a_scheduled_gemm_runs_with_the_best_mapping(checker):
    list(checks.gemm_check(checker, (30, 50, 20), "dense", 1, "scheduled").work)
    best = [best_mapping(Gemm(30, 50, 20, output=kind.output), checker.config)[0] for kind in KINDS]
    assert [row.program.mapping for row in checker.checked] == best


def test_both_dataflows_multiply_the_same_operands_and_another_seed_others(checker):
    list(checks.gemm_check(checker, (9, 40, 18), "dense", 1, None).work)
    seen = multiplied(checker)
    assert all(seen[kind.name, "os"] == seen[kind.name, "ws"] for kind in KINDS) and len(set(seen.values())) == 4
    other = Checker(Seen(checker.config))
    list(checks.gemm_check(other, (9, 40, 18), "dense", 2, None).work)
    assert not set(seen.values()) & set(multiplied(other).values())


@pytest.mark.parametrize("dataflow", ["os", "ws", "scheduled"])
def test_the_operands_depend_on_the_seed_and_not_on_the_dataflow(checker, dataflow):
    list(checks.gemm_check(checker, (9, 40, 18), "dense", 1, None).work)
    alone = Checker(Seen(checker.config))
    list(checks.gemm_check(alone, (9, 40, 18), "dense", 1, dataflow).work)
    assert set(multiplied(alone).values()) == set(multiplied(checker).values())


@pytest.mark.parametrize("shape, sparsity, dataflow, words", [
    ((9, 0, 18), "2:8", None, "GEMM size k must be at least 1, not 0"), ((9, 40, 18), "3:8", None, "not 3:8"),
    ((9, 40, 18), "2:8", "is", "dataflow must be one of os, ws, scheduled, not 'is'")])
def test_a_gemm_that_the_hardware_does_not_know_is_refused_before_any_runs(checker, shape, sparsity, dataflow, words):
    with pytest.raises(ValueError, match=words):
        checks.gemm_check(checker, shape, sparsity, 1, dataflow)
    assert not checker.checked


@pytest.fixture
def step(tiny):
    module = models.build("tiny", 0)
    return training_step(module, (4, 1, 8, 8), SCHEME) + update_step(module, (4, 1, 8, 8), SCHEME)


@pytest.mark.parametrize("dataflow, dataflows", [(None, ("os", "ws")), ("os", ("os",)), ("ws", ("ws",))])
def test_steps_run_as_scheduled_or_in_one_dataflow(checker, step, dataflow, dataflows):
    check = checks.step_check(checker, "tiny", "digits", SCHEME, 0, 4, 2, dataflow, None)
    assert not checker.checked and list(check.work) == [9, 9]      # three parameters, their gradients and momenta
    expected = [program.work for program in programs(step, checker.config, make_plan(step, checker.config, dataflows))]
    assert [row.program.work for row in checker.checked] == 2 * expected and len(expected) == 8
    assert sum(row.cycles for row in checker.checked) == 2 * make_plan(step, checker.config, dataflows).cycles
    assert check.total == len(checker.checked) == 16


def test_steps_run_by_the_plan_in_a_file(checker, step, tmp_path):
    make_plan(step, checker.config, ("ws",), ("use",)).save(tmp_path / "plan.json")
    check = checks.step_check(checker, "tiny", "digits", SCHEME, 0, 4, 1, None, tmp_path / "plan.json")
    list(check.work)
    stages = Counter(row.program.work.stage for row in checker.checked)
    assert stages == dict(ff=2, bp=1, wu=2, update=3, reduce=3) and check.total == len(checker.checked) == 11
    with pytest.raises(ValueError, match="--dataflow os cannot go with --plan"):
        checks.step_check(checker, "tiny", "digits", SCHEME, 0, 4, 1, "os", tmp_path / "plan.json")


@pytest.mark.parametrize("change, words", [
    (dict(model="none"), "model must be one of"), (dict(data="none"), "data must be one of"),
    (dict(dataflow="is"), "os, ws, scheduled, not 'is'"),
    (dict(batch=0), "batch must be at least 1")])
def test_a_step_that_cannot_be_is_refused_before_anything_runs(checker, change, words):
    usual = dict(model="cnn", data="digits", scheme=SCHEME, seed=0, batch=4, steps=1, dataflow=None, plan=None)
    with pytest.raises(ValueError, match=words):
        checks.step_check(checker, **usual | change)
    assert not checker.checked

"""What `sat verify --gemm` runs, with the functional engine in a simulator's place."""
import pytest

import cosim
from cosim.checker import Checker
from cosim.functional import Functional
from sat import checks
from sat.operands import KINDS
from tlm import Gemm
from tlm.scheduler import best_mapping


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

"""The GEMMs of `sat verify gemm`, with the functional engine in a simulator's place."""

import numpy as np
import pytest

import cosim
from cosim.check.checker import Checker
from cosim.engines.functional import Functional
from rtl.sigma.config import PRESETS as SIGMA_PRESETS
from sat.verify import checks
from sat.verify.operands import KINDS
from tlm import Gemm
from tlm.sat.scheduler import best_mapping


class Seen(Functional):
    """Remembers the operands that it is given."""

    def __init__(self, config):
        super().__init__(config)
        self.operands = []

    def _run(self, program, operands):
        self.operands.append(operands)
        return super()._run(program, operands)


@pytest.fixture
def checker():
    return Checker(Seen(cosim.engine("functional", "small").config))


@pytest.fixture
def sigma():
    return Checker(Seen(SIGMA_PRESETS["small"]))


def multiplied(checker):
    """Bytes of the operands of each GEMM, by its kind and dataflow."""
    return {
        (row.program.work.stage, row.program.dataflow): (operands.a.tobytes(), operands.b.tobytes())
        for row, operands in zip(checker.checked, checker.inner.operands, strict=True)
    }


@pytest.mark.parametrize("dataflow, dataflows", [(None, ["os", "ws"]), ("os", ["os"]), ("ws", ["ws"])])
def test_gemms_of_each_kind_run_in_both_dataflows_or_in_one(checker, dataflow, dataflows):
    check = checks.gemm_check(checker, (9, 40, 18), "2:8", 1, dataflow)
    assert not checker.checked and list(check.work) == [0] * check.total
    found = [(row.program.work.stage, row.program.work.output, row.program.dataflow) for row in checker.checked]
    assert found == [(kind.name, kind.output, name) for kind in KINDS for name in dataflows]
    assert all(
        (row.program.work.shape, str(row.program.work.sparsity)) == ((9, 40, 18), "2:8") for row in checker.checked
    )
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


@pytest.mark.parametrize(
    "shape, sparsity, dataflow, words",
    [
        ((9, 0, 18), "2:8", None, "GEMM size k must be at least 1, not 0"),
        ((9, 40, 18), "3:8", None, "not 3:8"),
        ((9, 40, 18), "2:8", "is", "dataflow must be one of os, ws, scheduled, not 'is'"),
    ],
)
def test_a_gemm_that_the_hardware_does_not_know_is_refused_before_any_runs(checker, shape, sparsity, dataflow, words):
    with pytest.raises(ValueError, match=words):
        checks.gemm_check(checker, shape, sparsity, 1, dataflow)
    assert not checker.checked


@pytest.mark.parametrize("dataflow, dataflows", [(None, ["mk", "kn"]), ("mk", ["mk"]), ("kn", ["kn"])])
def test_on_sigma_gemms_run_with_either_operand_staying(sigma, dataflow, dataflows):
    check = checks.gemm_check(sigma, (9, 20, 18), "2:8", 1, dataflow)
    assert list(check.work) == [0] * check.total
    assert [(row.program.work.stage, row.program.dataflow) for row in sigma.checked] == [
        (kind.name, name) for kind in KINDS for name in dataflows
    ]


def test_a_scheduled_gemm_is_there_the_one_of_fewer_cycles_for_these_zeros(sigma):
    for dataflow in (None, "scheduled"):
        list(checks.gemm_check(sigma, (9, 20, 18), "dense", 1, dataflow, (0.3, 0.6)).work)
    each, scheduled = sigma.checked[:8], sigma.checked[8:]
    assert [row.cycles for row in scheduled] == [
        min(mk.cycles, kn.cycles) for mk, kn in zip(each[::2], each[1::2], strict=True)
    ]


@pytest.mark.parametrize("densities", [(0.25, 0.75), (1.0, 0.5), (0.0, 1.0)])
@pytest.mark.parametrize("accelerator", ["checker", "sigma"])
def test_densities_say_how_much_of_each_operand_stays(accelerator, densities, request):
    checker, whole = (request.getfixturevalue(accelerator) for _ in range(2))
    list(checks.gemm_check(checker, (64, 64, 64), "dense", 1, "scheduled", densities).work)
    sparse = [operands.whole() for operands in checker.inner.operands]
    list(checks.gemm_check(whole, (64, 64, 64), "dense", 1, "scheduled").work)
    full = [operands.whole() for operands in whole.inner.operands[4:]]
    for one, other in zip(sparse, full, strict=True):
        for side, density in (("a", densities[0]), ("b", densities[1])):
            values, drawn = getattr(one, side), getattr(other, side)
            stay = values.view(np.uint16) != 0
            assert np.array_equal(values.view(np.uint16)[stay], drawn.view(np.uint16)[stay])
            share = stay.sum() / max(1, (drawn.view(np.uint16) != 0).sum())
            assert share == density if density in (0, 1) else abs(share - density) < 0.05


def test_bfloat16_operands_are_cut_off_and_special_ones_stay_what_they_are():
    values = np.array([1.00390625, -2.5, 6e-8, 65504, 0, -0.0, np.inf, -np.inf], np.float16)
    nan = np.array([0x7E00, 0xFE01, 0x7C01, 0xFDFF], np.uint16).view(np.float16)  # the last two are signalling
    cut = checks._formatted(values, "bf16")
    assert cut.dtype == np.float32 and not (cut.view(np.uint32) & 0xFFFF).any()
    assert np.array_equal(np.signbit(cut), np.signbit(values)) and cut[:2].tolist() == [1.0, -2.5]
    assert np.array_equal(cut[4:], values[4:]) and np.isnan(checks._formatted(nan, "bf16")).all()
    assert checks._formatted(values, "fp16") is values


def test_on_a_bfloat16_sigma_gemms_of_each_kind_run():
    checker = Checker(Functional(SIGMA_PRESETS["small"].model_copy(update=dict(operands="bf16"))))
    check = checks.gemm_check(checker, (9, 20, 18), "dense", 1, None)
    assert list(check.work) == [0] * 8 and all(row.equal for row in checker.checked)


def test_sats_dataflows_are_refused_on_sigma(sigma):
    with pytest.raises(ValueError, match="^dataflow must be one of mk, kn, scheduled, not 'os'$"):
        checks.gemm_check(sigma, (9, 20, 18), "2:8", 1, "os")

"""A third accelerator by two rows: costed, reported, compared, run on the functional engine, refused by the others."""

import numpy as np
import pytest

import cosim
from cosim import Operands, Weights
from cosim.check.checker import Checker, Mismatch
from cosim.check.recorder import Recorder
from cosim.check.sampler import draw
from cosim.engines.functional import Functional
from rtl.golden import Rates
from rtl.sat.config import PRESETS
from tests.cosim.support import bits, normal, operands
from tests.cosim.toy import add_toy
from tests.support.toy import PRESETS as TOYS
from tests.support.toy import DotConfig
from tlm import Gemm, predict, schedule, simulate
from tlm.compare import Case, Setup, compare
from tlm.report import step_report
from tlm.step import cost
from tlm.workload.methods import Scheme
from tlm.workload.networks import layers
from tlm.workload.step import calls_of, whole_step

SMALL = TOYS["small"]


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    add_toy(monkeypatch)


def tree(values):
    """Neighbours are added, then their sums: float32 each."""
    while len(values) > 1:
        values = [np.add.reduce(values[i : i + 2], dtype=np.float32) for i in range(0, len(values), 2)]
    return values[0]


@pytest.mark.parametrize("output", ["fp32", "fp16"])
@pytest.mark.parametrize("lanes", [1, 4, 16])
def test_its_own_arithmetic_gives_the_bits(lanes, output):
    a, b = operands(5, 37, 9)
    want = np.zeros((5, 9), np.float32)
    for i, j in np.ndindex(want.shape):
        for start in range(0, 37, lanes):
            part = slice(start, start + lanes)
            want[i, j] += tree([np.float32(x) * np.float32(y) for x, y in zip(a[i, part], b[part, j], strict=True)])
    c = cosim.engine("functional", DotConfig(lanes=lanes)).gemm(a, b, output=output).c
    assert np.array_equal(bits(c), bits(want if output == "fp32" else want.astype(np.float16)))


def test_its_cycles_are_the_timelines_tile_by_tile():
    engine = cosim.engine("functional", "small", "dot")
    result = engine.gemm(*operands(5, 37, 9))
    model = predict(5, 37, 9, config="small", accelerator="dot")
    assert (result.cycles, result.tiles, result.report.stores) == (model.cycles, model.tiles, model.stores)
    assert len(result.tiles) == 5 and sum(result.tiles) == result.cycles == model.busy + model.waiting
    assert engine.config is SMALL and result.program == schedule(Gemm(5, 37, 9), SMALL)


def test_several_products_pruned_weights_and_a_program_that_is_run_again():
    engine, rng = cosim.engine("functional", SMALL), np.random.default_rng(1)
    a, b = normal(rng, (3, 4, 24)), normal(rng, (3, 24, 5))
    result = engine.execute(Gemm(4, 24, 5, None, "fp16", count=3), a, b)
    singles = [engine.gemm(*pair, output="fp16") for pair in zip(a, b, strict=True)]
    assert np.array_equal(result.c, np.stack([one.c for one in singles]))
    assert result.cycles == sum(one.cycles for one in singles)
    again = engine.perform(result.program, a, b)
    assert np.array_equal(bits(again.c), bits(result.c)) and again.report == result.report
    pruned = engine.gemm(a[0], b[0], "2:8")
    assert not np.array_equal(pruned.c, singles[0].c) and pruned.cycles < singles[0].cycles


def test_checker_and_recorder_take_it_as_any_other():
    checker = Checker(Recorder(cosim.engine("functional", SMALL)))
    result = checker.gemm(*operands(3, 20, 4), layer="fc", stage="ff")
    assert checker.checked[0].equal and checker.inner.runs == [(result.program, result.report)]


def test_a_wrong_bit_is_told_where_the_program_does_not_say_when_it_left():
    class Wrong(Functional):
        def _run(self, program, operands):
            c, report = super()._run(program, operands)
            c[1, 1] += 1
            return c, report

    with pytest.raises(Mismatch, match=r"element \(1, 1\) is 0x\w+, not 0x\w+; 1 of 12 elements differ"):
        Checker(Wrong(SMALL)).gemm(*operands(3, 20, 4))


def test_a_training_step_is_costed_and_shown_in_a_report():
    step = whole_step(calls_of(layers("cnn"), 4), Scheme.of("bdwp", 2, 8))
    costed = cost(step, SMALL)
    report = step_report(costed, cost(step, SMALL))
    gemms = [work for work in step if isinstance(work, Gemm)]
    assert len(report.rows) == len(costed) == len(gemms) > 5
    assert report.totals["cycles"] == sum(simulate(schedule(gemm, SMALL)).cycles for gemm in gemms)
    assert {row["dataflow"] for row in report.rows} == {"dot"}


def test_it_is_compared_with_another_of_as_many_multipliers():
    setup = Setup({"sat": PRESETS["small"], "dot": SMALL})
    costs = compare([Case(Gemm(16, 64, 64))], setup)
    assert costs["dot"].cycles == predict(16, 64, 64, config=SMALL).cycles > costs["sat"].cycles
    assert costs["dot"].useful == costs["sat"].useful == 16 * 64 * 64


@pytest.mark.parametrize("name", ["icarus", "myhdl"])
def test_an_engine_of_rtl_refuses_it_in_one_line(name):
    text = "^accelerator dot has no RTL: its programs run on the functional engine$"
    with pytest.raises(ValueError, match=text):
        cosim.engine(name, SMALL)


def test_what_it_does_not_do_is_refused_in_one_line():
    engine, w = cosim.engine("functional", SMALL), np.ones((8, 8), np.float32)
    program, given = schedule(Gemm(5, 20, 9), SMALL), Operands(*operands(5, 20, 9))
    for refuse, text in (
        (lambda: engine.update(w, w, w, Rates(0.1)), "the dot-product unit updates no weights and makes no copies"),
        (lambda: draw([program], 1, 0), "no pieces can be drawn of a DotProgram: it runs as a whole"),
        (lambda: engine.gemm(*operands(5, 20, 9), mapping="os"), "the dataflow must be dot, not 'os'"),
        (lambda: engine.run(program, Weights(w)), "a program of a GEMM takes Operands, not Weights"),
    ):
        with pytest.raises(ValueError, match=f"^{text}"):
            refuse()
    with pytest.raises(ValueError, match="^a program on this accelerator must be a DotProgram, not a GemmProgram$"):
        engine.run(schedule(Gemm(5, 20, 9), PRESETS["small"]), given)
    with pytest.raises(
        ValueError, match="^a program on this accelerator must be a GemmProgram, UpdateProgram, not a Dot"
    ):
        cosim.engine("functional", PRESETS["small"]).run(program, given)
    with pytest.raises(ValueError, match="^the program is for another configuration: lanes must be 8, not 16$"):
        cosim.engine("functional", DotConfig(lanes=8)).run(program, given)


def test_without_its_row_of_engines_none_takes_it(monkeypatch):
    monkeypatch.delitem(cosim.accelerators.TABLE, "dot")
    with pytest.raises(ValueError, match="^a configuration must be of one of sat, sigma, systolic, not of dot$"):
        cosim.engine("functional", SMALL)

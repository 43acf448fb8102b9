"""The fast engine: its bits are the scalar units' of rtl.golden, its cycles the model's."""

import numpy as np
import pytest

import cosim
from cosim import Weights
from cosim.engines.functional import Functional, predicted
from rtl.golden import Rates, fp16_mul, fp32_add, fp32_to_fp16, nm_mask
from tests.cosim.programs import update_of, weights_of
from tests.cosim.support import PATTERNS, TINY, VALUES, bits, operands
from tlm import Gemm, predict, schedule, simulate


def dot(a, b, keep, output) -> int:
    """One element by the contract: the scalar units, ascending k; a pruned weight is multiplied as zero."""
    total = 0
    for x, y, kept in zip(bits(a).tolist(), bits(b).tolist(), keep, strict=True):
        total = fp32_add(total, fp16_mul(x, y if kept else 0))
    return fp32_to_fp16(total) if output == "fp16" else total


@pytest.mark.parametrize("kind", VALUES)
def test_the_bits_are_the_scalar_units_in_ascending_k(kind):
    compared = 0
    for sparsity, output in ((None, "fp32"), ("2:8", "fp32"), ("1:4", "fp16")):
        a, b = operands(4, 43, 5, 2, kind, kind)
        n, m = map(int, (sparsity or "16:16").split(":"))
        keep = nm_mask(b, n, m)
        want = [[dot(row, column, kept, output) for column, kept in zip(b.T, keep.T, strict=True)] for row in a]
        assert bits(Functional(TINY).gemm(a, b, sparsity, output=output).c).tolist() == want
        compared += len(want) * len(want[0])
    assert compared == 60


def test_order_matters_and_is_ascending():
    """2^24 + 1 is lost in FP32: so it shows in which order the ones were added."""
    a = np.array([[4096, 1, 1, 1, 1, -4096]], np.float16)
    b = np.array([[4096], [1], [1], [1], [1], [4096]], np.float16)
    assert Functional(TINY).gemm(a, b).c[0, 0] == 0
    assert Functional(TINY).gemm(a[:, [1, 2, 3, 4, 0, 5]], b[[1, 2, 3, 4, 0, 5]]).c[0, 0] == 4


def test_every_nan_is_the_canonical_one():
    a, b = operands(8, 16, 8, 3, "with_nan", "with_infinities")
    for output, canonical in (("fp32", 0x7FC00000), ("fp16", 0x7E00)):
        c = Functional(TINY).gemm(a, b, output=output).c
        nan = np.isnan(c)
        assert nan.sum() > 8 and set(bits(c)[nan].tolist()) == {canonical}


def test_fp16_output_rounds_to_even_keeps_subnormals_and_overflows_to_infinity():
    a = np.array([[2049], [2051], [65504], [2**-14]], np.float32).astype(np.float16)
    a[:2, 0] = 1, 3  # with 2048 below: ties at 2049 and 2051
    a = np.hstack([a, np.array([[2048], [2048], [65504], [0]], np.float16)])
    b = np.array([[1, 2**-5], [1, 0]], np.float16)
    c = Functional(TINY).gemm(a, b, output="fp16").c
    assert c.dtype == np.float16
    assert c[:, 0].tolist() == [2048, 2052, np.inf, 2**-14] and c[3, 1] == np.float16(2**-19)


def test_a_pruned_weight_meets_infinity_as_zero_does():
    a, b = np.full((1, 4), np.inf, np.float16), np.array([[4], [3], [2], [1]], np.float16)
    engine = Functional(TINY)
    assert engine.gemm(a, b).c[0, 0] == np.inf
    assert np.isnan(engine.gemm(a, b, "1:4").c[0, 0])


@pytest.mark.parametrize("sparsity", PATTERNS)
def test_the_report_is_the_models(sparsity):
    report = Functional(TINY).gemm(*operands(5, 50, 19), sparsity, output="fp16").report
    model = predict(5, 50, 19, sparsity, TINY, "fp16")
    assert (report.cycles, report.tiles, report.stores, report.busy, report.waiting, report.idle) == (
        model.cycles,
        model.tiles,
        model.stores,
        model.busy,
        model.waiting,
        0,
    )
    assert report.busy + report.waiting == report.cycles == sum(report.tiles) and len(report.tiles) == 36


def test_the_prediction_needs_no_values():
    assert predicted(schedule(Gemm(1, 1, 1), TINY)) == Functional(TINY).gemm(*operands(1, 1, 1)).report


@pytest.mark.parametrize("output, overflow", [("fp32", True), ("fp16", False)])
def test_an_overflow_is_an_infinity_or_nan_in_fp32_alone(output, overflow):
    a, b = operands(3, 9, 4)
    assert not Functional(TINY).gemm(a, b, output=output).report.overflow
    for value in (np.inf, -np.inf, np.nan):
        a[2, 8] = value
        assert Functional(TINY).gemm(a, b, output=output).report.overflow is overflow
    assert predicted(schedule(Gemm(3, 9, 4), TINY), overflow=True).overflow


def test_an_update_by_hand():
    """Two kernel positions of one channel: a group each in the forward copy; a row is a group in the backward copy."""
    w, v, g = (np.array(x, np.float32) for x in ([[4, 1], [3, -8]], [[2, 2], [2, 2]], [[8, 0], [8, 8]]))
    result, _ = Functional(TINY).run(update_of(2, 2, 1, "1:4"), Weights(w, v, g, Rates(0.25, 0.5, 0.5, 4.0)))
    # g' = g / 4 + 0.5 w; v = 0.5 v + g'; w = w - 0.25 v
    assert result.velocities.tolist() == [[5.0, 1.5], [4.5, -1.0]]
    assert result.weights.tolist() == [[2.75, 0.625], [1.875, -7.75]]
    assert result.half is None
    assert (result.forward.values.tolist(), result.forward.indices.max()) == ([[[2.75, 0.625]], [[1.875, -7.75]]], 0)
    assert (result.backward.values.tolist(), result.backward.indices.tolist()) == ([[[2.75, -7.75]]], [[[0, 1]]])


@pytest.mark.parametrize(
    "choices, given",
    [
        (dict(), ["weights", "velocities", "forward", "backward"]),
        (dict(forward=False), ["weights", "velocities", "half", "backward"]),
        (dict(backward=False), ["weights", "velocities", "half", "forward"]),
        (dict(momentum=False), ["forward", "backward"]),
        (dict(momentum=False, forward=False, backward=False), ["half"]),
    ],
    ids=str,
)
def test_an_update_gives_what_is_stored_and_nothing_else(choices, given):
    program = update_of(12, 9, 6, "2:4", **choices)
    result, report = Functional(TINY).run(program, weights_of(program))
    assert [name for name, value in vars(result).items() if value is not None] == given
    model = simulate(program)
    assert (report.cycles, report.tiles, report.stores, report.busy, report.waiting, report.idle, report.overflow) == (
        model.cycles,
        model.tiles,
        model.stores,
        model.busy,
        model.waiting,
        0,
        False,
    )


def test_a_gemm_on_sigma_takes_the_cycles_of_its_own_operands_zeros():
    a, b = (np.ones(shape, np.float16) for shape in ((9, 20), (20, 6)))
    engine = cosim.engine("functional", "small", "sigma")
    full, empty, again = (engine.gemm(one, b, mapping="mk") for one in (a, 0 * a, a))
    assert full.cycles == again.cycles > empty.cycles and full.program != empty.program
    assert [simulate(one.program).cycles for one in (full, empty)] == [full.cycles, empty.cycles]


@pytest.mark.parametrize("sparsity", [None, "2:8"])
def test_a_product_alone_is_that_of_a_run_and_its_operands_are_checked_too(sparsity):
    engine, (a, b) = Functional(TINY), operands(5, 19, 6)
    program = engine.gemm(a, b, sparsity).program
    assert bits(engine.product(program, a, b)).tolist() == bits(engine.perform(program, a, b).c).tolist()
    with pytest.raises(ValueError, match="operands of a 5 x 19 x 6 GEMM must be"):
        engine.product(program, b, a)
    with pytest.raises(ValueError, match="a program of a GEMM is needed, not one of"):
        engine.product(update_of(3, 4, 3), a, b)


def test_a_product_alone_is_run_as_a_subclass_runs_it():
    class Zeros(Functional):
        def _run(self, program, operands):
            result, report = super()._run(program, operands)
            return np.zeros_like(result), report

    a, b = operands(5, 19, 6)
    assert not Zeros(TINY).product(Functional(TINY).gemm(a, b).program, a, b).any()

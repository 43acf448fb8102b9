"""The checker passes what is equal, and names layer, stage and place of what is not."""

import re
from dataclasses import replace

import numpy as np
import pytest

import cosim
from cosim import Operands
from cosim.check.checker import Checker, Mismatch, left_at
from cosim.engines.functional import Functional
from tests.cosim.programs import RATES
from tests.cosim.support import HARDWARE, TINY, bits, operands
from tlm import Gemm, schedule

NAMES = dict(layer="conv2", stage="bp")


class Altered(Functional):
    """The functional engine, but `change(c, report)` has its way with what it answers."""

    def __init__(self, config, change):
        super().__init__(config)
        self.change = change

    def _run(self, program, operands):
        return self.change(*super()._run(program, operands))


def flip(row, column, bit):
    def change(c, report):
        c, one = c.copy(), {2: np.uint16, 4: np.uint32}[c.dtype.itemsize](1)
        bits(c)[row, column] ^= one << bit
        return c, report

    return change


def later(**changes):
    return lambda c, report: (
        c,
        replace(report, **{name: change(getattr(report, name)) for name, change in changes.items()}),
    )


def checked(change, output="fp32", **names):
    """(text of the mismatch, the verdict)"""
    checker = Checker(Altered(TINY, change))
    with pytest.raises(Mismatch) as caught:
        checker.gemm(*operands(5, 20, 9), "2:4", output=output, **names)
    assert len(checker.checked) == 1 and not checker.checked[0].equal
    return str(caught.value), checker.checked[0]


@pytest.mark.parametrize("name", HARDWARE)
def test_an_equal_run_passes_and_is_listed(name):
    heard = []
    checker = Checker(cosim.engine(name, TINY), heard.append)
    results = [checker.gemm(*operands(3, 20, 9), sparsity, **NAMES) for sparsity in ("2:4", None)]
    assert checker.name == name and checker.config is TINY and heard == checker.checked and len(heard) == 2
    for result, verdict in zip(results, checker.checked, strict=True):
        assert verdict.bits_equal and verdict.cycles_equal and verdict.equal and verdict.difference == ""
        assert verdict.cycles == result.cycles > 0 and verdict.program is result.program
        expected = Functional(TINY).gemm(*operands(3, 20, 9), verdict.program.gemm.sparsity)
        assert np.array_equal(bits(result.c), bits(expected.c)) and result.report == expected.report


@pytest.mark.parametrize("output, digits", [("fp32", 8), ("fp16", 4)])
@pytest.mark.parametrize("row, column, bit", [(0, 0, 0), (4, 8, 0), (3, 2, 9), (1, 5, 15)])
def test_one_wrong_bit_is_caught_with_layer_stage_and_element(row, column, bit, output, digits):
    text, verdict = checked(flip(row, column, bit), output, **NAMES)
    right = int(bits(Functional(TINY).gemm(*operands(5, 20, 9), "2:4", output=output).c)[row, column])
    assert text.startswith(
        f"conv2 bp: element ({row}, {column}) is 0x{right ^ 1 << bit:0{digits}x}, not 0x{right:0{digits}x}; "
    )
    assert "1 of 45 elements differ" in text and verdict.difference in text
    assert not verdict.bits_equal and verdict.cycles_equal


def test_the_cycle_named_is_the_one_in_which_the_element_left():
    text, _ = checked(flip(4, 8, 3))
    result = Functional(TINY).gemm(*operands(5, 20, 9), "2:4")
    last_block, last_word = result.report.stores[-1], result.report.stores[-1] - 1
    assert last_block == result.cycles and f"it left the array at cycle {last_word};" in text


def test_the_first_wrong_element_is_named_and_all_are_counted():
    text, _ = checked(lambda c, report: (c + np.float32(1), report))
    assert text.startswith("gemm: element (0, 0) is ") and text.endswith("45 of 45 elements differ")


def test_a_zero_of_the_wrong_sign_and_a_nan_of_another_payload_are_wrong_bits():
    zeros = np.zeros((2, 4), np.float16), np.zeros((4, 2), np.float16)
    nans = np.full((2, 4), np.nan, np.float16), np.ones((4, 2), np.float16)
    for (a, b), bit, got in ((zeros, 31, "0x80000000"), (nans, 0, "0x7fc00001")):
        with pytest.raises(Mismatch, match=rf"element \(1, 0\) is {got}"):
            Checker(Altered(TINY, flip(1, 0, bit))).gemm(a, b)


@pytest.mark.parametrize("by", [-1, 1])
def test_a_tile_of_another_length_is_caught_with_its_number(by):
    text, verdict = checked(later(tiles=lambda tiles: [tiles[0], tiles[1] + by, *tiles[2:]]), **NAMES)
    tiles = Functional(TINY).gemm(*operands(5, 20, 9), "2:4").tiles
    assert text.startswith("conv2 bp: tile 1") and f"takes {tiles[1] + by} cycles, not {tiles[1]}" in text
    assert verdict.bits_equal and not verdict.cycles_equal


@pytest.mark.parametrize("name", ["cycles", "busy", "waiting", "idle"])
def test_any_other_count_that_is_off_by_one_is_caught(name):
    text, verdict = checked(later(**{name: lambda count: count + 1}))
    assert text.startswith(f"gemm: the count of {name} is ")
    assert verdict.bits_equal and not verdict.cycles_equal


def test_a_store_that_ends_a_cycle_late_and_one_that_is_missing_are_caught():
    for change in (lambda stores: [stores[0] + 1, *stores[1:]], lambda stores: stores[:-1]):
        text, verdict = checked(later(stores=change))
        assert not verdict.cycles_equal and "block" in text


def test_wrong_bits_are_named_before_wrong_cycles_and_both_are_judged():
    text, verdict = checked(lambda c, report: later(cycles=lambda n: n + 1)(*flip(2, 2, 4)(c, report)))
    assert text.startswith("gemm: element (2, 2)") and not verdict.bits_equal and not verdict.cycles_equal
    assert verdict.cycles == Functional(TINY).gemm(*operands(5, 20, 9), "2:4").cycles + 1


def test_the_listener_hears_of_a_difference_before_it_is_raised():
    heard = []
    checker = Checker(Altered(TINY, flip(0, 0, 0)), heard.append)
    with pytest.raises(Mismatch):
        checker.gemm(*operands(2, 5, 2))
    assert heard == checker.checked and len(heard) == 1


def test_a_simulation_that_fails_is_a_mismatch_with_layer_and_stage():
    def fail(c, report):
        raise cosim.SimulationError("results_data is unknown (x or z) at cycle 7")

    with pytest.raises(Mismatch, match=r"^conv2 bp: no result: results_data is unknown \(x or z\) at cycle 7$"):
        Checker(Altered(TINY, fail)).gemm(*operands(2, 5, 2), **NAMES)


def test_a_difference_names_the_waves_that_show_it(tmp_path):
    inner = Altered(TINY, flip(0, 0, 0))
    inner.waves = tmp_path / "run.vcd"
    with pytest.raises(Mismatch, match=f"; see {inner.waves}"):
        Checker(inner).gemm(*operands(2, 5, 2))


def test_an_overflow_that_is_not_reported_and_one_that_is_none_are_caught():
    wrong = later(overflow=lambda overflow: not overflow)
    text, verdict = checked(wrong)
    assert text == "gemm: overflow is True, not False" and verdict.bits_equal and not verdict.cycles_equal
    infinite = np.full((1, 1), np.inf, np.float16)
    with pytest.raises(Mismatch, match="gemm: overflow is False, not True"):
        Checker(Altered(TINY, wrong)).gemm(infinite, infinite)


def update(engine, sparsity="2:4", **names):
    """Weights of two kernel positions of five channels, and nine output channels."""
    numbers = np.random.default_rng(3)
    w, v, g = (numbers.standard_normal((10, 9)).astype(np.float32) for _ in range(3))
    return engine.update(w, v, g, RATES, sparsity, channels=5, **names)


@pytest.mark.parametrize("name", HARDWARE)
def test_an_equal_update_and_reduction_pass_and_are_listed(name):
    checker, plain = Checker(cosim.engine(name, TINY)), Functional(TINY)
    result = update(checker, layer="conv2")
    reduced = checker.reduce(result.updated.weights, "2:4", channels=5)
    assert [verdict.equal for verdict in checker.checked] == [True, True]
    assert result.report == update(plain).report and checker.checked[0].cycles == result.cycles > reduced.cycles > 0
    assert np.array_equal(reduced.updated.forward.values, update(plain).updated.forward.values)


@pytest.mark.parametrize(
    "name, sparsity, place, digits",
    [
        ("weights", "2:4", (3, 8), 8),
        ("velocities", "2:4", (9, 0), 8),
        ("half", "2:16", (0, 4), 4),
        ("forward values", "2:4", (3, 1, 8), 4),
        ("forward indices", "2:4", (0, 0, 0), 2),
        ("backward values", "2:4", (2, 1, 9), 4),
        ("backward indices", "2:4", (1, 0, 5), 2),
    ],
)
def test_one_wrong_bit_of_an_update_is_caught_with_layer_array_and_element(name, sparsity, place, digits):
    def change(result, report):
        field, _, part = name.partition(" ")
        array = getattr(result, field) if not part else getattr(getattr(result, field), part)
        wrong = array.copy()
        wrong.view({1: np.uint8, 2: np.uint16, 4: np.uint32}[array.dtype.itemsize])[place] ^= 1
        changed = replace(getattr(result, field), **{part: wrong}) if part else wrong
        return replace(result, **{field: changed}), report

    checker = Checker(Altered(TINY, change))
    with pytest.raises(Mismatch) as caught:
        update(checker, sparsity, layer="conv2")
    (verdict,) = checker.checked
    size = verdict.difference.rsplit(" of ", 1)[1]
    assert re.fullmatch(
        rf"conv2 update: element {re.escape(str(place))} of {name} is 0x[0-9a-f]{{{digits}}}, "
        rf"not 0x[0-9a-f]{{{digits}}}; 1 of {re.escape(size)}",
        str(caught.value),
    )
    assert not verdict.bits_equal and verdict.cycles_equal


def test_an_update_that_takes_a_cycle_more_is_caught():
    checker = Checker(Altered(TINY, later(stores=lambda stores: [*stores[:-1], stores[-1] + 1])))
    with pytest.raises(Mismatch, match=r"^update: block 0 is stored at cycle \d+, not \d+ as the model says$"):
        update(checker)
    assert checker.checked[0].bits_equal


def test_a_skipped_update_is_not_checked_for_nothing_ran():
    checker = Checker(Altered(TINY, flip(0, 0, 0)))
    ones = np.ones((3, 4), np.float32)
    assert checker.update(ones, ones, ones * np.nan, RATES).skipped
    assert checker.checked == []


def test_in_a_piece_an_element_is_named_by_its_place_in_the_whole():
    program = schedule(Gemm(5, 20, 9, output="fp16", **NAMES), TINY)
    for origin, where in (((100, 30), (103, 32)), ((6, 100, 30), (6, 103, 32))):
        with pytest.raises(Mismatch, match=re.escape(f"conv2 bp: element {where} is ")) as caught:
            Checker(Altered(TINY, flip(3, 2, 1))).check(program, Operands(*operands(5, 20, 9)), {"c": origin})
        report = Functional(TINY).run(program, Operands(*operands(5, 20, 9)))[1]
        assert f"left the array at cycle {left_at(program, report, 3, 2)};" in str(caught.value)


def test_a_result_that_is_not_the_known_one_is_a_mismatch():
    program, given = schedule(Gemm(5, 20, 9, **NAMES), TINY), Operands(*operands(5, 20, 9))
    known, _ = Functional(TINY).run(program, given)
    checker = Checker(Functional(TINY))
    checker.check(program, given, {"c": (8, 0)}, known)
    bits(known)[4, 1] ^= 1
    with pytest.raises(Mismatch, match=r"^conv2 bp: unlike in the step's own result, element \(12, 1\) is 0x"):
        checker.check(program, given, {"c": (8, 0)}, known)
    assert [verdict.bits_equal for verdict in checker.checked] == [True, False]

"""wuve_lane: a weight, a velocity and a gradient each cycle, and what golden makes of them after its latency."""

import numpy as np
import pytest

from rtl import timing as units
from rtl.golden import Rates, sgd, to_fp16
from rtl.sat import timing
from rtl.sat.update import wuve_lane as unit
from tests.support import floats, update
from tests.support.script import play

COUNT = {"myhdl": 250, "icarus": 4_000}
OUTPUTS = ("new_weight", "new_velocity", "half")


def device(build):
    return build(unit.wuve_lane)


def stream(values, rates, momentum=1):
    """A script entry for each weight, velocity and gradient; the constants stay until the last is through."""
    steady = dict(momentum=momentum, rates=update.rates_word(rates))
    bits = (x.view(np.uint32).tolist() for x in values)
    return [dict(steady, weight=w, velocity=v, gradient=g) for w, v, g in zip(*bits, strict=True)] + [steady] * (
        unit.LATENCY + 2
    )


def expected(values, rates):
    """(new weights, new velocities, halves) as bit patterns."""
    w, v = sgd(*values, rates)
    return w.view(np.uint32).tolist(), v.view(np.uint32).tolist(), to_fp16(w).view(np.uint16).tolist()


def run(build, values, rates, momentum=1):
    """(weights, velocities, halves) as they come at their promised cycles, one a cycle."""
    count, entries = len(values[0]), stream(values, rates, momentum)
    got = play(device(build), entries, *OUTPUTS)
    start = {"new_weight": unit.LATENCY, "new_velocity": unit.LATENCY, "half": unit.LATENCY + 1}
    return tuple(got[name][start[name] : start[name] + count] for name in OUTPUTS)


@pytest.mark.parametrize("kind", update.NUMBERS)
def test_a_weight_a_cycle_is_updated_after_the_promised_latency(build, simulator, rng, kind):
    rates = rng.choice(update.RATES)
    values = update.triple(floats.numpy_of(rng), COUNT[simulator], kind, rates)
    want = expected(values, rates)
    got = run(build, values, rates)
    assert got == want
    assert len(got[0]) == COUNT[simulator] and len(set(got[0])) > 30


@pytest.mark.parametrize("rates", update.RATES, ids=str)
def test_all_four_constants_take_part(build, rng, rates):
    values = update.triple(floats.numpy_of(rng), 100, "normal", rates)
    assert run(build, values, rates) == expected(values, rates)


def test_special_numbers_among_normal_ones_stay_where_they_are(build, rng):
    """Each third number is special, so that one that came a cycle early or late would show."""
    rates, numbers = Rates(0.5, 0.5, 0.25, 2.0), floats.numpy_of(rng)
    values = [
        np.where(np.arange(240) % 3 == i, update.classes(numbers, 240), update.normal(numbers, 240)) for i in range(3)
    ]
    want = expected(values, rates)
    assert run(build, values, rates) == want
    assert want[0].count(0x7FC00000) > 20 and want[2].count(0x7E00) > 20


def test_without_momentum_a_weight_passes_as_it_is_and_every_nan_is_canonical(build, rng):
    numbers = floats.numpy_of(rng)
    w = np.concatenate([np.array(floats.FP32_CLASSES, np.uint32).view(np.float32), update.any_bits(numbers, 200)])
    zeros = np.zeros_like(w)
    got_weights, _, got_halves = run(build, [w, zeros, zeros], update.RATES[0], momentum=0)
    passed = floats.canonical(w).tolist()
    assert got_weights == passed
    assert got_halves == to_fp16(w).view(np.uint16).tolist()
    assert passed.count(1 << 31) and passed.count(0x7FC00000) >= 6 and len(passed) == 234


def test_constants_change_between_weights_when_none_is_inside(build, rng):
    numbers, entries, want = floats.numpy_of(rng), [], {}
    for rates in update.RATES * 2:
        values = update.triple(numbers, 12, "normal", rates)
        for place, (w, v, half) in enumerate(zip(*expected(values, rates), strict=True), len(entries)):
            want[place] = w, v, half
        entries += stream(values, rates)
    got, lag = play(device(build), entries, *OUTPUTS), unit.LATENCY
    assert {
        place: (got["new_weight"][place + lag], got["new_velocity"][place + lag], got["half"][place + lag + 1])
        for place in want
    } == want
    assert len(want) == 2 * 4 * 12


def test_the_latency_is_the_one_that_the_model_counts():
    assert unit.LATENCY == timing.WUVE_LANE == 2 * (units.FP32_MUL + 1) + 3 * (units.FP32_ADD + 1)

"""wuve: slices of weights in, with pauses between them, and whole vectors out."""

import numpy as np
import pytest

from rtl.golden import Rates, sgd, to_fp16
from rtl.sat import timing
from rtl.sat.config import SatConfig
from rtl.sat.update.wuve import wuve
from tests.support import floats, update
from tests.support.script import play

MASTERS, HALVES = timing.WUVE_LANE + 1, timing.WUVE_LANE + 2  # after a vector's last slice
WEIGHTS = {"myhdl": 24, "icarus": 160}  # three vectors at least
RATES = Rates(0.1, 0.9, 1e-3, 4.0)
CONFIGS = [
    SatConfig(rows=1, columns=1, largest_m=m, update_lanes=lanes, chunk=16)
    for m in (4, 8, 16)
    for lanes in (1, 2, 4, 8, 16)
    if lanes <= m
]
every_config = pytest.mark.parametrize("config", CONFIGS, ids=lambda c: f"m{c.largest_m}-lanes{c.update_lanes}")


def device(build, config):
    return build(wuve, config=config)


def slices(config, values):
    """The fields of each slice of vectors (vectors, largest_m)."""
    cut = [np.ascontiguousarray(x).view(np.uint32).reshape(-1, config.update_lanes) for x in values]
    return [
        dict(
            zip(
                ("entering_weights", "entering_velocities", "entering_gradients"),
                (update.packed(x, 32) for x in one),
                strict=True,
            )
        )
        for one in zip(*cut, strict=True)
    ]


def expected(values, momentum):
    """Of each vector (masters, halves) as words; without momentum the velocities may be anything."""
    w, v = sgd(*values, RATES) if momentum else (values[0], values[0])
    of_weights = [update.packed(row, 32) for row in w.view(np.uint32)]
    masters = [
        update.packed([*row, *speed], 32) for row, speed in zip(w.view(np.uint32), v.view(np.uint32), strict=True)
    ]
    halves = [update.packed(row, 16) for row in to_fp16(w).view(np.uint16)]
    return masters if momentum else of_weights, halves


def script(rng, config, values, pause=0, momentum=1, lag=HALVES):
    """(entries, cycles of each vector's last slice); between slices anything stands at the ports."""
    steady, bits = dict(momentum=momentum, rates=update.rates_word(RATES)), 32 * config.update_lanes
    entries, ends = [], []
    for number, one in enumerate(slices(config, values), 1):
        while rng.random() < pause:
            entries.append(dict(steady, **{name: rng.getrandbits(bits) for name in one}))
        entries.append(dict(steady, valid=1, **one))
        if number % (config.largest_m // config.update_lanes) == 0:
            ends.append(len(entries) - 1)
    return entries + [steady] * lag, ends


def results(build, config, entries):
    """({cycle: masters}, {cycle: halves}) for the cycles in which each is done."""
    got = play(
        device(build, config),
        entries,
        "masters_done",
        "masters_row",
        "halves_done",
        "halves_row",
        cycles=len(entries) + 2,
    )
    assert None not in got["masters_done"] and None not in got["halves_done"]
    return tuple(
        {cycle: got[f"{name}_row"][cycle] for cycle, done in enumerate(got[f"{name}_done"]) if done}
        for name in ("masters", "halves")
    )


def numbers_of(rng, config, count, kind="wide", vectors=3):
    shape = max(vectors, count // config.largest_m), config.largest_m
    return update.triple(floats.numpy_of(rng), shape, kind, RATES)


@every_config
def test_a_vector_stands_at_the_promised_cycle_and_only_then(build, simulator, rng, config):
    entries, want = [], ({}, {})
    for pause in (0, 1 / 10, 1 / 2):
        values = numbers_of(rng, config, WEIGHTS[simulator] // 3, vectors=1)
        more, ends = script(rng, config, values, pause, lag=0)
        for found, lag, rows in zip(want, (MASTERS, HALVES), expected(values, 1), strict=True):
            found.update({len(entries) + end + lag: word for end, word in zip(ends, rows, strict=True)})
        entries += more
    assert results(build, config, entries + [entries[-1] | dict(valid=0)] * HALVES) == want
    assert len(want[0]) == len(want[1]) >= 3


@pytest.mark.parametrize("config", CONFIGS[::4], ids=lambda c: f"m{c.largest_m}-lanes{c.update_lanes}")
@pytest.mark.parametrize("kind", ["classes", "any_bits"])
def test_special_numbers_pass_with_and_without_momentum(build, simulator, rng, config, kind):
    values = numbers_of(rng, config, WEIGHTS[simulator], kind)
    for momentum in (1, 0):
        entries, ends = script(rng, config, values, momentum=momentum)
        got_masters, got_halves = results(build, config, entries)
        masters, halves = expected([np.where(np.isnan(x), np.float32("nan"), x) for x in values], momentum)
        mask = (1 << 32 * config.largest_m * (2 if momentum else 1)) - 1
        assert [word & mask for word in got_masters.values()] == masters
        assert list(got_halves.values()) == halves and len(halves) == len(ends) >= 3


@pytest.mark.parametrize(
    "config", [CONFIGS[0], CONFIGS[4], CONFIGS[9]], ids=lambda c: f"m{c.largest_m}-lanes{c.update_lanes}"
)
def test_after_a_reset_the_next_slice_is_the_first_of_its_vector(build, rng, config):
    """Also slices that were still on their way at the reset are forgotten."""
    entries, want, per_vector = [], {}, config.largest_m // config.update_lanes
    for cut_after in range(1, per_vector + 1):
        lost, values = (numbers_of(rng, config, config.largest_m) for _ in range(2))
        begun, _ = script(rng, config, lost)
        entries += [*begun[:cut_after], dict(rst=1)]
        kept, ends = script(rng, config, values)
        want |= {len(entries) + end + MASTERS: word for end, word in zip(ends, expected(values, 1)[0], strict=True)}
        entries += kept
    assert results(build, config, entries)[0] == want
    assert len(want) == per_vector * 3

"""sore: vectors in, and both compact copies of them out, row by row."""

import numpy as np
import pytest

from rtl.sat import timing
from rtl.sat.config import SatConfig
from rtl.sat.update.sore import sore
from tests.support import floats, update
from tests.support.script import play

PAUSES = {"none": 0, "rare": 1 / 10, "often": 1 / 2}
LAG = dict(forward=timing.SORE_LANE, backward=timing.SORE_WORD + 1)  # from a row's last vector
TIMES = {"myhdl": 1, "icarus": 6}  # that each pattern comes
DIFFERENT = np.array(
    [0x0000, 0x8000, 0x0001, 0x8001, 0x3C00, 0xBC00, 0x3C01, 0x7BFF, 0x7C00, 0xFC00, 0x7C01, 0x7E00, 0xFFFF], np.uint16
)  # few, so that ties and NaN decide


def config_of(largest_m):
    return SatConfig(rows=1, columns=1, largest_m=largest_m, chunk=16)


def device(build, config):
    return build(sore, config=config)


def vectors_of(rng, config, count):
    """(count, largest_m) float16: half of the vectors of any bits, half of few different ones."""
    numbers, shape = floats.numpy_of(rng), (count, config.largest_m)
    every, few = floats.random_halves(numbers, shape), numbers.choice(DIFFERENT, shape)
    return np.where(numbers.random((count, 1)) < 1 / 2, every, few).view(np.float16)


def stretch(rng, config, n, m, rows, pause=0.0):
    """(entries, {name: {cycle: row}}) of some rows of one pattern; in a pause anything stands on `vector`.

    The pattern stays until the last word's result stands.
    """
    halves = vectors_of(rng, config, rows * m)
    entries, want = [], dict(forward={}, backward={})
    copies = {name: iter(found) for name, found in update.copies(config, halves, n, m).items()}
    for number, half in enumerate(halves, 1):
        while rng.random() < pause:
            entries.append(dict(vector=rng.getrandbits(16 * config.largest_m), n=n, m=m))
        entries.append(dict(valid=1, vector=update.packed(half.view(np.uint16), 16), n=n, m=m))
        for name, found in copies.items() if number % m == 0 else []:
            want[name][len(entries) - 1 + LAG[name]] = next(found)
    return entries + [dict(n=n, m=m, vector=rng.getrandbits(16))] * timing.SORE_WORD, want


def join(stretches):
    """Stretches one behind the other."""
    entries, want = [], dict(forward={}, backward={})
    for more, rows in stretches:
        for name in want:
            want[name] |= {len(entries) + cycle: row for cycle, row in rows[name].items()}
        entries += more
    return entries, want


def assert_rows(build, config, entries, want):
    """Each row in its cycle, and none in any other; places beyond n are empty."""
    got = play(
        device(build, config),
        entries,
        "forward_done",
        "forward_row",
        "backward_done",
        "backward_row",
        cycles=len(entries) + 2,
    )
    for name in want:
        assert None not in got[f"{name}_done"]
        rows = {cycle: got[f"{name}_row"][cycle] for cycle, done in enumerate(got[f"{name}_done"]) if done}
        assert list(rows) == list(want[name])
        assert rows == want[name]
    return len(want["forward"])


@pytest.mark.parametrize("pause", PAUSES)
@pytest.mark.parametrize("largest_m", [4, 8, 16])
def test_both_copies_stand_at_the_promised_cycles_and_only_then(build, simulator, rng, largest_m, pause):
    """Pattern after pattern, without a reset between them: so nothing of one is left when the next one comes."""
    config, order = config_of(largest_m), update.patterns(largest_m) * TIMES[simulator]
    rng.shuffle(order)
    entries, want = join(stretch(rng, config, n, m, rng.randrange(1, 4), PAUSES[pause]) for n, m in order)
    count = assert_rows(build, config, entries, want)
    assert count == len(want["backward"]) >= len(order) >= 2


@pytest.mark.parametrize("n, m", [(1, 4), (4, 8)])
def test_after_a_reset_the_next_vector_is_the_first_of_its_row(build, rng, n, m):
    config, stretches, cuts = config_of(8), [], {1, 2, m - 1, m}
    for cut_after in cuts:
        lost = stretch(rng, config, n, m, 1)[0][:cut_after]
        lost[-1]["rst"] = 1  # the reset comes with a vector, which is lost
        stretches += [(lost, dict(forward={}, backward={})), stretch(rng, config, n, m, 1)]
    assert assert_rows(build, config, *join(stretches)) == len(cuts)


def test_a_vector_by_hand(build):
    """2:4 of four lanes: each column keeps two of its four, each vector two of its four."""
    config, width = config_of(4), 18
    entries = [
        dict(valid=1, n=2, m=4, vector=update.packed(map(floats.half, vector), 16))
        for vector in ([1, 9, 2, 0], [5, 9, 2, 0], [7, 9, 2, 0], [3, 9, -4, 0])
    ] + [dict(n=2, m=4)] * 2
    got = play(device(build, config), entries, "forward_row", "backward_row")
    forward, backward = got["forward_row"][3 + LAG["forward"]], got["backward_row"][3 + LAG["backward"]]
    take = [
        [(row >> width * (4 * place + lane)) & (1 << width) - 1 for lane in range(4)]
        for row in (forward, backward)
        for place in (0, 1)
    ]
    pairs = [
        [(floats.half(value) | index << 16) for value, index in lane]
        for lane in (
            [(5, 1), (9, 0), (2, 0), (0, 0)],
            [(7, 2), (9, 1), (-4, 3), (0, 1)],  # forward: first, then second kept
            [(9, 1), (5, 0), (7, 0), (9, 1)],
            [(2, 2), (9, 1), (9, 1), (-4, 2)],
        )
    ]  # backward, of each vector
    assert take == pairs

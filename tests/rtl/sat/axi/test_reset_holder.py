"""reset_holder: a reset lasts as long as it must, and says what becomes of what comes in the meantime."""

import pytest

from rtl.sat.axi.reset_holder import reset_holder
from tests.support.script import play

CYCLES = 6


def states(build, entries, cycles=30):
    """(resetting, discarding) of each cycle; resetting from the bench's own reset on."""
    seen = play(
        build(reset_holder, cycles=CYCLES),
        entries,
        "resetting",
        "discarding",
        cycles=cycles,
    )
    return list(zip(seen["resetting"], seen["discarding"], strict=True))


def test_after_a_reset_of_everything_it_lasts_and_nothing_is_discarded(build):
    found = states(build, [{}])
    assert found == [(1, 0)] * CYCLES + [(0, 0)] * (30 - CYCLES)


@pytest.mark.parametrize("length", [1, 3, 9])
def test_a_soft_reset_lasts_from_its_request_until_the_accelerator_is_through(build, length):
    asked = [{}] * 10 + [dict(soft_reset=1)] * length
    found = states(build, asked)
    assert found[10] == (0, 0)
    assert found[11 : 11 + length + CYCLES] == [(1, 1)] * (length + CYCLES)
    assert found[11 + length + CYCLES :] == [(0, 0)] * (30 - 11 - length - CYCLES)


def test_a_soft_reset_waits_for_a_result_that_was_offered(build):
    found = states(build, [dict(soft_reset=now == 10, offered=1) for now in range(25)])
    assert found[11:26] == [(1, 1)] * 15
    assert found[26] == (0, 0)


def test_a_reset_of_everything_waits_for_no_result(build):
    assert states(build, [dict(offered=1)] * 20)[CYCLES] == (0, 0)


def test_a_reset_of_everything_ends_discarding(build):
    found = states(build, [{}] * 10 + [dict(soft_reset=1)] + [{}] * 2 + [dict(rst=1)])
    assert found[13] == (1, 1)
    assert found[14 : 14 + CYCLES] == [(1, 0)] * CYCLES
    assert found[14 + CYCLES + 1] == (0, 0)

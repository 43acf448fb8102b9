"""result_port: a word of all lanes, FP32 or rounded, and whether an infinity has left."""

import pytest

from rtl.golden import fp32_to_fp16
from rtl.shared.result_port import result_port
from tests.support import floats
from tests.support.script import play

LANES = 3


def device(build):
    return build(result_port, lanes=LANES)


def word(singles):
    return sum(single << 32 * lane for lane, single in enumerate(singles))


@pytest.mark.parametrize("half", [0, 1])
def test_a_word_leaves_a_cycle_later_as_it_is_or_rounded(build, rng, half):
    words = [[rng.choice(floats.FP32_CLASSES) for _ in range(LANES)] for _ in range(60)]
    entries = [dict(advance=1, to_half=half, drained=word(singles), results_ready=1) for singles in words]
    entries += [dict(results_ready=1)] * 2
    got = play(device(build), entries, "results_data", "results_valid")
    expected = [word([fp32_to_fp16(single) if half else single for single in singles]) for singles in words]
    assert got["results_data"][1 : len(words) + 1] == expected
    assert got["results_valid"][1 : len(words) + 2] == [1] * len(words) + [0]


def test_a_word_that_is_not_taken_stays(build):
    entries = [dict(advance=1, drained=5), {}, {}, dict(results_ready=1), {}]
    got = play(device(build), entries, "results_data", "results_valid")
    assert got["results_valid"][1:5] == [1, 1, 1, 0] and got["results_data"][1:4] == [5] * 3


@pytest.mark.parametrize("lane", range(LANES))
@pytest.mark.parametrize("single", [0x7F800000, 0xFF800000, 0x7FC00000])
def test_an_infinity_or_nan_that_leaves_as_fp32_is_remembered_until_reset(build, lane, single):
    held = word([single if k == lane else 0x7F7FFFFF for k in range(LANES)])
    entries = [
        dict(advance=1, drained=held, to_half=1),
        dict(advance=1, drained=held, beyond=1 << lane),
        dict(drained=held),
        dict(advance=1, drained=held),
        {},
        {},
        dict(rst=1),
        {},
    ]
    got = play(device(build), entries, "overflow")["overflow"]
    assert got[1:9] == [0, 0, 0, 1, 1, 1, 0, 0]

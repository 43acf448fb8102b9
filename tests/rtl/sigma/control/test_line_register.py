"""line_register: a line stays until the next one is written."""

import pytest

from rtl.sigma.control.line_register import line_register
from tests.support.script import play


@pytest.mark.parametrize("bits", [16, 128, 2048])
def test_it_shows_the_line_written_last_from_the_next_cycle_on(build, rng, bits):
    dut = build(line_register, bits=bits)
    entries = [dict(line=rng.getrandbits(bits), write=int(not i or rng.random() < 0.4)) for i in range(100)]
    got, kept, expected = play(dut, entries, "held")["held"], None, []
    for entry in entries:
        kept = entry["line"] if entry["write"] else kept
        expected.append(kept)
    assert got[1:101] == expected
    assert 20 < len(set(expected)) < 80

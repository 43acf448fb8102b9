"""stream_buffer: lines written and read in any order, one of each a cycle, against a list."""

from rtl.sigma import layouts
from rtl.sigma.config import SigmaConfig
from rtl.sigma.distribution.stream_buffer import stream_buffer
from rtl.sigma.timing import READ
from tests.support.script import play

CONFIG = SigmaConfig(engines=1, lanes=4, results=2, rows=1, columns=8)
BITS, ADDRESS = layouts.line_bits(CONFIG), layouts.stream_address(CONFIG).width


def device(build):
    return build(stream_buffer, config=CONFIG)


def filled(rng):
    """Script entries that write every line, and the lines."""
    lines = [rng.getrandbits(BITS) for _ in range(2**ADDRESS)]
    return [dict(write=1, write_address=at, line=line) for at, line in enumerate(lines)], lines


def test_a_line_is_written_and_one_is_read_in_each_cycle(build, rng):
    entries, lines = filled(rng)
    expected = []
    for _ in range(300):
        entry = dict(
            write=rng.getrandbits(1),
            write_address=rng.getrandbits(ADDRESS),
            line=rng.getrandbits(BITS),
            read_address=rng.getrandbits(ADDRESS),
        )
        expected.append(lines[entry["read_address"]])  # as it was before this cycle's write
        if entry["write"]:
            lines[entry["write_address"]] = entry["line"]
        entries.append(entry)
    got = play(device(build), entries, "streamed")["streamed"]
    first = 2**ADDRESS + READ
    assert got[first : first + 300] == expected
    assert len(set(expected)) > 100


def test_a_line_can_be_read_in_the_cycle_after_its_write_and_not_before(build, rng):
    entries, lines = filled(rng)
    entries += [dict(write=1, write_address=9, line=lines[9] ^ 1, read_address=9), dict(read_address=9)]
    got = play(device(build), entries, "streamed")["streamed"]
    assert got[2**ADDRESS + READ :][:2] == [lines[9], lines[9] ^ 1]

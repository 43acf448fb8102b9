"""record: lines become pieces of either bank, in any order, and every other piece stays."""

import pytest

from rtl.sigma import layouts
from rtl.sigma.config import SigmaConfig
from rtl.sigma.control.record import record
from tests.support.script import play
from tests.support.update import packed

CONFIG = SigmaConfig(engines=1, lanes=2, results=2, rows=400)  # 20 and more lines of a gather record
LINE, PLACE = layouts.line_bits(CONFIG), layouts.place(CONFIG)


def device(build, pieces):
    return build(record, config=CONFIG, pieces=pieces)


@pytest.mark.parametrize("pieces", [1, 2, 3, 5, 20])
def test_every_piece_stands_in_its_place_of_its_bank_from_the_next_cycle_on(build, rng, pieces):
    dut = device(build, pieces)
    order = [(bank, piece) for bank in (0, 1) for piece in range(pieces)]
    order += [(rng.getrandbits(1), rng.randrange(pieces)) for _ in range(100)]
    entries = [
        dict(
            line=rng.getrandbits(LINE), place=PLACE.pack(bank=bank, piece=piece), write=int(i < 2 * pieces or i % 3 > 0)
        )
        for i, (bank, piece) in enumerate(order)
    ]
    got, banks = play(dut, entries, "low", "high"), [[0] * pieces, [0] * pieces]
    for cycle, ((bank, piece), entry) in enumerate(zip(order, entries, strict=True), 1):
        if entry["write"]:
            banks[bank][piece] = entry["line"]
        if cycle >= 2 * pieces:  # before, pieces are unknown
            assert (got["low"][cycle], got["high"][cycle]) == tuple(packed(lines, LINE) for lines in banks)
    assert cycle == 2 * pieces + 100


def test_nothing_is_written_without_the_strobe_wherever_the_place_points(build, rng):
    dut = device(build, 3)
    entries = [dict(line=number, write=1, place=PLACE.pack(bank=number // 3, piece=number % 3)) for number in range(6)]
    idle = [dict(line=rng.getrandbits(LINE), place=rng.getrandbits(PLACE.width)) for _ in range(20)]
    got = play(dut, entries + idle, "low", "high")
    assert got["low"][6:26] == [packed([0, 1, 2], LINE)] * 20
    assert got["high"][6:26] == [packed([3, 4, 5], LINE)] * 20

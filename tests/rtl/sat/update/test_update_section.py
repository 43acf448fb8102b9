"""update_section: rows of two tiles in two banks, written in order and fetched by their place."""

import pytest

from rtl.hdl.stream import bus
from rtl.sat.update.update_section import update_section
from tests.support.script import play

WIDTH = 24
CASES = [(2, 1), (3, 2), (8, 3), (20, 5), (3, 4)]  # rows of a bank, bits of a place in it
every_size = pytest.mark.parametrize("rows, place_bits", CASES)


def device(build, rows, place_bits):
    return build(update_section, width=WIDTH, rows=rows, address=bus(place_bits + 1))


class Tiles:
    """A script of tiles written, each followed by its rows being fetched while the next one is written."""

    def __init__(self, rng, rows, place_bits):
        self.rng, self.place_bits = rng, place_bits
        self.entries, self.want, self.tile = [], {}, 0
        self.waiting = []  # (address, row) still to be fetched
        self.counts = [rows, *(rng.randrange(1, rows + 1) for _ in range(5)), rows]

    def write(self, count, with_last, pause):
        """A tile; `ending` comes with its last row, or some cycles later."""
        rows = [self.rng.getrandbits(WIDTH) for _ in range(count)]
        for number, row in enumerate(rows, 1):
            while self.rng.random() < pause:
                self.step(written_row=self.rng.getrandbits(WIDTH))
            self.step(written_done=1, written_row=row, ending=int(with_last and number == count))
        if not with_last:
            for _ in range(self.rng.randrange(3)):
                self.step()
            self.step(ending=1)
        self.waiting += [((self.tile % 2) << self.place_bits | place, row) for place, row in enumerate(rows)]
        self.rng.shuffle(self.waiting)
        self.tile += 1

    def step(self, **entry):
        """A cycle, in which a row of the tile before may be fetched."""
        if self.waiting and self.rng.random() < 0.7:
            self.fetch(entry)
        self.entries.append(entry)

    def fetch(self, entry):
        address, row = self.waiting.pop()
        entry |= dict(fetched_take=1, address=address)
        self.want[len(self.entries) + 1] = row

    def drain(self):
        """Fetch all that waits: the bank is to be written again."""
        while self.waiting:
            entry = {}
            self.fetch(entry)
            self.entries.append(entry)


@every_size
@pytest.mark.parametrize("pause", [0, 1 / 3], ids=["busy", "paused"])
@pytest.mark.parametrize("with_last", [True, False], ids=["ends-with-its-last-row", "ends-later"])
def test_every_row_is_where_it_was_written_a_cycle_after_the_fetch(build, rng, rows, place_bits, pause, with_last):
    tiles = Tiles(rng, rows, place_bits)
    for count in tiles.counts:
        tiles.write(count, with_last, pause)
        if len(tiles.waiting) > tiles.counts[tiles.tile - 1]:
            tiles.drain()
    tiles.drain()
    got = play(device(build, rows, place_bits), tiles.entries, "fetched_row")["fetched_row"]
    assert {cycle: got[cycle] for cycle in tiles.want} == tiles.want
    assert len(tiles.want) == sum(tiles.counts) > rows


@every_size
def test_a_row_can_be_fetched_in_the_cycle_after_its_write(build, rng, rows, place_bits):
    written = [rng.getrandbits(WIDTH) for _ in range(rows)]
    entries = [dict(written_done=1, written_row=row) for row in written] + [{}]
    for place in range(rows):
        entries[place + 1] |= dict(fetched_take=1, address=place)
    got = play(device(build, rows, place_bits), entries, "fetched_row")["fetched_row"]
    assert got[2 : 2 + rows] == written


def test_what_was_fetched_holds_still_until_the_next_fetch(build, rng):
    rows = [rng.getrandbits(WIDTH) for _ in range(2)]
    entries = (
        [dict(written_done=1, written_row=row) for row in rows]
        + [dict(fetched_take=1, address=1)]
        + [dict(address=0)] * 6
    )
    got = play(device(build, 4, 2), entries, "fetched_row")["fetched_row"]
    assert got[3:10] == [rows[1]] * 7


def test_a_tile_without_rows_takes_its_bank_too(build, rng):
    """So all sections of an update keep in step, whatever is stored of it."""
    row = rng.getrandbits(WIDTH)
    entries = [dict(ending=1), dict(written_done=1, written_row=row, ending=1), dict(fetched_take=1, address=4), {}]
    assert play(device(build, 4, 2), entries, "fetched_row")["fetched_row"][3] == row


@pytest.mark.parametrize("ended", [0, 1])
def test_after_a_reset_the_next_tile_takes_bank_0_from_its_start(build, rng, ended):
    row = rng.getrandbits(WIDTH)
    entries = [dict(written_done=1, written_row=rng.getrandbits(WIDTH), ending=ended)] * 3
    entries += [dict(written_done=1, rst=1), dict(written_done=1, written_row=row), dict(fetched_take=1, address=0), {}]
    assert play(device(build, 8, 3), entries, "fetched_row")["fetched_row"][6] == row

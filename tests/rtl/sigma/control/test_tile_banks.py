"""tile_banks: two banks of records and two of streamed words, taken and left by random tiles, against their counts."""

from collections import Counter

import pytest

from rtl.sigma import layouts
from rtl.sigma.config import SigmaConfig
from rtl.sigma.control.tile_banks import tile_banks
from tests.support.script import packed, play

CONFIG = SigmaConfig(engines=2, lanes=2, results=2, rows=1, columns=8)
COMMAND = layouts.command(CONFIG)
OUTPUTS = ("free", "load_bank", "load_stream", "tiles_loaded", "occupied", "tiles_commands", "tiles_streams")
EVENTS = ("load_accepted", "load_complete", "tiles_started", "tiles_released")
TILES = 60


def device(build):
    return build(tile_banks, config=CONFIG)


def random_tiles(rng):
    """Commands: chunks of some tiles share streamed words; some tiles hold nothing, and need none."""
    tiles = []
    while len(tiles) < TILES:
        count = rng.randrange(5)
        tiles += [dict(loads_stream=int(i == 0)) for i in range(count)] or [{}]
    return [packed(COMMAND, columns=rng.randrange(1, 9), engines=rng.randrange(3), **fields) for fields in tiles]


def has(command, name):
    return COMMAND.unpack(command)[name]


class Banks:
    """The same by counting: how many tiles have been accepted, completed, started and released so far."""

    def __init__(self, tiles):
        self.tiles, self.counts = tiles, Counter()

    def opened(self, tile):
        """Tiles before this one that open a bank of streamed words."""
        return sum(has(command, "loads_stream") for command in self.tiles[:tile])

    def outputs(self):
        accepted, complete, started, released = (self.counts[name] for name in EVENTS)
        opened = self.opened(accepted)
        # Those of the tiles that hold banks; where none does, any. The last to be accepted is younger by one or none.
        kept = [(tile, self.tiles[tile]) for tile in range(released, accepted)]
        return dict(
            free=int(accepted == complete and accepted - released < 2),
            load_bank=complete % 2,
            load_stream=(opened - 1) % 2,
            tiles_loaded=sum(1 << n % 2 for n in range(started, complete)),
            occupied=sum(1 << n % 2 for n in range(released, accepted)),
            tiles_commands={n % 2: command for n, command in kept},
            tiles_streams={n % 2: (self.opened(n + 1) - 1) % 2 for n, _ in kept},
        )

    def command(self):
        return self.tiles[min(self.counts["load_accepted"], len(self.tiles) - 1)]

    def possible(self):
        """Events that may happen now."""
        accepted, complete, started, released = (self.counts[name] for name in EVENTS)
        return {
            "load_accepted": self.outputs()["free"] and accepted < len(self.tiles),
            "load_complete": complete < accepted,
            "tiles_started": started < complete,
            "tiles_released": released < started,
        }


def decoded(got, cycle, expected):
    """What the device shows, of both banks what can be known."""
    word = {name: got[name][cycle] for name in OUTPUTS}
    widths = dict(tiles_commands=COMMAND.width, tiles_streams=1)
    for name, width in widths.items():
        if not expected[name]:
            word[name] = {}
        elif word[name] is not None:  # at first the other bank's is unknown
            word[name] = {bank: word[name] >> bank * width & (1 << width) - 1 for bank in expected[name]}
    return word


@pytest.mark.parametrize("eager", [0.1, 0.5, 1.0])
def test_every_event_shows_in_the_next_cycle_and_a_tile_is_loaded_as_soon_as_its_banks_are_free(build, rng, eager):
    banks, entries, expected = Banks(random_tiles(rng)), [], []
    while banks.counts["tiles_released"] < len(banks.tiles):
        events = {name: int(bool(may) and rng.random() < eager) for name, may in banks.possible().items()}
        command = banks.command()
        entries.append(dict(events, command=command, load_loads_stream=has(command, "loads_stream")))
        expected.append(banks.outputs())
        banks.counts.update(events)
    got = play(device(build), entries, *OUTPUTS)
    known = next(cycle for cycle, word in enumerate(got["tiles_commands"]) if word is not None)
    for cycle, want in enumerate(expected):
        word = decoded(got, cycle, want)
        names = OUTPUTS if cycle >= known else OUTPUTS[:5]
        assert {name: word[name] for name in names} == {name: want[name] for name in names}, cycle
    assert known < 200 and cycle >= TILES
    assert {want["occupied"] for want in expected} == {0, 1, 2, 3}


def test_a_bank_of_streamed_words_is_never_filled_while_a_tile_that_was_not_released_needs_it(rng):
    """Though only banks of records are counted: the other bank's last tile is older than that of the record's bank."""
    banks, filled = Banks(random_tiles(rng)), 0
    while banks.counts["tiles_released"] < len(banks.tiles):
        accepted, released = banks.counts["load_accepted"], banks.counts["tiles_released"]
        events = {name: int(bool(may) and rng.random() < 0.6) for name, may in banks.possible().items()}
        if events["load_accepted"] and has(banks.command(), "loads_stream"):
            bank = banks.opened(accepted) % 2
            assert bank not in {
                (banks.opened(n + 1) - 1) % 2
                for n in range(released, accepted)
                if any(has(one, "loads_stream") for one in banks.tiles[: n + 1])
            }
            filled += 1
        banks.counts.update(events)
    assert filled == banks.opened(len(banks.tiles)) > 10

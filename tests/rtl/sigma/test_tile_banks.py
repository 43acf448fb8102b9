"""tile_banks: two banks of records and two of streamed words, taken and left by random tiles, against their counts."""

from collections import Counter

import pytest
from myhdl import Signal, intbv

from rtl.sigma import layouts
from rtl.sigma.config import SigmaConfig
from rtl.sigma.tile_banks import tile_banks
from tests.support.script import packed, play

CONFIG = SigmaConfig(engines=2, lanes=2, results=2, rows=1, columns=8)
COMMAND = layouts.command(CONFIG)
OUTPUTS = ("free", "bank", "stream", "loaded", "occupied", "held_commands", "streams")
EVENTS = ("accepted", "complete", "started", "released")
TILES = 60


def device(build):
    widths = dict(command=COMMAND.width, loaded=2, occupied=2, held_commands=2 * COMMAND.width, streams=2)
    flags = ("clk", "rst", *EVENTS, "free", "bank", "stream")
    return build(
        tile_banks,
        config=CONFIG,
        **{name: Signal(bool(0)) for name in flags},
        **{name: Signal(intbv(0)[width:]) for name, width in widths.items()},
    )


def random_tiles(rng):
    """Commands: chunks of some tiles share streamed words; some tiles hold nothing, and need none."""
    tiles = []
    while len(tiles) < TILES:
        count = rng.randrange(5)
        tiles += [dict(loads_stream=int(i == 0)) for i in range(count)] or [{}]
    return [packed(COMMAND, columns=rng.randrange(1, 9), engines=rng.randrange(3), **fields) for fields in tiles]


def has(command, name):
    return command >> COMMAND[name][1] & 1


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
            bank=complete % 2,
            stream=(opened - 1) % 2,
            loaded=sum(1 << n % 2 for n in range(started, complete)),
            occupied=sum(1 << n % 2 for n in range(released, accepted)),
            held_commands={n % 2: command for n, command in kept},
            streams={n % 2: (self.opened(n + 1) - 1) % 2 for n, _ in kept},
        )

    def command(self):
        return self.tiles[min(self.counts["accepted"], len(self.tiles) - 1)]

    def possible(self):
        """Events that may happen now."""
        accepted, complete, started, released = (self.counts[name] for name in EVENTS)
        return {
            "accepted": self.outputs()["free"] and accepted < len(self.tiles),
            "complete": complete < accepted,
            "started": started < complete,
            "released": released < started,
        }


def decoded(got, cycle, expected):
    """What the device shows, of both banks what can be known."""
    word = {name: got[name][cycle] for name in OUTPUTS}
    widths = dict(held_commands=COMMAND.width, streams=1)
    for name, width in widths.items():
        if not expected[name]:
            word[name] = {}
        elif word[name] is not None:  # at first the other bank's is unknown
            word[name] = {bank: word[name] >> bank * width & (1 << width) - 1 for bank in expected[name]}
    return word


@pytest.mark.parametrize("eager", [0.1, 0.5, 1.0])
def test_every_event_shows_in_the_next_cycle_and_a_tile_is_loaded_as_soon_as_its_banks_are_free(build, rng, eager):
    banks, entries, expected = Banks(random_tiles(rng)), [], []
    while banks.counts["released"] < len(banks.tiles):
        events = {name: int(bool(may) and rng.random() < eager) for name, may in banks.possible().items()}
        entries.append(dict(events, command=banks.command()))
        expected.append(banks.outputs())
        banks.counts.update(events)
    got = play(device(build), entries, *OUTPUTS)
    known = next(cycle for cycle, word in enumerate(got["held_commands"]) if word is not None)
    for cycle, want in enumerate(expected):
        word = decoded(got, cycle, want)
        names = OUTPUTS if cycle >= known else OUTPUTS[:5]
        assert {name: word[name] for name in names} == {name: want[name] for name in names}, cycle
    assert known < 200 and cycle >= TILES
    assert {want["occupied"] for want in expected} == {0, 1, 2, 3}


def test_a_bank_of_streamed_words_is_never_filled_while_a_tile_that_was_not_released_needs_it(rng):
    """Though only banks of records are counted: the other bank's last tile is older than that of the record's bank."""
    banks, filled = Banks(random_tiles(rng)), 0
    while banks.counts["released"] < len(banks.tiles):
        accepted, released = banks.counts["accepted"], banks.counts["released"]
        events = {name: int(bool(may) and rng.random() < 0.6) for name, may in banks.possible().items()}
        if events["accepted"] and has(banks.command(), "loads_stream"):
            bank = banks.opened(accepted) % 2
            assert bank not in {
                (banks.opened(n + 1) - 1) % 2
                for n in range(released, accepted)
                if any(has(one, "loads_stream") for one in banks.tiles[: n + 1])
            }
            filled += 1
        banks.counts.update(events)
    assert filled == banks.opened(len(banks.tiles)) > 10

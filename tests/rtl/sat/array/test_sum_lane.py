"""sum_lane: sums that come to a column's bottom, enter again at its top, and are drained."""

import pytest

from rtl.sat import layouts, timing
from rtl.sat.array.sum_lane import sum_lane
from rtl.sat.config import SatConfig
from tests.support.script import packed, play

CONFIGS = [SatConfig(rows=1, columns=1, largest_m=4, chunk=16), SatConfig(rows=1, columns=1, interleave=3, chunk=32)]
every_config = pytest.mark.parametrize("config", CONFIGS, ids=["4", "3"])
PRODUCT = timing.PRODUCT


def device(build, config):
    return build(sum_lane, config=config)


def with_noise(rng, entries, cycles):
    """The entries, and a new word from the lowest element in each cycle: a sum taken at a wrong one is a wrong sum."""
    entries += [{} for _ in range(cycles - len(entries))]
    for entry in entries:
        entry["sum_in"] = rng.getrandbits(32)
    return [entry["sum_in"] for entry in entries]


class Tile:
    """When each sum of a tile is wanted at the top and comes to the bottom: some places of each turn are idle."""

    def __init__(self, config, start, lag, sums, number, fresh):
        self.config, self.number, self.fresh = config, number, fresh
        at = [i // config.interleave * config.turn + i % config.interleave for i in range(sums)]
        self.feeds, self.collects = [start + i for i in at], [start + lag + i for i in at]

    def write(self, entries):
        """Put its layouts.column_edge into a script."""
        for name, cycles in (("ends_feed", self.feeds), ("ends_collect", self.collects)):
            for cycle in cycles:
                entries += [{} for _ in range(cycle + 1 - len(entries))]
                entries[cycle][name] = packed(
                    layouts.column_edge(self.config),
                    valid=1,
                    begin=cycle == cycles[0],
                    fresh=self.fresh,
                    set=self.number,
                )


def most(config):
    """The sums of the largest tile."""
    return config.chunk // 4 * config.interleave


@every_config
def test_a_fresh_tile_starts_from_zero_and_the_next_ones_from_its_sums(build, rng, config):
    """Three tiles of a block; between them, in the other set, two of the next one."""
    entries, lag, gap = [], 5, 8 * max(8, config.turn)
    tiles = [
        Tile(config, number * gap, lag, most(config) - 5 * (number > 2), number > 2, number in (0, 3))
        for number in range(5)
    ]
    for tile in tiles:
        tile.write(entries)
    sums = with_noise(rng, entries, 6 * gap)
    got, compared = play(device(build, config), entries, "sum_out")["sum_out"], 0
    for before, tile in zip([None, *tiles], tiles, strict=False):
        for i, cycle in enumerate(tile.feeds):
            assert got[cycle + PRODUCT] == (0 if tile.fresh else sums[before.collects[i] + PRODUCT])
            compared += 1
    assert compared == 5 * most(config) - 10


@every_config
@pytest.mark.parametrize("after, same", [(1, False), (2, True), (3, True)])
def test_a_sum_can_enter_again_two_cycles_after_it_was_announced(build, rng, config, after, same):
    entries = [{} for _ in range(40)]
    for at, name, fresh in ((0, "ends_collect", 1), (10, "ends_collect", 1), (10 + after, "ends_feed", 0)):
        entries[at][name] = packed(layouts.column_edge(config), valid=1, begin=1, fresh=fresh)
    sums = with_noise(rng, entries, 40)
    got = play(device(build, config), entries, "sum_out")["sum_out"]
    assert got[10 + after + PRODUCT] == sums[(10 if same else 0) + PRODUCT]


@every_config
def test_column_edges_reach_the_next_column_a_cycle_later(build, rng, config):
    width = layouts.column_edge(config).width
    entries = [dict(ends_feed=rng.getrandbits(width), ends_collect=rng.getrandbits(width)) for _ in range(60)]
    got = play(device(build, config), entries, "ends_out_feed", "ends_out_collect")
    for name in ("feed", "collect"):
        assert got[f"ends_out_{name}"][1:61] == [entry[f"ends_{name}"] for entry in entries]


@every_config
def test_sums_are_drained_a_cycle_after_they_are_read_while_the_other_set_works(build, rng, config):
    entries, half = [], most(config) // config.interleave * config.turn
    Tile(config, 0, 5, most(config), 1, True).write(entries)
    ready, order = half + 20, rng.sample(range(most(config)), most(config))
    Tile(config, ready, 7, most(config), 0, True).write(entries)
    entries += [{} for _ in range(ready + most(config) + 20 - len(entries))]
    for i, address in enumerate(order):
        entries[ready + i] |= dict(drain_read=1, drain_address=address, drain_set=1, drain_memory=1)
        entries[ready + i + 1] |= dict(drain_set=1, drain_memory=1)
    sums = with_noise(rng, entries, ready + 2 * half + 20)
    got = play(device(build, config), entries, "drained")["drained"]
    caught = Tile(config, 0, 5, most(config), 1, True).collects
    assert got[ready + 1 : ready + 1 + most(config)] == [sums[caught[address] + PRODUCT] for address in order]


@every_config
def test_without_a_memory_to_drain_it_is_the_end_of_the_chain(build, rng, config):
    entries = [dict(drain_set=rng.getrandbits(1)) for _ in range(30)]
    sums = with_noise(rng, entries, 30)
    assert play(device(build, config), entries, "drained")["drained"][:30] == sums


@pytest.mark.parametrize("after", range(1, PRODUCT + 1))
@pytest.mark.parametrize("name", ["ends_feed", "ends_collect"])
def test_reset_forgets_what_was_announced(build, rng, name, after):
    """Sums that came before stay."""
    config, layout = CONFIGS[0], layouts.column_edge(CONFIGS[0])
    entries = [{"rst": 0} for _ in range(40)]
    for at, what in ((0, "ends_collect"), (1, "ends_collect"), (10, name), (20, "ends_feed")):
        entries[at][what] = packed(layout, valid=1, begin=at != 1)
    entries[10 + after]["rst"] = 1
    entries[21]["ends_feed"] = packed(layout, valid=1)
    sums = with_noise(rng, entries, 40)
    got = play(device(build, config), entries, "sum_out")["sum_out"]
    kept = 0 if name == "ends_feed" or after < PRODUCT else 10
    assert got[20 + PRODUCT : 22 + PRODUCT] == [sums[kept + PRODUCT], sums[1 + PRODUCT]]

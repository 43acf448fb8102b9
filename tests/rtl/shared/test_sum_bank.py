"""sum_bank: words written, fed and drained, against a list; what is for the other set is not its business."""

import pytest

from rtl.sat import layouts
from rtl.sat.config import SatConfig
from rtl.shared.sum_bank import sum_bank
from tests.support.script import play

CONFIG = SatConfig(rows=1, columns=1, largest_m=4, chunk=16)  # 4 groups of 4 outputs: 16 sums
ADDRESSES = 16
every_number = pytest.mark.parametrize("number", [0, 1])


def device(build, number, config=CONFIG):
    return build(sum_bank, number=number, address_bits=layouts.sum_bits(config))


def filled(rng, number, addresses=ADDRESSES):
    """Script entries that write every word of a bank, and the words."""
    data = [rng.getrandbits(32) for _ in range(addresses)]
    return [dict(write=1, write_set=number, write_address=at, write_data=word) for at, word in enumerate(data)], data


@every_number
def test_it_has_a_word_for_each_sum_of_the_largest_tile_and_keeps_them_all(build, rng, number):
    entries, data = filled(rng, number)
    order = rng.sample(range(ADDRESSES), ADDRESSES)
    entries += [dict(feed=1, feed_set=number, feed_address=at) for at in order]
    got = play(device(build, number), entries, "data")["data"]
    assert got[ADDRESSES + 1 : 2 * ADDRESSES + 1] == [data[at] for at in order]


@every_number
def test_a_word_comes_a_cycle_after_its_fetch_and_stays_until_the_next(build, rng, number):
    entries, data = filled(rng, number)
    entries += [dict(feed=1, feed_set=number, feed_address=3), {}, {}]
    entries += [dict(drain=1, drain_set=number, drain_address=5), {}]
    got = play(device(build, number), entries, "data")["data"]
    assert got[ADDRESSES + 1 : ADDRESSES + 6] == [data[3]] * 3 + [data[5]] * 2


@every_number
@pytest.mark.parametrize("kind", ["feed", "drain"])
def test_a_word_is_fetched_in_the_cycle_after_its_write_and_not_before(build, rng, number, kind):
    entries, data = filled(rng, number)
    fetch = {kind: 1, f"{kind}_set": number, f"{kind}_address": 7}
    entries += [dict(write=1, write_set=number, write_address=7, write_data=1 - data[7] % 2, **fetch), fetch]
    got = play(device(build, number), entries, "data")["data"]
    assert got[ADDRESSES + 1 : ADDRESSES + 3] == [data[7], 1 - data[7] % 2]


@every_number
def test_one_block_is_written_and_fed_while_the_other_is_drained(build, rng, number):
    """At random, each port for this set or the other one, as the array may use them: never fed and drained at once."""
    entries, memory = filled(rng, number)
    expected, last = [], None
    for _ in range(400):
        drained = rng.getrandbits(1)  # the set that is drained; the other one may be fed
        entry = dict(
            write=rng.getrandbits(1),
            write_set=rng.getrandbits(1),
            write_address=rng.randrange(ADDRESSES),
            write_data=rng.getrandbits(32),
            feed=rng.getrandbits(1),
            feed_set=1 - drained,
            feed_address=rng.randrange(ADDRESSES),
            drain=rng.getrandbits(1),
            drain_set=drained,
            drain_address=rng.randrange(ADDRESSES),
        )
        for kind in ("feed", "drain"):
            if entry[kind] and entry[f"{kind}_set"] == number:
                last = memory[entry[f"{kind}_address"]]
        if entry["write"] and entry["write_set"] == number:
            memory[entry["write_address"]] = entry["write_data"]
        entries.append(entry)
        expected.append(last)
    got = play(device(build, number), entries, "data")["data"][ADDRESSES + 1 : ADDRESSES + 401]
    first = next(i for i, word in enumerate(expected) if word is not None)
    assert got[first:] == expected[first:] and len(set(expected)) > 50

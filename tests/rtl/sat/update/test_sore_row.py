"""sore_row: the groups of a vector are shifted in, and after M vectors the row is theirs."""

import pytest

from rtl.sat import layouts
from rtl.sat.config import SatConfig
from rtl.sat.update.sore_row import sore_row
from tests.support.script import play
from tests.support.update import packed


def device(build, config):
    return build(sore_row, config=config)


@pytest.mark.parametrize("largest_m, m", [(4, 4), (8, 4), (8, 8), (16, 4), (16, 8), (16, 16)])
@pytest.mark.parametrize("pause", [0, 1 / 2], ids=["busy", "paused"])
def test_after_m_vectors_the_row_holds_their_groups_the_oldest_first(build, rng, largest_m, m, pause):
    config = SatConfig(rows=1, columns=1, largest_m=largest_m, chunk=16)
    width, groups = layouts.weight(config).width, largest_m // m
    entries, shifted, want = [], [], []
    for _ in range(6 * m):
        while rng.random() < pause:
            entries.append(dict(m=m, fresh=rng.getrandbits(width * (largest_m // 4))))
            want.append(list(shifted))
        fresh = [rng.getrandbits(width) for _ in range(largest_m // 4)]
        entries.append(dict(valid=1, m=m, fresh=packed(fresh, width)))
        shifted = (shifted + fresh[:groups])[-largest_m:]
        want.append(list(shifted))
    got = play(device(build, config), entries, "row")["row"]
    full = [cycle for cycle, row in enumerate(want) if len(row) == largest_m]
    assert [got[cycle + 1] for cycle in full] == [packed(want[cycle], width) for cycle in full]
    assert len(full) >= 5 * m


def test_rows_of_different_m_follow_each_other(build, rng):
    config = SatConfig(rows=1, columns=1, largest_m=16, chunk=16)
    width, entries, want = layouts.weight(config).width, [], {}
    for m in (16, 4, 8, 16, 8, 4, 4, 16):
        vectors = [[rng.getrandbits(width) for _ in range(4)] for _ in range(m)]
        entries += [dict(valid=1, m=m, fresh=packed(fresh, width)) for fresh in vectors]
        want[len(entries)] = packed([entry for fresh in vectors for entry in fresh[: 16 // m]], width)
    got = play(device(build, config), entries, "row")["row"]
    assert {cycle: got[cycle] for cycle in want} == want
    assert len(want) == 8

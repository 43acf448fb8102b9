"""work_counters: each cycle counts once, as work, as waiting or as idle."""

from rtl.shared.work_counters import work_counters
from tests.support.script import play

NAMES = ("busy", "waiting", "idle")


def device(build):
    return build(work_counters)


def test_every_cycle_since_reset_is_counted_a_cycle_later_as_one_of_three(build, rng):
    """What is issued is work, whether or not it says so. Another reset, in the middle, begins anew."""
    entries = [
        dict(issuing=rng.getrandbits(1), working=rng.getrandbits(1), rst=int(cycle in (150, 151)))
        for cycle in range(400)
    ]
    got = play(device(build), entries, *NAMES)
    assert [got[name][0] for name in NAMES] == [0, 0, 1]  # the cycle before the script
    counts = dict(busy=0, waiting=0, idle=1)
    for cycle, entry in enumerate(entries, 1):
        counts["busy" if entry["issuing"] else "waiting" if entry["working"] else "idle"] += 1
        if entry["rst"]:
            counts = dict.fromkeys(NAMES, 0)
        assert {name: got[name][cycle] for name in NAMES} == counts
        assert sum(counts.values()) == (cycle - 152 if cycle >= 152 else 0 if cycle == 151 else cycle + 1)
    assert cycle == 400 and min(counts.values()) > 30

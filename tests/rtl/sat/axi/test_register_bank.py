"""register_bank against the register map: what is written is read, and counters are copied at one edge."""

import pytest

from rtl.sat.axi.register_bank import register_bank
from rtl.sat.axi.registers import ADDRESS_BITS, NAMED, RATES, REGISTERS, bit
from rtl.sat.config import SatConfig
from tests.support.script import play

CONFIG = SatConfig(rows=3, columns=5, interleave=7, largest_m=8, chunk=48, update_lanes=4)
WORD_BITS = ADDRESS_BITS - 2
CONTROL, STATUS = NAMED["control"].word, NAMED["status"].word
SNAPSHOT = dict(
    access_write=1, access_write_word=CONTROL, access_write_strobe=1, access_write_data=1 << bit("control", "snapshot")
)
COUNTS = dict(counters_busy=0x123456789ABC, counters_waiting=0xFEDCBA987654, counters_idle=0x800000000001)


def run(build, entries, *names):
    return play(build(register_bank, config=CONFIG), entries, *names, cycles=len(entries) + 1)


def write(name, data, strobe=0xF):
    return dict(access_write=1, access_write_word=NAMED[name].word, access_write_data=data, access_write_strobe=strobe)


def reads(*names):
    return [dict(access_read_word=NAMED[name].word) for name in names]


def test_after_reset_every_register_has_its_value_and_there_is_nothing_beyond(build):
    beyond = [len(REGISTERS), len(REGISTERS) + 8, 1 << WORD_BITS - 1, (1 << WORD_BITS) - 1]
    entries = [dict(access_read_word=word, status_resetting=1) for word in [*range(len(REGISTERS)), *beyond]]
    seen = run(build, entries, "access_read_data", "access_readable")
    assert seen["access_read_data"][:-1] == [register.value(CONFIG) for register in REGISTERS] + [0] * len(beyond)
    assert seen["access_readable"][:-1] == [1] * len(REGISTERS) + [0] * len(beyond)


def test_only_what_is_read_write_is_writable(build):
    words = [*range(len(REGISTERS) + 3), (1 << WORD_BITS) - 1]
    seen = run(build, [dict(access_write_word=word) for word in words], "access_writable")
    expected = [register.access == "rw" for register in REGISTERS] + [False] * 4
    assert seen["access_writable"][:-1] == expected and sum(expected) == 5


@pytest.mark.parametrize("strobe", range(16))
def test_the_bytes_that_are_strobed_are_written(build, rng, strobe):
    before, after = ([rng.getrandbits(32) for _ in RATES] for _ in range(2))
    entries = [write(register.name, value) for register, value in zip(RATES, before, strict=True)]
    entries += [write(register.name, value, strobe) for register, value in zip(RATES, after, strict=True)]
    entries += reads(*(register.name for register in RATES))
    seen = run(build, entries, "access_read_data", "rates")
    mask = sum(0xFF << 8 * k for k in range(4) if strobe >> k & 1)
    expected = [old & ~mask | new & mask for old, new in zip(before, after, strict=True)]
    assert seen["access_read_data"][8:12] == expected
    assert seen["rates"][-1] == sum(value << 32 * k for k, value in enumerate(expected))


def test_nothing_is_written_without_write_or_to_another_register(build):
    entries = [
        dict(write("decay", 5), access_write=0),
        write("tiles", 6),
        write("identification", 7),
        *reads(*(register.name for register in REGISTERS)),
    ]
    seen = run(build, [dict(entry, status_resetting=1) for entry in entries], "access_read_data", "rates")
    assert seen["access_read_data"][3:-1] == [register.value(CONFIG) for register in REGISTERS]
    assert seen["rates"][-1] == 0


def test_the_reset_bit_stays_as_written_and_snapshot_reads_as_zero(build):
    reset = 1 << bit("control", "reset")
    entries = [
        write("control", reset),
        *reads("control"),
        dict(SNAPSHOT, access_write_data=SNAPSHOT["access_write_data"] | reset),
        *reads("control"),
        write("control", 0, 0b1110),
        *reads("control"),
        write("control", 0),
        *reads("control"),
    ]
    seen = run(build, entries, "soft_reset", "access_read_data")
    assert seen["soft_reset"] == [0, 1, 1, 1, 1, 1, 1, 0, 0]
    assert [seen["access_read_data"][now] for now in (1, 3, 5, 7)] == [reset, reset, reset, 0]


@pytest.mark.parametrize("name", ["resetting", "working", "overflow"])
def test_the_status_shows_each_flag_in_its_bit(build, name):
    seen = run(
        build, [dict(access_read_word=STATUS), {"access_read_word": STATUS, f"status_{name}": 1}], "access_read_data"
    )
    assert seen["access_read_data"][:2] == [0, 1 << bit("status", name)]


def test_a_snapshot_copies_all_counters_at_one_edge(build):
    halves = [f"{name}_{half}" for name in ("busy", "waiting", "idle") for half in ("low", "high")]
    tiles = [dict(status_tile_done=1)] * 3
    later = dict.fromkeys(COUNTS, 5)
    entries = [
        *tiles,
        dict(SNAPSHOT, status_tile_done=1, **COUNTS),
        *(dict(entry, status_tile_done=1, **later) for entry in reads(*halves, "tiles")),
        dict(SNAPSHOT, access_write_strobe=0b1110, **later),
        *reads("busy_low"),
        dict(SNAPSHOT, **later),
        *reads(*halves, "tiles"),
    ]
    seen = run(build, entries, "access_read_data")["access_read_data"]
    assert seen[4:10] == [count >> shift & 0xFFFFFFFF for count in COUNTS.values() for shift in (0, 32)]
    assert seen[10] == 3
    assert seen[12] == COUNTS["counters_busy"] & 0xFFFFFFFF
    assert seen[14:21] == [5, 0, 5, 0, 5, 0, 11]


def test_tiles_are_counted_from_the_end_of_a_reset_and_copies_stay(build):
    entries = [
        *[dict(status_tile_done=1)] * 4,
        SNAPSHOT,
        dict(status_resetting=1),
        *reads("tiles"),
        dict(status_tile_done=1),
        SNAPSHOT,
        *reads("tiles"),
    ]
    seen = run(build, entries, "access_read_data")["access_read_data"]
    assert (seen[6], seen[9]) == (4, 1)

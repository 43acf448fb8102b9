"""uspe: steps with their groups in, sums out, against a chain of the golden units."""
import pytest
from myhdl import Signal, intbv

from rtl import timing, uspe as unit, words
from rtl.config import SatConfig
from rtl.golden import fp16_mul, fp32_add
from rtl.golden.floats import FP16_NAN
from tests.support import floats
from tests.support.script import packed, play

LAG = timing.SELECT + timing.FP16_MUL + timing.ACCUMULATE       # from a weight on south to its sum
SHAPES = [(4, 4), (5, 8), (8, 16)]
HALVES = floats.FP16_CLASSES + [floats.half(x / 8) for x in range(-200, 200)]


def device(build, config):
    step, group, slot = words.step(config).width, words.group_bits(config), words.slot_bits(config)
    widths = dict(west=group, east=group, north=step, south=step, drain_slot=slot, drain_in=32, drain_out=32)
    flags = ("clk", "rst", "west_load", "east_load", "drain_load", "drain_shift")
    return build(unit.uspe, config=config, **{name: Signal(intbv(0)[width:]) for name, width in widths.items()},
                 **{name: Signal(bool(0)) for name in flags})


def config_of(interleave, largest_m):
    return SatConfig(rows=1, columns=1, interleave=interleave, largest_m=largest_m, chunk=16)


def group_word(activations):
    """Activations as west_lane hands them over, with the bits that mark infinities and NaN."""
    special = sum((value >> 10 & 31 == 31) << i for i, value in enumerate(activations))
    return sum(value << 16 * i for i, value in enumerate(activations)) | special << 16 * len(activations)


def random_tile(rng, config, tile, groups=4, values=2):
    """Script entries of a tile, and the sums it leaves in its set of accumulators, by slot."""
    entries, sums, layout = [], {}, words.step(config)
    for group in range(groups):
        activations = [rng.choice(HALVES) for _ in range(config.largest_m)]
        for value in range(values):
            for place in range(config.interleave):
                slot, weight = tile % 2 * config.interleave + place, rng.choice(HALVES)
                index, pruned = rng.randrange(config.largest_m), rng.getrandbits(config.largest_m) & rng.getrandbits(2)
                first, valid = group == value == 0, rng.random() < 0.9 or group == value == 0
                step = packed(layout, weight=weight, index=index, pruned=pruned, slot=slot, first=first, valid=valid)
                entries.append(dict(west_load=value == place == 0, west=group_word(activations), north=step))
                if valid:
                    spoiled = any(pruned >> i & 1 and x & 0x7C00 == 0x7C00 for i, x in enumerate(activations))
                    product = fp16_mul(FP16_NAN if spoiled else activations[index], weight)
                    sums[slot] = fp32_add(0 if first else sums[slot], product)
    return entries, sums


@pytest.mark.parametrize("interleave, largest_m", SHAPES)
def test_each_accumulator_takes_its_steps_while_the_other_set_is_drained(build, rng, interleave, largest_m):
    config = config_of(interleave, largest_m)
    entries, expected = [], {}
    for tile in range(4):
        steps, sums = random_tile(rng, config, tile)
        start = len(entries)
        entries += steps
        for place in range(interleave):         # the tile before is drained as soon as it may be
            if tile:
                entries[start + LAG + place] |= dict(drain_load=1, drain_slot=(tile + 1) % 2 * interleave + place)
                expected[start + LAG + place + 1] = before[(tile + 1) % 2 * interleave + place]
        before = sums
    got = play(device(build, config), entries, "drain_out")["drain_out"]
    assert {cycle: got[cycle] for cycle in expected} == expected
    assert len(expected) == 3 * interleave


def test_a_product_reaches_its_accumulator_after_the_promised_latency_and_not_before(build):
    config, layout = config_of(4, 4), words.step(config_of(4, 4))
    one, two = floats.half(1.0), floats.half(2.0)
    step = dict(west_load=1, west=group_word([one] * 4))
    entries = [{} for _ in range(40)]
    entries[0] = {**step, "north": packed(layout, weight=one, slot=3, first=1, valid=1)}
    entries[12] = {**step, "north": packed(layout, weight=two, slot=3, valid=1)}
    stands = 12 + 1 + LAG                       # a cycle to south
    for cycle in (stands - 1, stands):
        entries[cycle] |= dict(drain_load=1, drain_slot=3)
    got = play(device(build, config), entries, "drain_out")["drain_out"]
    assert got[stands:stands + 2] == [floats.single(1.0), floats.single(3.0)]


@pytest.mark.parametrize("special, pruned, total", [
    (0x7C00, 2, 0x7FC00000), (0xFC00, 2, 0x7FC00000), (0x7E00, 2, 0x7FC00000),      # zero times it is NaN
    (0x7C00, 4, floats.single(1.0)), (0x7BFF, 2, floats.single(1.0))])
def test_a_pruned_weight_still_multiplies_an_infinity_by_zero(build, special, pruned, total):
    config, layout = config_of(4, 4), words.step(config_of(4, 4))
    one = floats.half(1.0)
    entries = [{} for _ in range(20)]
    entries[0] = dict(west_load=1, west=group_word([one, special, one, one]),
                      north=packed(layout, weight=one, index=0, pruned=pruned, slot=1, first=1, valid=1))
    entries[1 + LAG] = dict(drain_load=1, drain_slot=1)
    assert play(device(build, config), entries, "drain_out")["drain_out"][2 + LAG] == total


def test_groups_and_steps_move_on_after_one_cycle(build, rng):
    config = config_of(4, 8)
    entries = [dict(west_load=rng.getrandbits(1), west=rng.getrandbits(words.group_bits(config)),
                    north=rng.getrandbits(words.step(config).width)) for _ in range(50)]
    got = play(device(build, config), [{"west_load": 1, "west": 5}, *entries], "east_load", "east", "south")
    held = 5
    for cycle, entry in enumerate(entries, 1):
        held = entry["west"] if entry["west_load"] else held
        assert (got["east_load"][cycle + 1], got["east"][cycle + 1], got["south"][cycle + 1]) == \
            (entry["west_load"], held, entry["north"])


def test_a_shift_passes_the_word_of_the_element_below_on(build, rng):
    below = [rng.getrandbits(32) for _ in range(20)]
    entries = [dict(drain_shift=1, drain_in=word) for word in below] + [dict(drain_in=7)]
    got = play(device(build, config_of(4, 4)), entries, "drain_out")["drain_out"]
    assert got[1:21] == below
    assert got[21:24] == [below[-1]] * 3


@pytest.mark.parametrize("after", range(1, LAG))
def test_reset_forgets_a_step_wherever_it_is_on_its_way(build, after):
    config, layout = config_of(4, 4), words.step(config_of(4, 4))
    one = floats.half(1.0)
    group = dict(west_load=1, west=group_word([one] * 4))
    entries = [{"rst": 0} for _ in range(40)]
    entries[0] |= {**group, "north": packed(layout, weight=one, slot=0, first=1, valid=1)}
    entries[15] |= {**group, "north": packed(layout, weight=one, slot=0, valid=1)}
    entries[15 + after]["rst"] = 1
    entries[30] |= dict(drain_load=1, drain_slot=0)
    assert play(device(build, config), entries, "drain_out")["drain_out"][31] == floats.single(1.0)

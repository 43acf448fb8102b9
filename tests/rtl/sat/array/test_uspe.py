"""uspe: steps with their groups and weights in, sums out, against a chain of the golden units."""

from itertools import product

import pytest

from rtl.float.formats import FP16_NAN
from rtl.golden import fp16_mul, fp32_add
from rtl.sat import layouts, timing
from tests.support import floats
from tests.support.script import fields, packed, play
from tests.support.uspe import LAG, ONE, TWO, config_of, device, group_word, written

SHAPES = [(1, 4), (3, 8), (4, 4), (5, 8), (8, 16)]
HALVES = floats.FP16_CLASSES + [floats.half(x / 8) for x in range(-200, 200)]


def product_of(activations, weight):
    spoiled = any(weight["pruned"] >> i & 1 and x & 0x7C00 == 0x7C00 for i, x in enumerate(activations))
    return fp16_mul(FP16_NAN if spoiled else activations[weight["index"]], weight["weight"])


def random_group(rng, config):
    return [rng.choice(HALVES) for _ in range(config.largest_m)]


def random_weight(rng, config):
    return dict(
        weight=rng.choice(HALVES),
        index=rng.randrange(config.largest_m),
        pruned=rng.getrandbits(config.largest_m) & rng.getrandbits(2),
    )


def slot(config, place, number):
    """The number of an accumulator."""
    return layouts.slot(config).pack(place=place, set=number)


def random_tile(rng, config, tile, groups=4, values=2):
    """Script entries of a tile with stationary sums, and those that it leaves in its set, by slot.

    Each weight comes with its step: it is written in time, and not a cycle earlier than it must be.
    """
    entries, sums, layout = [], {}, layouts.step(config)
    for group in range(groups):
        activations = random_group(rng, config)
        for value in range(values):
            for place in range(config.turn):
                weight, at = random_weight(rng, config), slot(config, place, tile % 2)
                first = group == value == 0
                valid = place < config.interleave and (first or rng.random() < 0.9)
                step = packed(
                    layout,
                    valid=valid,
                    fresh=first,
                    set=tile % 2,
                    place=place,
                    value=value,
                    bank=tile % 2,
                    load=value == place == 0,
                )
                down = written(config, weight, place, value, tile % 2, everyone=1, distance=rng.randrange(5))
                entries.append(dict(west_step=step, west_group=group_word(activations), north=down))
                if valid:
                    sums[at] = fp32_add(0 if first else sums[at], product_of(activations, weight))
    return entries, sums


@pytest.mark.parametrize("interleave, largest_m", SHAPES)
def test_each_accumulator_takes_its_steps_while_the_other_set_is_drained(build, rng, interleave, largest_m):
    config = config_of(interleave, largest_m)
    entries, expected, before = [], {}, {}
    for tile in range(4):
        steps, sums = random_tile(rng, config, tile)
        start = len(entries)
        entries += steps
        for place in range(interleave if tile else 0):  # the tile before is drained as soon as it may be
            number = slot(config, place, (tile + 1) % 2)
            entries[start + LAG + place] |= dict(drain_load=1, drain_slot=number)
            expected[start + LAG + place + 1] = before[number]
        before = sums
    got = play(device(build, config), entries, "sum_out")["sum_out"]
    assert {cycle: got[cycle] for cycle in expected} == expected
    assert len(expected) == 3 * interleave


def stationary_weights(rng, config, values, bank):
    """A weight for each value and place of a bank, and the entries that write them."""
    weights = {place: random_weight(rng, config) for place in product(range(values), range(config.interleave))}
    writes = [dict(north=written(config, weight, place, value, bank)) for (value, place), weight in weights.items()]
    return weights, writes


def passing_sums(rng, config, values, groups, weights, bank):
    """Script entries of a tile whose weights stay, and {entry: sum} of what must stand on sum_out."""
    layout, entries, leaving = layouts.step(config), [], {}
    for _ in range(groups):
        activations, sums = random_group(rng, config), {}
        for value in range(values):
            for place in range(config.turn):
                valid = place < config.interleave
                step = packed(
                    layout,
                    valid=valid,
                    above=valid and value == 0,
                    below=valid and value == values - 1,
                    fresh=rng.getrandbits(1) and value == 0,
                    place=place,
                    value=value,
                    bank=bank,
                    load=value == place == 0,
                )
                entries.append(dict(west_step=step, west_group=group_word(activations)))
                if valid:
                    above = sums.setdefault(place, rng.getrandbits(31) & ~(1 << 30))
                    if value == 0:
                        entries[-1]["sum"] = above
                    sums[place] = fp32_add(above, product_of(activations, weights[value, place]))
                if valid and value == values - 1:
                    leaving[len(entries) - 1 + config.turn + timing.PRODUCT] = sums[place]
    return entries, leaving


@pytest.mark.parametrize("values", [1, 2, 4])
@pytest.mark.parametrize("interleave, largest_m", SHAPES)
def test_sums_pass_from_above_to_below_while_the_next_weights_are_written(build, rng, interleave, largest_m, values):
    """A sum is wanted when its first product is there, and handed on just when the element below wants it."""
    config = config_of(interleave, largest_m)
    weights, entries = stationary_weights(rng, config, values, 0)
    expected, sums_in, tiles = {}, {}, 3
    for tile in range(tiles):
        steps, leaving = passing_sums(rng, config, values, 3, weights, tile % 2)
        weights, writes = stationary_weights(rng, config, values, (tile + 1) % 2)
        start = len(entries)
        expected |= {start + at: total for at, total in leaving.items()}
        sums_in |= {start + at + timing.PRODUCT: step.pop("sum") for at, step in enumerate(steps) if "sum" in step}
        entries += [step | write for step, write in zip(steps, writes + [{}] * len(steps), strict=False)]
    entries += [{}] * (config.turn + timing.PRODUCT)
    for at, entry in enumerate(entries):
        entry = entries[at] = dict(entry)
        entry["sum_in"] = sums_in.get(at, rng.getrandbits(32))
    got = play(device(build, config), entries, "sum_out")["sum_out"]
    assert {cycle: got[cycle] for cycle in expected} == expected
    assert len(expected) == tiles * 3 * interleave
    changes = [cycle for cycle in range(min(expected), max(expected) + 1) if got[cycle] != got[cycle - 1]]
    assert set(changes) <= set(expected) and len(changes) > len(expected) // 2


def test_a_product_reaches_its_accumulator_after_the_promised_latency_and_not_before(build):
    config, layout = config_of(4, 4), layouts.step(config_of(4, 4))
    group, entries = group_word([ONE] * 4), [{} for _ in range(40)]
    for at, weight, fresh in ((0, ONE, 1), (12, TWO, 0)):
        entries[at] = dict(
            west_group=group,
            west_step=packed(layout, valid=1, fresh=fresh, place=3, load=1),
            north=written(config, dict(weight=weight), 3),
        )
    stands = 12 + 1 + LAG  # a cycle to east.step
    for cycle in (stands - 1, stands):
        entries[cycle] |= dict(drain_load=1, drain_slot=slot(config, 3, 0))
    got = play(device(build, config), entries, "sum_out")["sum_out"]
    assert got[stands : stands + 2] == [floats.single(1.0), floats.single(3.0)]


@pytest.mark.parametrize("lead, total", [(-1, 2.0), (0, 1.0), (1, 1.0)])
def test_a_weight_can_be_used_in_the_cycle_after_it_came_and_not_before(build, lead, total):
    """The step stands on east.step a cycle after west.step: a weight that comes with it is in time."""
    config, entries = config_of(4, 4), [{} for _ in range(30)]
    entries[0] = dict(north=written(config, dict(weight=TWO), 1))
    step = packed(layouts.step(config), valid=1, fresh=1, place=1, load=1)
    entries[10] = dict(west_step=step, west_group=group_word([ONE] * 4))
    entries[10 - lead] |= dict(north=written(config, dict(weight=ONE), 1))
    entries[11 + LAG] |= dict(drain_load=1, drain_slot=slot(config, 1, 0))
    assert play(device(build, config), entries, "sum_out")["sum_out"][12 + LAG] == floats.single(total)


@pytest.mark.parametrize(
    "where, kept",
    [
        (dict(distance=0), True),
        (dict(distance=1), False),
        (dict(distance=4), False),
        (dict(distance=7), False),
        (dict(everyone=1, distance=3), True),
        (dict(write=0), False),
        (dict(write=0, everyone=1), False),
    ],
    ids=str,
)
def test_a_weight_is_kept_by_the_element_that_it_reaches_with_distance_0_or_by_all(build, where, kept):
    config, entries, down = config_of(4, 4), [{} for _ in range(30)], layouts.weight_packet(config_of(4, 4))
    entries[0] = dict(north=written(config, dict(weight=TWO), 2))
    entries[1] = dict(north=packed(down, **{**fields(down, written(config, dict(weight=ONE), 2)), **where}))
    step = packed(layouts.step(config), valid=1, fresh=1, place=2, load=1)
    entries[5] = dict(west_step=step, west_group=group_word([ONE] * 4))
    entries[6 + LAG] = dict(drain_load=1, drain_slot=slot(config, 2, 0))
    total = play(device(build, config), entries, "sum_out")["sum_out"][7 + LAG]
    assert total == floats.single(1.0 if kept else 2.0)


@pytest.mark.parametrize(
    "special, pruned, total",
    [
        (0x7C00, 2, 0x7FC00000),
        (0xFC00, 2, 0x7FC00000),
        (0x7E00, 2, 0x7FC00000),  # zero times it is NaN
        (0x7C00, 4, floats.single(1.0)),
        (0x7BFF, 2, floats.single(1.0)),
    ],
)
def test_a_pruned_weight_still_multiplies_an_infinity_by_zero(build, special, pruned, total):
    config, entries = config_of(4, 4), [{} for _ in range(20)]
    entries[0] = dict(
        west_group=group_word([ONE, special, ONE, ONE]),
        west_step=packed(layouts.step(config), valid=1, fresh=1, place=1, load=1),
        north=written(config, dict(weight=ONE, pruned=pruned), 1),
    )
    entries[1 + LAG] = dict(drain_load=1, drain_slot=slot(config, 1, 0))
    assert play(device(build, config), entries, "sum_out")["sum_out"][2 + LAG] == total

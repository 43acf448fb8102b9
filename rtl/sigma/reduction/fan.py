"""SIGMA's forwarding adder network (FAN): the sums of runs of lanes of any lengths, all at once."""

from myhdl import always_comb

from rtl.float.formats import FP32, FP32_NAN
from rtl.hdl.hierarchy import module
from rtl.hdl.lanes import join, split
from rtl.hdl.stream import bit, bus
from rtl.sigma import layouts, timing
from rtl.sigma.delay_line import delay_line
from rtl.sigma.reduction.fan_adder import fan_adder
from rtl.sigma.reduction.fan_choice import fan_choice
from rtl.sigma.reduction.fan_control import fan_control
from rtl.sigma.reduction.fan_leaf import fan_leaf
from rtl.sigma.reduction.fan_node import fan_node
from rtl.sigma.reduction.fan_spans import fan_spans

LANES = (2, 4, 8, 16, 32, 64, 128)


@module
def fan(clk, products, runs, active, sums, lanes, id_bits):
    """Sum runs of consecutive lanes, each in the order of the tree.

    Adder a lies between the lanes a and a + 1; its level is the number of 1s at the end of a. It takes from the adders
    a - 2^m and a + 2^m of each lower level m, and its sum goes to two others. The nearer level takes it at once, the
    further one later, and complete sums go on to the end, so that all sums of a partition come together.

    products    in   FP32 of each lane, lane 0 in the low bits
    runs        in   a vecID for each lane: consecutive lanes with the same one are a run
    active      in   lanes that belong to a run; the vecID of any other means nothing
    sums        out  FP32 of each slot, every NaN 0x7FC00000; a run comes in the slot of its adder of highest level, a
                     single lane in its own. Other slots mean nothing
    Latency     4 cycles (ACCUMULATE) for each level (timing.fan); `lanes` is one of LANES
    Throughput  1 partition per cycle, each with other runs
    Reset       none: a pipeline without state
    Golden      rtl/golden/fan.py
    """
    if lanes not in LANES:
        raise ValueError(f"the FAN's lanes must be one of {LANES}, not {lanes}")
    levels = lanes.bit_length() - 1
    adders = [range((1 << level) - 1, lanes - 1, 2 << level) for level in range(levels)]
    last, f = lanes - 1, FP32.layout
    terms = [bus(32) for _ in range(lanes)]
    spans = bus((lanes + 1) * levels)
    add = [bit() for _ in range(last)]
    totals = [bus(32) for _ in range(last)]
    last_sum = bus(32)

    parts, delays = [split(products, terms), fan_spans(runs, active, spans, lanes, id_bits)], []
    leftward, rightward = {}, {}  # of each adder {level: the sum that it sends there, when that level takes it}
    for level, places in enumerate(adders):
        adds = bus(len(places))
        parts += [fan_control(spans, adds, level, lanes), split(_later(adds, level, delays), [add[a] for a in places])]
    for a in adders[0]:
        passing = bus(32)
        parts.append(fan_leaf(clk, terms[a], terms[a + 1], add[a], totals[a], passing))
        leftward[a] = _carried(totals[a], 0, {_level(a - 1, lanes), levels}, delays)
        rightward[a] = _carried(passing, 0, {_level(a + 1, lanes)}, delays)
    for level in range(1, levels):
        if level > 1:
            choice = [bus(layouts.choice(level)) for _ in adders[level]]
            choices = bus(len(choice) * len(choice[0]))
            parts += [fan_choice(spans, choices, level, lanes), split(_later(choices, level, delays), choice)]
        for k, a in enumerate(adders[level]):
            reaches = [1 << m for m in range(level + 1)]
            lefts = [rightward[a - reach][level] for reach in reaches[:-1]]
            rights = [leftward[a + reach][level] for reach in reaches[:-1]]
            if level == 1:  # one wire on each side
                parts.append(fan_adder(clk, lefts[0], rights[0], add[a], totals[a]))
            else:
                left_bus, right_bus = (bus(32 * level) for _ in range(2))
                parts += [
                    join(lefts, left_bus),
                    join(rights, right_bus),
                    fan_node(clk, left_bus, right_bus, choice[k], add[a], totals[a], level),
                ]
            takers = {_level(a - reaches[-1], lanes), _level(a + reaches[-1], lanes), levels}
            leftward[a] = rightward[a] = _carried(totals[a], level, takers, delays)
    last_passed = rightward[last - 1][levels]

    @always_comb
    def finish():
        # The last lane has no adder: alone, it has only passed.
        last_sum.next = last_passed
        if last_passed[f.exponent_high : f.exponent_low] == 255 and last_passed[f.fraction_high : f.fraction_low] != 0:
            last_sum.next = FP32_NAN

    parts += [
        join([*(leftward[a][levels] for a in range(last)), last_sum], sums),
    ]
    for words, laters, cycles in _alike(delays):
        entering, leaving = (bus(len(words) * len(words[0])) for _ in range(2))
        line = delay_line(clk, entering, leaving, len(entering), cycles)
        parts += [join(words, entering), line, split(leaving, laters)]
    return finish, parts


def _level(adder, lanes):
    """An adder's level: the 1s at the end of its number; beyond both edges that of the end, above all levels."""
    number = adder % lanes + 1
    return (number & -number).bit_length() - 1


def _later(word, levels, delays):
    """The word as it is so many levels later; (word, later, cycles) goes to `delays`, for fan to make."""
    if not levels:
        return word
    later = bus(len(word))
    delays.append((word, later, timing.fan(levels)))
    return later


def _alike(delays):
    """(words, the same later, cycles) for the words of a width that are delayed by so many cycles: Icarus evaluates one
    long line in the time of two short ones."""
    found: dict[tuple[int, int], tuple[list, list, int]] = {}
    for word, later, cycles in delays:
        words, laters, _ = found.setdefault((len(word), cycles), ([], [], cycles))
        words.append(word)
        laters.append(later)
    return found.values()


def _carried(total, level, takers, delays):
    """{taker: the sum of an adder of `level`, delayed until the level `taker` adds}, by one chain of delays."""
    arrived, here = {}, level + 1
    for taker in sorted(takers):
        total, here = _later(total, taker - here, delays), taker
        arrived[taker] = total
    return arrived


def ports(lanes: int, id_bits: int) -> dict:
    """Fresh ports of a `fan`, by name."""
    return dict(
        clk=bit(),
        products=bus(32 * lanes),
        runs=bus(lanes * id_bits),
        active=bus(lanes),
        sums=bus(32 * lanes),
    )

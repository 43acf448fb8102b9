"""Golden model of SIGMA's Benes network: the settings that route a multicast, and the outputs for any settings.

rtl/sigma/distribution/benes_network.py says what the levels are, and how the bits of the settings are numbered.
"""

import random
from collections.abc import Sequence
from functools import cache, lru_cache
from operator import index

from rtl.sigma.distribution.benes_network import distances, settings_bits

TRIES = 100  # for each output, on average; 1.2 were the most that any sources needed


def distribute(values: Sequence[int], settings: int) -> list[int]:
    """The network's outputs for `values` at its inputs, one for each port. Raises ValueError for other settings."""
    lanes = len(values)
    width = settings_bits(lanes)
    if not 0 <= settings < 1 << width:
        raise ValueError(f"the settings of {lanes} ports are a word of {width} bits, not {settings:#x}")
    bits = [int(bit) for bit in reversed(f"{settings:0{width}b}")]
    switches = [(value, 0) for value in values]
    for level, distance in enumerate(distances(lanes)):
        here = bits[2 * lanes * level : 2 * lanes * (level + 1)]
        straight = [inputs[bit] for inputs, bit in zip(switches, here[::2], strict=True)]
        cross = [inputs[bit] for inputs, bit in zip(switches, here[1::2], strict=True)]
        switches = [(straight[i], cross[i ^ distance]) for i in range(lanes)]
    return [inputs[bit] for inputs, bit in zip(switches, bits[-lanes:], strict=True)]


def route(sources: Sequence[int | None]) -> int:
    """Settings with which output d carries the value of input sources[d], whatever several outputs want.

    sources  an input for each output, or None where anything may come out
    Returns  the word of settings, the same one in every run
    Raises ValueError for a number of ports that is no power of two from 2 to 128 and for an input that is none of
    them, and RuntimeError should the search not end.

    The first half of the levels can bring an input to any switch of the middle level, the second half that switch to
    any output. So a path is given by its middle switch, and an output has N to choose from: N switches of 2x2 in 2n+1
    levels are a Benes network of 2N ports, and only half of the ports are used. That is the room which a multicast
    needs. (One bit of |source - destination| a level, as in SIGMA's paper, gives an output one path and no choice, and
    two such paths can meet.)

    The wire behind level t < n of a path from source s over middle switch m ends at the switch with the lower t + 1
    bits of m and the upper ones of s, and whether it is the straight or the cross one, bit t of s then tells. The last
    levels are the mirror image, with the output for the source. Hence two outputs d and e that want different inputs
    r and s share a wire just when their middle switches agree in the bits 0 to t, with t the bit length of r XOR s or
    that of d XOR e, whichever is less; and never if t is n. Outputs that want the same input may share any wire.

    So outputs choose one after another the lowest middle switch that is free. Where none is, an output takes the one
    with the fewest others in its way, and those choose again later. All 9^8 choices of sources for 8 ports were tried,
    and there is always a free one; of 16 to 128 ports a sample, in which 1.003 choices an output were enough.
    """
    lanes = len(sources)
    distances(lanes)
    wanted = tuple(None if source is None else index(source) for source in sources)
    for source in wanted:
        if source is not None and not 0 <= source < lanes:
            raise ValueError(f"a source of {lanes} ports is an input from 0 to {lanes - 1}, not {source}")
    return _settings(wanted)


@lru_cache(maxsize=4096)  # the columns of a dense operand are routed alike
def _settings(sources: tuple[int | None, ...]) -> int:
    """The settings by which each wanted input goes over its path's middle switch to the output."""
    lanes, hops = len(sources), distances(len(sources))
    wanted = {output: source for output, source in enumerate(sources) if source is not None}
    stages = len(hops) // 2
    settings = 0
    for output, middle in _middles(lanes, wanted).items():
        switch, crossed = wanted[output], False
        for level, distance in enumerate(hops):
            crosses = bool((middle ^ (switch if level < stages else output)) & distance)
            if crossed:
                settings |= 1 << 2 * (lanes * level + switch) + crosses
            switch, crossed = switch ^ distance * crosses, crosses
        settings |= crossed << 2 * lanes * len(hops) + output
    return settings


def _middles(lanes: int, wanted: dict[int, int]) -> dict[int, int]:
    """{output: middle switch of its path}, for the outputs of wanted, {output: input}, which ascend."""
    random_order = random.Random(0)
    waiting = [*reversed(wanted)]
    middles: dict[int, int] = {}
    for _ in range(TRIES * lanes):
        if not waiting:
            return middles
        output = waiting.pop()
        if free := _free(output, lanes, wanted, middles):
            middles[output] = (free & -free).bit_length() - 1
            continue
        blocked = _blocked(output, lanes, wanted, middles)
        # In any fixed order two outputs could take each other's place for ever.
        others = [[other for switches, other in blocked if switches >> middle & 1] for middle in range(lanes)]
        fewest = min(map(len, others))
        middle = random_order.choice([m for m in range(lanes) if len(others[m]) == fewest])
        for other in others[middle]:
            del middles[other]
            waiting.insert(random_order.randrange(len(waiting) + 1), other)
        middles[output] = middle
    sources = tuple(map(wanted.get, range(lanes)))
    raise RuntimeError(f"no route was found in {TRIES * lanes} tries for the sources {sources}")


def _free(output: int, lanes: int, wanted: dict[int, int], middles: dict[int, int]) -> int:
    """The middle switches, as a set of bits, that no path which is routed closes to `output`."""
    agreeing, lengths, source = _agreeing(lanes), _lengths(lanes), wanted[output]
    closed = 0
    for other, middle in middles.items():
        if differing := source ^ wanted[other]:
            sources, outputs = lengths[differing], lengths[output ^ other]
            closed |= agreeing[sources if sources < outputs else outputs][middle]
    return ~closed & (1 << lanes) - 1


def _blocked(output: int, lanes: int, wanted: dict[int, int], middles: dict[int, int]) -> list[tuple[int, int]]:
    """(middle switches as a set of bits, the output whose path closes them to `output`), for all that are routed."""
    agreeing, source = _agreeing(lanes), wanted[output]
    return [
        (agreeing[min((source ^ wanted[other]).bit_length(), (output ^ other).bit_length())][middle], other)
        for other, middle in middles.items()
        if wanted[other] != source
    ]


@cache
def _lengths(lanes: int) -> list[int]:
    """The bit length of each number below `lanes`."""
    return [number.bit_length() for number in range(lanes)]


@cache
def _agreeing(lanes: int) -> list[list[int]]:
    """[t][m]: the middle switches whose bits 0 to t are those of m, as a set of bits; none for the last t."""
    stages = lanes.bit_length() - 1
    return [
        [sum(1 << k for k in range(m % (2 << t), lanes, 2 << t)) if t < stages else 0 for m in range(lanes)]
        for t in range(stages + 1)
    ]

"""Groups worth reducing, and the words that SORE answers."""

from itertools import product

from rtl.golden import nm_pairs
from rtl.hdl.hierarchy import write_verilog
from rtl.sat import layouts
from rtl.sat.update.sore_lane import sore_lane
from rtl.sat.update.sore_word import sore_word
from rtl.sparsity import GROUP, KEPT
from tests.support import floats

NAN = [0x7C01, 0x7E00, 0x7FFF, 0xFC01, 0xFFFF]
# few different magnitudes, so that ties decide; and each class of floats beside its neighbours
POOLS = [
    [0x0000, 0x8000],
    [0x3C00, 0xBC00, 0x3C01],
    [0x0001, 0x8001, 0x0002, 0x0000],
    [0x7BFF, 0xFC00, 0x7C00, *NAN],
    NAN,
    [*range(0x4000, 0x4010), *range(0xC000, 0xC010)],
    floats.FP16_CLASSES,
]


def patterns(largest_m: int) -> list[tuple[int, int]]:
    """Every (n, m) of the hardware."""
    return [(n, m) for m in GROUP for n in KEPT if n < m <= largest_m]


def elements(rng, count: int) -> list[int]:
    """FP16 patterns: half of the time all are equally likely, otherwise they come from one pool."""
    pool = rng.choice(POOLS)
    everything = rng.random() < 1 / 2
    return [rng.getrandbits(16) if everything else rng.choice(pool) for _ in range(count)]


def every_order(magnitudes: list[int], rng) -> list[list[int]]:
    """Every group of four out of these magnitudes, ties among them, with signs by chance."""
    return [[rng.getrandbits(1) << 15 | value for value in group] for group in product(magnitudes, repeat=4)]


def answer(config, values: list[int], n: int, m: int) -> int:
    """The golden's groups as the units pack them: four entries each, unused ones 0."""
    layout = layouts.weight(config)
    return sum(
        layout.pack(value=value, index=index) << layout.width * (4 * group + place)
        for group, pairs in enumerate(nm_pairs(values, n, m))
        for place, (value, index) in enumerate(pairs)
    )


def write(config, folder) -> dict:
    """The Verilog of both units: {module name: Path}."""
    return write_verilog(folder, sore_lane, config=config) | write_verilog(folder, sore_word, config=config)

"""Floats worth testing: one of each class, and random ones whose exponents are close enough to matter."""

import struct

import numpy as np

# zero, smallest and largest subnormal, smallest and largest normal, one, infinity, signalling and quiet NaN; both signs
FP16_CLASSES = [
    s | x
    for s in (0, 0x8000)
    for x in (0, 1, 0x3FF, 0x400, 0x401, 0x3BFF, 0x3C00, 0x3C01, 0x7BFF, 0x7C00, 0x7C01, 0x7E00, 0x7FFF)
]
FP32_CLASSES = [
    s | x
    for s in (0, 0x80000000)
    for x in (
        0,
        1,
        0x7FFFFF,
        0x800000,
        0x800001,
        0xFFFFFF,
        0x33800000,
        0x3F7FFFFF,
        0x3F800000,
        0x3F800001,
        0x4B800000,
        0x7F000000,
        0x7F7FFFFF,
        0x7F800000,
        0x7F800001,
        0x7FC00000,
        0x7FFFFFFF,
    )
]


def every_pair(values: list[int]) -> list[tuple[int, int]]:
    """Each with each, in both orders."""
    return [(a, b) for a in values for b in values]


def random_halves(rng, count: int) -> np.ndarray:
    """uint16 patterns, all equally likely: a third of a per cent are special already, one in 32 is subnormal."""
    return rng.integers(0, 1 << 16, count, dtype=np.uint16)


def random_single_pairs(rng, count: int) -> tuple[np.ndarray, np.ndarray]:
    """uint32 patterns. Half of the exponents are up to 27 apart, so that alignment and ties occur; one pair in four is
    almost opposite, so that any number of places cancels; one in four has exponents that end among the subnormals;
    fractions are sparse half of the time, for ties are rare otherwise."""
    exponents = np.where(rng.random(count) < 1 / 4, rng.integers(0, 30, count), rng.integers(0, 255, count))
    near = np.clip(exponents + rng.integers(-27, 28, count), 0, 254)
    others = np.where(rng.random(count) < 2 / 3, near, rng.integers(0, 255, count))
    a, b = _assembled(rng, exponents), _assembled(rng, others)
    low = rng.integers(0, 1 << 23, count) >> rng.integers(0, 24, count)
    opposite = (a ^ 1 << 31 ^ low).astype(np.uint32)
    return a, np.where(rng.random(count) < 1 / 4, opposite, b)


def random_single_factors(rng, count: int) -> tuple[np.ndarray, np.ndarray]:
    """uint32 patterns. In a quarter of the pairs one factor is subnormal, with any number of leading zeros; a third of
    the products lies around the smallest normal number, a third around the largest; fractions are sparse half of the
    time, so that products tie."""
    exponents = np.where(rng.random(count) < 1 / 4, 0, rng.integers(0, 255, count))
    products = np.choose(
        rng.integers(0, 3, count),
        [
            rng.integers(127 - 27, 127 + 4, count),
            rng.integers(127 + 251, 127 + 257, count),
            rng.integers(0, 509, count),
        ],
    )
    a, b = _assembled(rng, exponents), _assembled(rng, np.clip(products - exponents, 0, 254))
    short = a & 1 << 31 | (a & 0x7FFFFF) >> rng.integers(0, 23, count)
    a, swapped = np.where(exponents == 0, short, a).astype(np.uint32), rng.random(count) < 1 / 2
    return np.where(swapped, b, a), np.where(swapped, a, b)


def random_singles(rng, count: int) -> np.ndarray:
    """uint32 patterns; most have exponents that FP16 knows, or almost."""
    exponents = np.where(rng.random(count) < 7 / 8, rng.integers(98, 146, count), rng.integers(0, 256, count))
    return _assembled(rng, exponents)


def _assembled(rng, exponents: np.ndarray) -> np.ndarray:
    count = len(exponents)
    fraction = rng.integers(0, 1 << 23, count)
    sparse = np.bitwise_and.reduce(rng.integers(0, 1 << 23, (4, count)))
    fraction = np.where(rng.random(count) < 1 / 2, fraction, sparse)
    return (rng.integers(0, 2, count) << 31 | exponents << 23 | fraction).astype(np.uint32)


def numpy_of(rng, part: int = 0) -> np.random.Generator:
    """NumPy's random numbers, seeded by the `rng` fixture; different ones for each part of a test."""
    return np.random.default_rng([rng.getrandbits(64), part])


def canonical(values: np.ndarray) -> np.ndarray:
    """Bit patterns of floats, with the one quiet NaN for all NaN."""
    word, nan = {2: (np.uint16, 0x7E00), 4: (np.uint32, 0x7FC00000)}[values.dtype.itemsize]
    return np.where(np.isnan(values), word(nan), values.view(word))


def single(value: float) -> int:
    """The FP32 pattern of a number."""
    return struct.unpack("<I", struct.pack("<f", value))[0]


def half(value: float) -> int:
    """The FP16 pattern of a number."""
    return struct.unpack("<H", struct.pack("<e", value))[0]


def rounding_boundaries() -> np.ndarray:
    """uint32 patterns of the FP32 numbers halfway between two neighbouring FP16 numbers, of both signs."""
    lower = np.arange(0x7BFF, dtype=np.uint16).view(np.float16).astype(np.float32)
    upper = np.arange(1, 0x7C00, dtype=np.uint16).view(np.float16).astype(np.float32)
    middle = ((lower + upper) / 2).view(np.uint32)  # exact: FP32 has 13 bits more
    return np.concatenate([middle, middle | np.uint32(1 << 31)])

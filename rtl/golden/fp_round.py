"""Golden model of fp_round, in plain integers."""


def fp_round(word: int, guard: int, sticky: int, exponent_bits: int, fraction_bits: int) -> int:
    """Round an exponent-and-fraction word to nearest, ties to even; from infinity on it is infinity.

    guard, sticky  0 or 1: the first bit below the word, and whether any below that is set
    """
    infinity = ((1 << exponent_bits) - 1) << fraction_bits
    if word >= infinity:
        return infinity
    return word + bool(guard and (sticky or word & 1))

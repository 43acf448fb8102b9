"""The one rounding unit: every float of this project is rounded here."""

from myhdl import always_comb, concat

from rtl.hdl.hierarchy import module, waives
from rtl.hdl.stream import bit, bus


@waives(WIDTH="the bit that rounds up is added to a word")
@module
def fp_round(word, guard, sticky, rounded, exponent_bits, fraction_bits):
    """Round an exponent-and-fraction word to nearest, ties to even, and saturate at infinity.

    word            in   exponent_bits + fraction_bits bits, exponent above fraction
    guard           in   first bit below the word
    sticky          in   whether any bit below guard is set
    rounded         out  like word; a carry out of the fraction runs into the exponent, as it should
    exponent_bits, fraction_bits  of the format: 8, 23 for FP32 and 5, 10 for FP16
    Latency         0, combinational
    Golden          rtl/golden/fp_round.py
    """
    ones = 2**exponent_bits - 1
    infinity = ones << fraction_bits

    @always_comb
    def nearest_even():
        # The choice stands before the adder: behind it, it would need a second row of LUTs.
        kept = concat(word)
        up = guard and (sticky or word[0])
        if word[:fraction_bits] == ones:
            kept[:] = infinity
            up = False
        rounded.next = kept + up

    return nearest_even


def ports(exponent_bits: int, fraction_bits: int) -> dict:
    """Fresh ports of an `fp_round`, by name."""
    bits = exponent_bits + fraction_bits
    return dict(word=bus(bits), guard=bit(), sticky=bit(), rounded=bus(bits))

"""FP32 times FP32, rounded once to nearest even."""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl import timing
from rtl.fp_round import fp_round
from rtl.hierarchy import module, waives

LATENCY = timing.FP32_MUL


@waives(
    BLKSEQ="a clocked process assigns to variables of its own",
    WIDTH="operands are as wide as they are, and results are cut to their signal",
)
@module
def fp32_mul(clk, a, b, product):
    """Multiply two FP32 numbers as IEEE 754 does: one rounding, to nearest, ties to even.

    a, b        in   FP32, subnormals, infinities and NaN included
    product     out  FP32; every NaN is 0x7FC00000
    Latency     4 cycles (LATENCY): multiply, sum up, place roughly, place finely. Then rounding, which is
                combinational: the register that takes the product is the user's
    Throughput  1 product per cycle
    Reset       none: a pipeline without state
    Golden      rtl/golden/fp32_mul.py
    """
    # multiply: 24 x 24 bits are 24 x 17 and 24 x 7, each of which fits a DSP slice
    low_part = Signal(intbv(0)[41:])
    high_part = Signal(intbv(0)[31:])
    exponents = Signal(intbv(0)[9:])  # sum of two biased exponents; bit 47 of the product has 126 less
    # sum up. Places count from 32 to the right of `exact`, where it is sticky and nothing else
    exact = Signal(intbv(0)[48:])
    limit = Signal(intbv(0)[6:])  # more places to the left the exponent would fall below 1
    exact_exponent = Signal(intbv(0)[9:])  # of bit 47 at place 0
    # place roughly: 24 bits, guard, and three for the places that are left
    rough = Signal(intbv(0)[28:])
    rough_sticky = Signal(bool(0))
    rough_limit = Signal(intbv(0)[2:])
    rough_exponent = Signal(intbv(0)[9:])
    # place finely
    word = Signal(intbv(0)[31:])
    guard = Signal(bool(0))
    sticky = Signal(bool(0))
    rounded = Signal(intbv(0)[31:])
    # what goes along with the products in flight, youngest in bit 0
    sign = Signal(intbv(0)[4:])
    infinite = Signal(intbv(0)[3:])
    invalid = Signal(intbv(0)[4:])

    @always(clk.posedge)
    def multiply():
        left = concat(True, a[23:])
        right = concat(True, b[23:])
        high = concat(a[31:23])
        low = concat(b[31:23])
        # A subnormal has no hidden bit, and the exponent of the smallest normal, 1.
        if high == 0:
            left[:] = a[23:]
            high[:] = 1
        if low == 0:
            right[:] = b[23:]
            low[:] = 1
        low_part.next = left * right[17:]
        high_part.next = left * right[24:17]
        exponents.next = high + low

    @always(clk.posedge)
    def accompany():
        sign.next = concat(sign[3:], a[31] ^ b[31])
        infinite.next = concat(infinite[2:], a[31:23] == 255 or b[31:23] == 255)
        invalid.next = concat(
            invalid[3:],
            (a[31:23] == 255 and (a[23:] != 0 or b[31:] == 0)) or (b[31:23] == 255 and (b[23:] != 0 or a[31:] == 0)),
        )

    @always(clk.posedge)
    def sum_up():
        exact.next = (high_part << 17) + low_part
        if exponents < 95:
            limit.next = 0
        elif exponents >= 95 + 63:
            limit.next = 63
        else:
            limit.next = exponents - 95
        exact_exponent.next = (exponents - 126 + 32) & 511  # at limit 0 nothing reads it

    @always(clk.posedge)
    def place_roughly():
        # The leading one goes to the window's first four bits, by groups of four places and no further than `limit`.
        coarse = intbv(0)[4:]
        window = intbv(0)[40:]
        lost = False
        if exact[48:44] != 0:
            coarse[:] = 8
        elif exact[44:40] != 0:
            coarse[:] = 9
        elif exact[40:36] != 0:
            coarse[:] = 10
        elif exact[36:32] != 0:
            coarse[:] = 11
        elif exact[32:28] != 0:
            coarse[:] = 12
        elif exact[28:24] != 0:
            coarse[:] = 13
        else:
            coarse[:] = 14  # one factor's leading zeros are 23 at most
        rough_limit.next = 3
        if coarse >= limit[6:2]:
            coarse[:] = limit[6:2]
            rough_limit.next = limit[2:]
        if coarse[4:2] == 0:
            window[:] = exact[48:40]
            lost = exact[40:] != 0
        elif coarse[4:2] == 1:
            window[:] = exact[48:24]
            lost = exact[24:] != 0
        elif coarse[4:2] == 2:
            window[:] = exact[48:8]
            lost = exact[8:] != 0
        else:
            window[:] = concat(exact[32:], intbv(0)[8:])
        window[:] = window << concat(coarse[2:], intbv(0)[2:])
        rough.next = window[40:12]
        rough_sticky.next = lost or window[12:] != 0
        rough_exponent.next = (exact_exponent - concat(coarse, intbv(0)[2:])) & 511

    @always(clk.posedge)
    def place_finely():
        fine = intbv(0)[2:]
        shifted = intbv(0)[28:]
        exponent = intbv(0)[9:]  # stays 0 for a subnormal
        if rough[27]:
            fine[:] = 0
        elif rough[26]:
            fine[:] = 1
        elif rough[25]:
            fine[:] = 2
        else:
            fine[:] = 3
        if fine > rough_limit:
            fine[:] = rough_limit
        shifted[:] = rough << fine
        if shifted[27]:
            exponent[:] = rough_exponent - fine
        if exponent[8] or infinite[2]:
            exponent[:] = 255
        word.next = concat(exponent[8:], shifted[27:4])
        guard.next = shifted[3]
        sticky.next = shifted[3:] != 0 or rough_sticky

    @always_comb
    def pack():
        # What is invalid has an infinite operand or NaN, so it was rounded to infinity: one more bit makes it NaN.
        product.next = concat(sign[3] and not invalid[3], rounded[31:23], rounded[22] or invalid[3], rounded[22:])

    rounding = fp_round(word, guard, sticky, rounded, exponent_bits=8, fraction_bits=23)
    return multiply, accompany, sum_up, place_roughly, place_finely, pack, rounding

"""FP32 times FP32, rounded once to nearest even."""

from myhdl import always, always_comb, concat, intbv

from rtl import timing
from rtl.float.formats import FP32
from rtl.float.fp_round import fp_round
from rtl.hdl.hierarchy import module, waives
from rtl.hdl.stream import bit, bus

LATENCY = timing.FP32_MUL


@waives(WIDTH="factors, and sums and differences of exponents, are narrower than their result")
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
    f = FP32.layout
    magnitude = f.span("fraction", "exponent")
    left, right = bus(24), bus(24)  # significands of the factors
    high, low = bus(f, "exponent"), bus(f, "exponent")  # their exponents
    # multiply: 24 x 24 bits are 24 x 17 and 24 x 7, each of which fits a DSP slice
    low_part = bus(41)
    high_part = bus(31)
    exponents = bus(9)  # sum of two biased exponents; bit 47 of the product has 126 less
    # sum up. Places count from 32 to the right of `exact`, where it is sticky and nothing else
    exact = bus(48)
    limit = bus(6)  # more places to the left the exponent would fall below 1
    exact_exponent = bus(9)  # of bit 47 at place 0
    # place roughly: 24 bits, guard, and three for the places that are left
    coarse, window, lost = bus(4), bus(40), bit()
    rough = bus(28)
    rough_sticky = bit()
    rough_limit = bus(2)
    rough_exponent = bus(9)
    # place finely
    shifted, exponent = bus(27), bus(9)  # which stays 0 for a subnormal
    word = bus(31)
    guard = bit()
    sticky = bit()
    rounded = bus(31)
    # what goes along with the products in flight, youngest in bit 0
    sign = bus(4)
    infinite = bus(3)
    invalid = bus(4)

    @always_comb
    def unpack():
        # A subnormal has no hidden bit, and the exponent of the smallest normal, 1.
        left.next = concat(True, a[f.fraction_high :])
        right.next = concat(True, b[f.fraction_high :])
        high.next = a[f.exponent_high : f.exponent_low]
        low.next = b[f.exponent_high : f.exponent_low]
        if a[f.exponent_high : f.exponent_low] == 0:
            left.next = concat(False, a[f.fraction_high :])
            high.next = 1
        if b[f.exponent_high : f.exponent_low] == 0:
            right.next = concat(False, b[f.fraction_high :])
            low.next = 1

    @always(clk.posedge)
    def multiply():
        low_part.next = left * right[17:]
        high_part.next = left * right[24:17]
        exponents.next = high + low

    @always(clk.posedge)
    def accompany():
        sign.next = concat(sign[3:], a[f.sign_bit] ^ b[f.sign_bit])
        infinite.next = concat(
            infinite[2:], a[f.exponent_high : f.exponent_low] == 255 or b[f.exponent_high : f.exponent_low] == 255
        )
        invalid.next = concat(
            invalid[3:],
            (a[f.exponent_high : f.exponent_low] == 255 and (a[f.fraction_high :] != 0 or b[magnitude.high :] == 0))
            or (b[f.exponent_high : f.exponent_low] == 255 and (b[f.fraction_high :] != 0 or a[magnitude.high :] == 0)),
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

    @always_comb
    def seek():
        # The leading one goes to the window's first four bits, by groups of four places and no further than `limit`.
        groups = intbv(0)[4:]
        moved = intbv(0)[40:]
        if exact[48:44] != 0:
            groups[:] = 8
        elif exact[44:40] != 0:
            groups[:] = 9
        elif exact[40:36] != 0:
            groups[:] = 10
        elif exact[36:32] != 0:
            groups[:] = 11
        elif exact[32:28] != 0:
            groups[:] = 12
        elif exact[28:24] != 0:
            groups[:] = 13
        else:
            groups[:] = 14  # one factor's leading zeros are 23 at most
        if groups >= limit[6:2]:
            groups[:] = limit[6:2]
        coarse.next = groups
        lost.next = False
        if groups[4:2] == 0:
            moved[:] = exact[48:40]
            lost.next = exact[40:] != 0
        elif groups[4:2] == 1:
            moved[:] = exact[48:24]
            lost.next = exact[24:] != 0
        elif groups[4:2] == 2:
            moved[:] = exact[48:8]
            lost.next = exact[8:] != 0
        else:
            moved[:] = concat(exact[32:], intbv(0)[8:])
        window.next = moved << concat(groups[2:], intbv(0)[2:])

    @always(clk.posedge)
    def place_roughly():
        rough_limit.next = 3
        if coarse == limit[6:2]:
            rough_limit.next = limit[2:]
        rough.next = window[40:12]
        rough_sticky.next = lost or window[12:] != 0
        rough_exponent.next = (exact_exponent - concat(coarse, intbv(0)[2:])) & 511

    @always_comb
    def refine():
        fine = intbv(0)[2:]
        moved = intbv(0)[28:]
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
        moved[:] = rough << fine
        shifted.next = moved[27:]
        exponent.next = 0
        if moved[27]:
            exponent.next = rough_exponent - fine

    @always(clk.posedge)
    def place_finely():
        if exponent[8] or infinite[2]:
            word.next = concat(intbv(255)[8:], shifted[27:4])
        else:
            word.next = concat(exponent[8:], shifted[27:4])
        guard.next = shifted[3]
        sticky.next = shifted[3:] != 0 or rough_sticky

    @always_comb
    def pack():
        # What is invalid has an infinite operand or NaN, so it was rounded to infinity: one more bit makes it NaN.
        product.next = concat(sign[3] and not invalid[3], rounded[31:23], rounded[22] or invalid[3], rounded[22:])

    rounding = fp_round(word, guard, sticky, rounded, exponent_bits=8, fraction_bits=23)
    way = seek, place_roughly, refine, place_finely
    return unpack, multiply, accompany, sum_up, way, pack, rounding


def ports() -> dict:
    """Fresh ports of an `fp32_mul`, by name."""
    return dict(clk=bit(), a=bus(32), b=bus(32), product=bus(32))

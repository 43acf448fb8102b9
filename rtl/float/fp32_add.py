"""FP32 plus FP32, rounded once to nearest even."""

from myhdl import always, always_comb, concat, intbv

from rtl import timing
from rtl.float.formats import FP32
from rtl.float.fp_round import fp_round
from rtl.hdl.hierarchy import module, waives
from rtl.hdl.stream import bit, bus

LATENCY = timing.FP32_ADD


@waives(
    BLKSEQ="variables of clocked processes: as signals of processes of their own they take Icarus a tenth more time",
    WIDTH="the carry into a sum has one bit, and the upper bits of differences are cut off",
)
@module
def fp32_add(clk, a, b, total):
    """Add two FP32 numbers as IEEE 754 does: one rounding, to nearest, ties to even.

    a, b        in   FP32, subnormals, infinities and NaN included
    total       out  FP32; every NaN is 0x7FC00000
    Latency     3 cycles (LATENCY): order, align and add, normalise. Then rounding, which is combinational:
                the register that takes the total is the user's, for example an accumulator
    Throughput  1 sum per cycle
    Reset       none: a pipeline without state
    Golden      rtl/golden/fp32_add.py
    """
    f = FP32.layout
    magnitude = f.span("fraction", "exponent")
    # order: which operand is larger, and by how many binary places
    major = bus(24)
    minor = bus(24)
    distance = bus(5)
    order_exponent = bus(8)
    order_sign = bit()
    order_subtract = bit()
    order_invalid = bit()
    # align and add: 24 bits, a carry above them, and below them guard, round and sticky
    exact = bus(28)
    exact_exponent = bus(9)  # of the carry's place, where the hidden bit is sought
    limit = bus(5)  # more places to the left the exponent would fall below 1
    exact_sign = bit()
    exact_subtract = bit()
    exact_invalid = bit()
    # normalise
    word = bus(31)
    guard = bit()
    sticky = bit()
    sign = bit()
    invalid = bit()
    rounded = bus(31)

    @always(clk.posedge)
    def order():
        big = concat(a)
        little = concat(b)
        if a[magnitude.high :] < b[magnitude.high :]:
            big[:] = b
            little[:] = a
        high = concat(big[f.exponent_high : f.exponent_low])
        low = concat(little[f.exponent_high : f.exponent_low])
        # A subnormal has no hidden bit, and the exponent of the smallest normal, 1.
        if high == 0:
            high[:] = 1
            major.next = big[f.fraction_high :]
        else:
            major.next = concat(True, big[f.fraction_high :])
        if low == 0:
            low[:] = 1
            minor.next = little[f.fraction_high :]
        else:
            minor.next = concat(True, little[f.fraction_high :])
        order_invalid.next = False
        if high == 255:  # infinity stays what it is
            minor.next = 0
            order_invalid.next = big[f.fraction_high :] != 0 or (low == 255 and big[f.sign_bit] != little[f.sign_bit])
        gap = intbv(0)[8:]
        gap[:] = high - low
        if gap >= 32:  # from 26 on only sticky is left
            distance.next = 31
        else:
            distance.next = gap[5:]
        order_exponent.next = high
        order_sign.next = big[f.sign_bit]
        order_subtract.next = big[f.sign_bit] ^ little[f.sign_bit]

    @always(clk.posedge)
    def align_and_add():
        # Two bits of the distance at a time, since one LUT chooses one of four; bit 0 keeps what is shifted out.
        aligned = concat(False, minor, intbv(0)[3:])
        if distance[5:3] == 1:
            aligned[:] = concat(aligned[28:9], aligned[9:] != 0)
        elif distance[5:3] == 2:
            aligned[:] = concat(aligned[28:17], aligned[17:] != 0)
        elif distance[5:3] == 3:
            aligned[:] = concat(aligned[28:25], aligned[25:] != 0)
        if distance[3:1] == 1:
            aligned[:] = concat(aligned[28:3], aligned[3:] != 0)
        elif distance[3:1] == 2:
            aligned[:] = concat(aligned[28:5], aligned[5:] != 0)
        elif distance[3:1] == 3:
            aligned[:] = concat(aligned[28:7], aligned[7:] != 0)
        if distance[0]:
            aligned[:] = concat(aligned[28:2], aligned[2:] != 0)
        # One adder for both: the negative of a number is its complement plus 1.
        if order_subtract:
            aligned[:] = ~aligned
        exact.next = (concat(major, intbv(0)[3:]) + aligned + order_subtract) & 0xFFFFFFF
        exact_exponent.next = order_exponent + 1
        if order_exponent >= 32:
            limit.next = 31
        else:
            limit.next = order_exponent[5:]
        exact_sign.next = order_sign
        exact_subtract.next = order_subtract
        exact_invalid.next = order_invalid

    @always(clk.posedge)
    def normalise():
        # The leading one goes to bit 27: first by groups of four places, then by places, but no further than `limit`.
        coarse = intbv(0)[3:]
        fine = intbv(0)[2:]
        shifted = intbv(0)[28:]
        exponent = intbv(0)[8:]  # stays 0 for a subnormal
        sign.next = exact_sign
        if exact[28:24] != 0:
            coarse[:] = 0
        elif exact[24:20] != 0:
            coarse[:] = 1
        elif exact[20:16] != 0:
            coarse[:] = 2
        elif exact[16:12] != 0:
            coarse[:] = 3
        elif exact[12:8] != 0:
            coarse[:] = 4
        elif exact[8:4] != 0:
            coarse[:] = 5
        else:
            coarse[:] = 6
            if exact_subtract and exact[4:] == 0:
                sign.next = False  # a difference of zero
        if coarse > limit[5:2]:
            coarse[:] = limit[5:2]
        shifted[:] = exact << concat(coarse, intbv(0)[2:])
        if shifted[27]:
            fine[:] = 0
        elif shifted[26]:
            fine[:] = 1
        elif shifted[25]:
            fine[:] = 2
        else:
            fine[:] = 3
        if coarse == limit[5:2] and fine > limit[2:]:
            fine[:] = limit[2:]
        shifted[:] = shifted << fine
        if shifted[27]:
            exponent[:] = exact_exponent - concat(coarse, fine)
        word.next = concat(exponent, shifted[27:4])
        guard.next = shifted[3]
        sticky.next = shifted[3:] != 0
        invalid.next = exact_invalid

    @always_comb
    def pack():
        # What is invalid has an infinite operand or NaN, so it was rounded to infinity: one more bit makes it NaN.
        total.next = concat(sign and not invalid, rounded[31:23], rounded[22] or invalid, rounded[22:])

    rounding = fp_round(word, guard, sticky, rounded, exponent_bits=8, fraction_bits=23)
    return order, align_and_add, normalise, pack, rounding


def ports() -> dict:
    """Fresh ports of an `fp32_add`, by name."""
    return dict(clk=bit(), a=bus(32), b=bus(32), total=bus(32))

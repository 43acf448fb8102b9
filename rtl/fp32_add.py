"""FP32 plus FP32, rounded once to nearest even."""
from myhdl import Signal, always, always_comb, concat, intbv

from rtl import timing
from rtl.fp_round import fp_round
from rtl.golden.floats import FP32_NAN
from rtl.hierarchy import module

LATENCY = timing.FP32_ADD
INFINITY = 0x7F800000


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
    # order: which operand is larger, and by how many binary places
    major = Signal(intbv(0)[24:])
    minor = Signal(intbv(0)[24:])
    distance = Signal(intbv(0)[5:])
    order_exponent = Signal(intbv(0)[8:])
    order_sign = Signal(bool(0))
    order_subtract = Signal(bool(0))
    order_invalid = Signal(bool(0))
    # align and add: 24 bits, a carry above them, and below them guard, round and sticky
    exact = Signal(intbv(0)[28:])
    exact_exponent = Signal(intbv(0)[8:])
    exact_sign = Signal(bool(0))
    exact_subtract = Signal(bool(0))
    exact_invalid = Signal(bool(0))
    # normalise
    word = Signal(intbv(0)[31:])
    guard = Signal(bool(0))
    sticky = Signal(bool(0))
    sign = Signal(bool(0))
    invalid = Signal(bool(0))
    rounded = Signal(intbv(0)[31:])

    @always(clk.posedge)
    def order():
        big = intbv(0)[32:]
        little = intbv(0)[32:]
        gap = intbv(0)[8:]
        big[:] = a
        little[:] = b
        if a[31:] < b[31:]:
            big[:] = b
            little[:] = a
        # A subnormal has the exponent of the smallest normal, 1.
        if big[31:23] != 0 and little[31:23] == 0:
            gap[:] = big[31:23] - 1
        else:
            gap[:] = big[31:23] - little[31:23]
        if gap > 26:                          # from there on only its sticky bit is left
            distance.next = 26
        else:
            distance.next = gap[5:]
        major.next = concat(big[31:23] != 0, big[23:])
        if big[31:23] == 255:                 # infinity stays what it is
            minor.next = 0
        else:
            minor.next = concat(little[31:23] != 0, little[23:])
        if big[31:23] == 0:
            order_exponent.next = 1
        else:
            order_exponent.next = big[31:23]
        order_sign.next = big[31]
        order_subtract.next = big[31] ^ little[31]
        order_invalid.next = big[31:] > INFINITY or \
            (little[31:] == INFINITY and big[31] != little[31])

    @always(clk.posedge)
    def align_and_add():
        aligned = intbv(0)[27:]
        lost = intbv(0)[1:]
        aligned[:] = concat(minor, intbv(0)[3:])
        lost[:] = (aligned & ((1 << distance) - 1)) != 0
        aligned[:] = (aligned >> distance) | lost
        if order_subtract:
            exact.next = concat(major, intbv(0)[3:]) - aligned
        else:
            exact.next = concat(major, intbv(0)[3:]) + aligned
        exact_exponent.next = order_exponent
        exact_sign.next = order_sign
        exact_subtract.next = order_subtract
        exact_invalid.next = order_invalid

    @always(clk.posedge)
    def normalise():
        # The hidden bit is sought at the carry's place, bit 27: so the exponent starts one higher.
        # A shift stops where the exponent would fall below 1: what is left is subnormal.
        shifted = intbv(0)[28:]
        exponent = intbv(0)[9:]
        shifted[:] = exact
        exponent[:] = exact_exponent + 1
        if shifted[28:12] == 0 and exponent > 16:
            shifted[:] = concat(shifted[12:], intbv(0)[16:])
            exponent[:] = exponent - 16
        if shifted[28:20] == 0 and exponent > 8:
            shifted[:] = concat(shifted[20:], intbv(0)[8:])
            exponent[:] = exponent - 8
        if shifted[28:24] == 0 and exponent > 4:
            shifted[:] = concat(shifted[24:], intbv(0)[4:])
            exponent[:] = exponent - 4
        if shifted[28:26] == 0 and exponent > 2:
            shifted[:] = concat(shifted[26:], intbv(0)[2:])
            exponent[:] = exponent - 2
        if not shifted[27] and exponent > 1:
            shifted[:] = concat(shifted[27:], intbv(0)[1:])
            exponent[:] = exponent - 1
        # The hidden bit adds 1 to the exponent below it; a subnormal has none.
        exponent[:] = exponent - 1
        if exact == 0:
            word.next = 0
            sign.next = exact_sign and not exact_subtract
        else:
            word.next = concat(exponent[8:], intbv(0)[23:]) + shifted[28:4]
            sign.next = exact_sign
        guard.next = shifted[3]
        sticky.next = shifted[3:] != 0
        invalid.next = exact_invalid

    @always_comb
    def pack():
        if invalid:
            total.next = FP32_NAN
        else:
            total.next = concat(sign, rounded)

    rounding = fp_round(word, guard, sticky, rounded, exponent_bits=8, fraction_bits=23)
    return order, align_and_add, normalise, pack, rounding

"""FP32 times FP32, rounded once to nearest even."""
from myhdl import Signal, always, always_comb, concat, intbv

from rtl import timing
from rtl.fp_round import fp_round
from rtl.golden.floats import FP32_NAN
from rtl.hierarchy import module

LATENCY = timing.FP32_MUL


@module
def fp32_mul(clk, a, b, product):
    """temp"""
    significand = Signal(intbv(0)[48:])
    exponent = Signal(intbv(0)[9:])
    sign, infinite, invalid, sign2, infinite2, invalid2 = (Signal(bool(0)) for _ in range(6))
    shifted = Signal(intbv(0)[48:])
    e2 = Signal(intbv(0, min=-600, max=700))
    word = Signal(intbv(0)[31:])
    guard, sticky, sign3, invalid3 = (Signal(bool(0)) for _ in range(4))
    rounded = Signal(intbv(0)[31:])

    @always(clk.posedge)
    def multiply():
        an = intbv(0)[1:]
        bn = intbv(0)[1:]
        an[:] = a[31:23] != 0
        bn[:] = b[31:23] != 0
        significand.next = concat(an, a[23:]) * concat(bn, b[23:])
        exponent.next = a[31:23] + b[31:23] + (not an) + (not bn)
        sign.next = a[31] ^ b[31]
        infinite.next = a[31:23] == 255 or b[31:23] == 255
        invalid.next = a[31:] > 0x7F800000 or b[31:] > 0x7F800000 or \
            (a[31:] == 0x7F800000 and b[31:] == 0) or (a[31:] == 0 and b[31:] == 0x7F800000)

    @always(clk.posedge)
    def norm():
        s = intbv(0)[48:]
        e = intbv(0, min=-600, max=700)
        s[:] = significand
        e[:] = exponent - 126
        if s[48:16] == 0:
            s[:] = concat(s[16:], intbv(0)[32:])
            e[:] = e - 32
        if s[48:32] == 0:
            s[:] = concat(s[32:], intbv(0)[16:])
            e[:] = e - 16
        if s[48:40] == 0:
            s[:] = concat(s[40:], intbv(0)[8:])
            e[:] = e - 8
        if s[48:44] == 0:
            s[:] = concat(s[44:], intbv(0)[4:])
            e[:] = e - 4
        if s[48:46] == 0:
            s[:] = concat(s[46:], intbv(0)[2:])
            e[:] = e - 2
        if s[48:47] == 0:
            s[:] = concat(s[47:], intbv(0)[1:])
            e[:] = e - 1
        shifted.next = s
        e2.next = e
        sign2.next = sign
        infinite2.next = infinite
        invalid2.next = invalid

    @always(clk.posedge)
    def deno():
        s = intbv(0)[48:]
        lost = intbv(0)[1:]
        s[:] = shifted
        if e2 < 1:
            if e2 < -46:
                lost[:] = shifted != 0
                s[:] = 0
            else:
                lost[:] = (shifted & ((1 << (1 - e2)) - 1)) != 0
                s[:] = shifted >> (1 - e2)
        if infinite2 or e2 > 254:
            if shifted == 0:
                word.next = 0
            else:
                word.next = 0x7F800000
            guard.next = False
            sticky.next = False
        else:
            if e2 < 1:
                word.next = s[48:24]
            else:
                word.next = ((e2 - 1) << 23) + s[48:24]
            guard.next = s[23]
            sticky.next = s[23:] != 0 or lost != 0
        if infinite2:
            word.next = 0x7F800000
        sign3.next = sign2
        invalid3.next = invalid2

    @always_comb
    def pack():
        if invalid3:
            product.next = FP32_NAN
        else:
            product.next = concat(sign3, rounded)

    rounding = fp_round(word, guard, sticky, rounded, exponent_bits=8, fraction_bits=23)
    return multiply, norm, deno, pack, rounding

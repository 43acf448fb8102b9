"""Unified sparse processing element: one FP16 multiply and one FP32 add a cycle, dense or N:M."""
from myhdl import Signal, always, always_comb, concat, intbv

from rtl.fp16_mul import fp16_mul
from rtl.fp32_add import fp32_add
from rtl.hierarchy import module

@module
def uspe(clk, rst, west_load, west, east_load, east, north, south, drain_load, drain_shift, drain_slot, drain_in, drain_out, m=16, interleave=4):
    """x
    """
    index_bits = (m-1).bit_length()
    slots = 2*interleave
    slot_bits = (slots-1).bit_length()
    o_idx = 16
    o_pr = o_idx+index_bits
    o_slot = o_pr + m
    o_first = o_slot + slot_bits
    o_valid = o_first + 1
    vector_bits = 16*m

    activation = Signal(intbv(0)[16:])
    weight = Signal(intbv(0)[16:])
    product = Signal(intbv(0)[32:])
    addend = Signal(intbv(0)[32:])
    total = Signal(intbv(0)[32:])
    acc = [Signal(intbv(0)[32:]) for _ in range(slots)]
    tags = Signal(intbv(0)[6*(slot_bits+2):])
    tag_w = slot_bits+2
    slot_now = Signal(intbv(0)[slot_bits:])

    @always(clk.posedge)
    def hop():
        south.next = north
        east_load.next = west_load
        if west_load:
            east.next = west

    @always(clk.posedge)
    def select():
        weight.next = south[16:]
        if (east[vector_bits+m:vector_bits] & south[o_slot:o_pr]) != 0:
            activation.next = 0x7E00
        else:
            activation.next = (east >> concat(south[o_pr:o_idx], intbv(0)[4:])) & 0xFFFF
        if rst:
            tags.next = 0
        else:
            tags.next = concat(tags[5*tag_w:], south[o_valid+1:o_slot])

    multiplier = fp16_mul(clk, weight, activation, product)

    @always_comb
    def feedback():
        addend.next = 0 if tags[3*tag_w-2] else acc[tags[3*tag_w-2:2*tag_w]]

    adder = fp32_add(clk, addend, product, total)

    @always(clk.posedge)
    def accumulate():
        if tags[6*tag_w-1]:
            acc[tags[6*tag_w-2:5*tag_w]].next = total

    @always(clk.posedge)
    def drain():
        if drain_load:
            drain_out.next = acc[drain_slot]
        elif drain_shift:
            drain_out.next = drain_in

    return hop, select, multiplier, feedback, adder, accumulate, drain

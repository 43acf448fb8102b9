"""Unified sparse processing element: one FP16 multiply and one FP32 add a cycle, dense or N:M.

It holds two sets of accumulators. While one takes the sums of a tile, the other waits to be drained, so
draining costs the array nothing. Within a set the accumulators take turns (interleaving): a sum comes
back from the adder before its next product arrives, and no cycle is lost.
"""
from myhdl import Signal, always, always_comb, concat, intbv

from rtl import timing, words
from rtl.fp16_mul import fp16_mul
from rtl.fp32_add import fp32_add
from rtl.golden.floats import FP16_NAN
from rtl.hierarchy import module



@module
def uspe(clk, rst, west_load, west, east_load, east, north, south,
         drain_load, drain_shift, drain_slot, drain_in, drain_out, config):
    """Choose the activation that a weight's index names, multiply, and add to an accumulator.

    west_load    in   whether `west` holds a new group
    west         in   a group of largest_m activations, FP16, and above them one bit for each that is not finite
    east_*       out  west_* a cycle later, for the neighbour
    north        in   words.step: weight, index, pruned, accumulator, first of a sum, valid
    south        out  north a cycle later, for the neighbour
    drain_load   in   take accumulator drain_slot to drain_out
    drain_shift  in   pass drain_in on to drain_out
    Latency      1 cycle west to east and north to south; a product reaches its accumulator
                 7 cycles (SELECT + FP16_MUL + ACCUMULATE) after its weight stands on south (rtl/timing.py)
    Throughput   1 multiply-add per cycle
    Reset        synchronous, active high: forgets the steps in flight
    Golden       rtl/golden/gemm.py, one element of c
    """
    layout = words.step(config)
    weight_high, weight_low = layout["weight"]
    index_high, index_low = layout["index"]
    pruned_high, pruned_low = layout["pruned"]
    tag_high, tag_low = layout["valid"][0], layout["slot"][1]     # slot, first and valid together
    tag_bits = tag_high - tag_low
    group_bits = 16 * config.largest_m
    multiplied = timing.SELECT + timing.FP16_MUL                  # cycles from south to the product
    added = multiplied + timing.FP32_ADD

    weight = Signal(intbv(0)[16:])
    activation = Signal(intbv(0)[16:])
    product = Signal(intbv(0)[32:])
    addend = Signal(intbv(0)[32:])
    total = Signal(intbv(0)[32:])
    accumulators = [Signal(intbv(0)[32:]) for _ in range(2 * config.interleave)]
    tags = Signal(intbv(0)[added * tag_bits:])                    # of the steps in flight, youngest in the low bits
    product_first = multiplied * tag_bits - 2
    product_low = (multiplied - 1) * tag_bits
    total_valid = added * tag_bits - 1
    total_low = (added - 1) * tag_bits

    @always(clk.posedge)
    def hop():
        south.next = north
        east_load.next = west_load
        if west_load:
            east.next = west

    @always(clk.posedge)
    def select():
        weight.next = south[weight_high:weight_low]
        if (east[group_bits + config.largest_m:group_bits] & south[pruned_high:pruned_low]) != 0:
            activation.next = FP16_NAN              # 0 * infinity, for a weight that was pruned
        else:
            activation.next = (east >> concat(south[index_high:index_low], intbv(0)[4:])) & 0xFFFF

    @always(clk.posedge)
    def track():
        if rst:
            tags.next = 0
        else:
            tags.next = concat(tags[total_low:], south[tag_high:tag_low])

    @always_comb
    def feedback():
        addend.next = 0 if tags[product_first] else accumulators[tags[product_first:product_low]]

    @always(clk.posedge)
    def accumulate():
        if tags[total_valid]:
            accumulators[tags[total_valid - 1:total_low]].next = total

    @always(clk.posedge)
    def drain():
        if drain_load:
            drain_out.next = accumulators[drain_slot]
        elif drain_shift:
            drain_out.next = drain_in

    multiplier = fp16_mul(clk, activation, weight, product)
    adder = fp32_add(clk, addend, product, total)
    return hop, select, track, feedback, accumulate, drain, multiplier, adder

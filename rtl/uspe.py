"""Unified sparse processing element: one FP16 multiply and one FP32 add a cycle, dense or N:M, in two dataflows.

What it multiplies is always a weight of its memory and an activation of its group; the dataflow only says how long
they stay. Output-stationary, each weight is used in the cycle after it was written, and sums stay. Weight-stationary,
weights stay (in one bank, while the other is filled for the next tile), and sums come from above and go below.

It holds two sets of accumulators: while one takes the sums of a tile, the other waits to be drained. Within a set the
accumulators take turns (interleaving): a sum comes back from the adder before its next product arrives.
"""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl import timing, words
from rtl.fp16_mul import fp16_mul
from rtl.fp32_add import fp32_add
from rtl.golden.floats import FP16_NAN
from rtl.hierarchy import module, waives


@waives(
    BLKSEQ="a clocked process assigns to variables of its own",
    UNUSEDSIGNAL="of some words only certain fields are used here",
    WIDTH="operands are as wide as they are, and results are cut to their signal",
)
@module
def uspe(
    clk,
    rst,
    west_step,
    west,
    east_step,
    east,
    north,
    south,
    sum_in,
    sum_out,
    drain_load,
    drain_shift,
    drain_slot,
    config,
):
    """Choose the activation that a weight's index names, multiply, and add to an accumulator.

    west_step    in   words.step: what to do, and whether `west` holds a new group
    west         in   a group of largest_m activations, FP16, and above them one bit for each that is not finite
    east*        out  west* a cycle later, for the neighbour
    north        in   words.descent: a weight for this element or one below
    south        out  north a cycle later, for the neighbour
    sum_in       in   FP32, from the element above
    sum_out      out  FP32, for the element below: a finished sum, or what is drained
    drain_load   in   take accumulator drain_slot to sum_out
    drain_shift  in   pass sum_in on to sum_out
    Latency      1 cycle west to east and north to south; a product reaches its accumulator
                 7 cycles (SELECT + FP16_MUL + ACCUMULATE) after its step stands on east_step, and a finished sum
                 reaches sum_out when the element below, one turn behind, starts from it (rtl/timing.py)
    Throughput   1 multiply-add per cycle
    Reset        synchronous, active high: forgets the steps in flight
    Golden       rtl/golden/gemm.py, one element of c
    """
    layout, down = words.step(config), words.descent(config)
    load_bit, slot_low = layout["load"][1], layout["set"][1]
    tag_bits = layout["place"][0]  # from valid to place: what the sum's stages need
    at_high, at_low = layout["bank"][0], layout["place"][1]  # address in the weight memory
    weight_bits = down["pruned"][0]  # weight, index and pruned together
    index_high, index_low = down["index"]
    address_high, address_low = down["address"]
    write_bit, everyone_bit, pruned_low = (down[name][1] for name in ("write", "everyone", "pruned"))
    distance_high, distance_low = down["distance"]
    distances = 2 ** (distance_high - distance_low)
    group_bits = 16 * config.largest_m
    multiplied = timing.SELECT + timing.FP16_MUL  # cycles from east_step to the product
    added = multiplied + timing.FP32_ADD
    waits = config.turn - timing.ACCUMULATE  # of a finished sum for the element below

    memory = [Signal(intbv(0)[weight_bits:]) for _ in range(2 ** words.address_bits(config))]
    chosen = Signal(intbv(0)[weight_bits:])
    weight, activation = (Signal(intbv(0)[16:]) for _ in range(2))
    product, addend, total, handed = (Signal(intbv(0)[32:]) for _ in range(4))
    accumulators = [Signal(intbv(0)[32:]) for _ in range(2 ** words.slot_bits(config))]
    tags = Signal(intbv(0)[added * tag_bits :])  # of the steps in flight, youngest in the low bits
    product_tag = (multiplied - 1) * tag_bits
    product_fresh, product_above = product_tag + layout["fresh"][1], product_tag + layout["above"][1]
    product_slot, product_end = product_tag + slot_low, product_tag + tag_bits
    total_tag = (added - 1) * tag_bits
    total_valid, total_below = total_tag + layout["valid"][1], total_tag + layout["below"][1]
    total_slot, total_end = total_tag + slot_low, total_tag + tag_bits
    finished = Signal(intbv(0)[33 * (waits + 1) :])  # sums, and above each whether it is one
    handing = Signal(bool(0))

    @always(clk.posedge)
    def hop():
        distance = intbv(0)[distance_high - distance_low :]
        east_step.next = west_step
        if west_step[load_bit]:
            east.next = west
        distance[:] = (north[distance_high:distance_low] - 1) % distances
        south.next = concat(distance, north[distance_low:])

    @always(clk.posedge)
    def keep():
        if north[write_bit] and (north[everyone_bit] or north[distance_high:distance_low] == 0):
            memory[north[address_high:address_low]].next = north[weight_bits:]

    @always_comb
    def choose():
        chosen.next = memory[east_step[at_high:at_low]]

    @always(clk.posedge)
    def select():
        weight.next = chosen[16:]
        if (east[group_bits + config.largest_m : group_bits] & chosen[weight_bits:pruned_low]) != 0:
            activation.next = FP16_NAN  # 0 * infinity, for a weight that was pruned
        else:
            activation.next = (east >> concat(chosen[index_high:index_low], intbv(0)[4:])) & 0xFFFF

    @always(clk.posedge)
    def track():
        if rst:
            tags.next = 0
        else:
            tags.next = concat(tags[total_tag:], east_step[tag_bits:])

    @always_comb
    def feedback():
        addend.next = (
            sum_in
            if tags[product_above]
            else (0 if tags[product_fresh] else accumulators[tags[product_end:product_slot]])
        )

    @always(clk.posedge)
    def accumulate():
        if tags[total_valid]:
            accumulators[tags[total_end:total_slot]].next = total

    @always(clk.posedge)
    def wait():
        finished.next = concat(finished[33 * waits :], tags[total_below], total)

    if waits:

        @always_comb
        def finish():
            handing.next = finished[33 * waits - 1]
            handed.next = finished[33 * waits - 1 : 33 * (waits - 1)]
    else:

        @always_comb
        def finish():
            handing.next = tags[total_below]
            handed.next = total

    @always(clk.posedge)
    def hand_over():
        if drain_load:
            sum_out.next = accumulators[drain_slot]
        elif drain_shift:
            sum_out.next = sum_in
        elif handing:
            sum_out.next = handed

    multiplier = fp16_mul(clk, activation, weight, product)
    adder = fp32_add(clk, addend, product, total)
    late = (wait,) if waits else ()
    return hop, keep, choose, select, track, feedback, accumulate, late, finish, hand_over, multiplier, adder

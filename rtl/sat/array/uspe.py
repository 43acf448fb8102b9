"""Unified sparse processing element: one FP16 multiply and one FP32 add a cycle, dense or N:M, in two dataflows.

The factors are always a weight of its memory and an activation of its group; the dataflow only says how long
they stay. Output-stationary, each weight is used in the cycle after it was written, and sums stay. Weight-stationary,
weights stay (in one bank, while the other is filled for the next tile), and sums come from above and go below.

It holds two sets of accumulators: while one takes the sums of a tile, the other waits to be drained. Within a set the
accumulators take turns (interleaving): a sum comes back from the adder before its next product arrives.
"""

from myhdl import always, always_comb, concat, intbv

from rtl import timing as units
from rtl.float.formats import FP16_NAN
from rtl.float.fp16_mul import fp16_mul
from rtl.float.fp32_add import fp32_add
from rtl.hdl.hierarchy import module, waives
from rtl.hdl.lanes import pack
from rtl.hdl.layout import Layout
from rtl.hdl.stream import bit, bus
from rtl.sat import bundles, layouts, timing
from rtl.sat.config import SatConfig


@waives(
    UNUSEDSIGNAL="a sum that is finished does not ask any more where it started from",
    WIDTH="a distance wraps",
)
@module
def uspe(clk, rst, west, east, north, south, sum_in, sum_out, drain, config):
    """Select the activation that a weight's index names, multiply, and add to an accumulator.

    west         in   bundles.Row: a step, and with step.load a new group
    east         out  west a cycle later, for the neighbour
    north        in   layouts.weight_packet: a weight for this element or one below
    south        out  north a cycle later, for the neighbour
    sum_in       in   FP32, from the element above
    sum_out      out  FP32, for the element below: a finished sum, or what is drained
    drain        in   bundles.Drain.chain: has sum_out take an accumulator, or sum_in, when a block is drained
    Latency      1 cycle west to east and north to south; a product reaches its accumulator
                 7 cycles (SELECT + FP16_MUL + ACCUMULATE) after its step stands on east.step, and a finished sum
                 reaches sum_out when the element below, a row skew behind, starts from it (rtl/sat/timing.py)
    Throughput   1 multiply-add per cycle
    Reset        synchronous, active high: forgets the steps in flight
    Golden       rtl/golden/gemm.py, one element of c
    """
    step, down, group = layouts.step(config), layouts.weight_packet(config), layouts.group(config)
    address = step.span("place", "bank")  # of a weight in the memory
    tag = step.span("valid", "place")  # what the sum's stages need
    kept = down.span("weight", "pruned")  # what the memory keeps
    distances = 2 ** down.bits("distance")
    multiplied = timing.SELECT + units.FP16_MUL  # cycles from east.step to the product
    added = multiplied + units.FP32_ADD
    waits = config.turn - units.ACCUMULATE  # of a finished sum for the element below
    leaving = Layout(sum=32, below=1)  # a sum, and whether it is one that the element below waits for
    bits = leaving.width

    memory = [bus(kept) for _ in range(2**address.width)]
    fetched, weight, activation = bus(kept), bus(16), bus(16)
    low = bus(down.bits("index") + 4)  # of the activation in its group
    product, addend, total, handed = (bus(32) for _ in range(4))
    slots = layouts.slot(config).width
    accumulators = [bus(32) for _ in range(2**slots)]
    tags = bus(added * tag.width)  # of the steps in flight, youngest in the low bits
    adding = tag.at((multiplied - 1) * tag.width)  # the tag of the product, and that of the total
    ending = tag.at((added - 1) * tag.width)
    adding_slot, ending_slot = adding.span("set", "place"), ending.span("set", "place")
    ends, last = bit(), bus(leaving)
    finished = bus(bits * (waits + 1))  # sums that wait, youngest in the low bits
    oldest = leaving.at(bits * (waits - 1)) if waits else leaving
    handing = bit()

    @always(clk.posedge)
    def hop():
        east.step.next = west.step
        if west.step[step.load_bit]:
            east.group.next = west.group
        south.next = north
        south.next[down.distance_high : down.distance_low] = (
            north[down.distance_high : down.distance_low] - 1
        ) % distances

    @always(clk.posedge)
    def keep():
        if north[down.write_bit] and (north[down.everyone_bit] or north[down.distance_high : down.distance_low] == 0):
            memory[north[down.address_high : down.address_low]].next = north[kept.high : kept.low]

    @always_comb
    def read():
        fetched.next = memory[east.step[address.high : address.low]]

    @always_comb
    def locate():
        low.next = concat(fetched[down.index_high : down.index_low], intbv(0)[4:])

    @always(clk.posedge)
    def select():
        weight.next = fetched[down.weight_high : down.weight_low]
        if (east.group[group.special_high : group.special_low] & fetched[down.pruned_high : down.pruned_low]) != 0:
            activation.next = FP16_NAN  # 0 * infinity, for a weight that was pruned
        else:
            activation.next = east.group[low + 16 : low]

    @always(clk.posedge)
    def track():
        if rst:
            tags.next = 0
        else:
            tags.next = concat(tags[ending.low :], east.step[tag.high : tag.low])

    @always_comb
    def feedback():
        addend.next = (
            sum_in
            if tags[adding.above_bit]
            else (0 if tags[adding.fresh_bit] else accumulators[tags[adding_slot.high : adding_slot.low]])
        )

    @always(clk.posedge)
    def accumulate():
        if tags[ending.valid_bit]:
            accumulators[tags[ending_slot.high : ending_slot.low]].next = total

    @always_comb
    def end():
        ends.next = tags[ending.below_bit]

    @always(clk.posedge)
    def wait():
        finished.next = concat(finished[bits * waits :], last)

    if waits:

        @always_comb
        def finish():
            handing.next = finished[oldest.below_bit]
            handed.next = finished[oldest.sum_high : oldest.sum_low]
    else:

        @always_comb
        def finish():
            handing.next = ends
            handed.next = total

    @always(clk.posedge)
    def hand_over():
        if drain.load:
            sum_out.next = accumulators[drain.slot]
        elif drain.shift:
            sum_out.next = sum_in
        elif handing:
            sum_out.next = handed

    multiplier = fp16_mul(clk, activation, weight, product)
    adder = fp32_add(clk, addend, product, total)
    late = (wait, pack(leaving, last, sum=total, below=ends)) if waits else ()
    return hop, keep, read, locate, select, track, feedback, accumulate, end, late, finish, hand_over, multiplier, adder


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `uspe`, by name."""
    down = layouts.weight_packet(config)
    return dict(
        clk=bit(),
        rst=bit(),
        west=bundles.Row(config),
        east=bundles.Row(config),
        north=bus(down),
        south=bus(down),
        sum_in=bus(32),
        sum_out=bus(32),
        drain=bundles.Drain(config).chain,
    )

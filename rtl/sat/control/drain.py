"""Empties finished accumulators, or a memory of sums, while the array goes on, and sends the block row by row."""

from myhdl import always, always_comb

from rtl.hdl.hierarchy import module, waives
from rtl.hdl.lanes import pack
from rtl.hdl.layout import pair
from rtl.hdl.stream import Stream, bit, bus
from rtl.sat import bundles, layouts
from rtl.sat.config import SatConfig
from rtl.shared.result_port import result_port


@waives(WIDTH="an address wraps, and a mask is a shift of a constant")
@module
def drain(clk, rst, blocks, drain, drained, results, overflow, config):
    """Send each finished block: for each slot that holds columns, the rows from the top.

    blocks            bundles.Blocks: finished, commands in; stored out
    drain             out  bundles.Drain, to the array
    drained           in   an FP32 word for each column
    results           Stream out  32 bits for each column: FP32, or FP16 in the low half
    overflow          out  an infinity or NaN has left as FP32 since reset
    Latency           2 cycles (STORE_SETUP) from drain.load to the first word
    Throughput        1 word per cycle while results.ready stays high
    Reset             synchronous, active high
    Golden            tlm/sat/gemm_times.py, store_end; rtl/golden/fp32_to_fp16.py
    """
    f, interleave = layouts.command(config), config.interleave
    both = pair(f)
    addresses = 2 ** layouts.sum_bits(config)

    pending = bus(2)  # finished blocks that wait
    accumulators = bus(1)  # the set that is drained, or comes next
    command = bus(f)
    to_half = bit()
    draining = bit()
    chain = bit()  # the chain's end, or the memory, holds a word that is to be sent
    address = bus(layouts.sum_bits(config))  # of that word in the memory
    row = bus(f, "rows")
    slot = bus(f, "slots")  # the slot to be loaded next
    place = bus(layouts.slot(config), "place")  # its place in a turn
    starting = bit()
    advance = bit()  # that word moves to the port
    next_slot = bit()
    fetch = bit()  # a slot's first word; after the last slot nothing looks at it
    beyond = bus(config.columns)  # columns that the slot lacks
    every = 2**config.columns - 1

    @always_comb
    def select():
        if accumulators:
            command.next = blocks.commands[both.of1_high : both.of1_low]
        else:
            command.next = blocks.commands[both.of0_high : both.of0_low]

    @always_comb
    def decide():
        starting.next = pending != 0 and not draining
        advance.next = chain and (not results.valid or results.ready)
        next_slot.next = row + 1 == command[f.rows_high : f.rows_low]
        to_half.next = command[f.half_bit]
        blocks.stored.next = results.valid and results.ready and not chain

    @always_comb
    def open_slot():
        fetch.next = starting or (advance and next_slot)

    @always_comb
    def locate():
        place.next = 0
        if not starting and slot != interleave:
            place.next = slot

    @always_comb
    def steer():
        drain.load.next = fetch and not command[f.weights_bit]
        drain.shift.next = advance and not command[f.weights_bit]
        drain.read.next = (fetch or advance) and command[f.weights_bit]
        if fetch:
            drain.address.next = place
        else:
            drain.address.next = (address + interleave) % addresses
        drain.set.next = accumulators
        drain.memory.next = command[f.weights_bit]

    @always(clk.posedge)
    def run():
        if starting:
            draining.next = True
            chain.next = True
        if advance and next_slot and slot == command[f.slots_high : f.slots_low]:
            chain.next = False
        if blocks.stored:
            draining.next = False
            accumulators.next = not accumulators
        if blocks.finished and not starting:
            pending.next = pending + 1
        elif starting and not blocks.finished:
            pending.next = pending - 1
        if rst:
            draining.next = False
            chain.next = False
            accumulators.next = 0
            pending.next = 0

    @always(clk.posedge)
    def count():
        if starting or advance:
            address.next = drain.address
        if starting:
            row.next = 0
            slot.next = 1
        elif advance and next_slot:
            row.next = 0
            if slot != interleave:
                slot.next = slot + 1
        elif advance:
            row.next = row + 1

    @always_comb
    def bound():
        beyond.next = 0
        if slot == command[f.slots_high : f.slots_low]:
            beyond.next = (every << command[f.width_high : f.width_low]) & every

    port = result_port(clk, rst, advance, drained, to_half, beyond, results, overflow)
    number = pack(layouts.slot(config), drain.slot, set=accumulators, place=place)
    return select, decide, open_slot, locate, number, steer, run, count, bound, port


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `drain`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        blocks=bundles.Blocks(config),
        drain=bundles.Drain(config),
        drained=bus(32 * config.columns),
        results=Stream(32 * config.columns),
        overflow=bit(),
    )

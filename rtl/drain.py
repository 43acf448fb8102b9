"""Empties finished accumulators, or a memory of sums, while the array goes on, and sends the block row by row."""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl import words
from rtl.hierarchy import module, waives
from rtl.result_port import result_port


@waives(WIDTH="operands are as wide as they are, and results are cut to their signal")
@module
def drain(
    clk,
    rst,
    finished,
    finished_command,
    stored,
    drain_load,
    drain_shift,
    drain_slot,
    drain_read,
    drain_address,
    drain_set,
    drain_memory,
    drained,
    results,
    overflow,
    config,
):
    """Send each finished block: for each slot that holds columns, the rows from the top.

    finished          in   another block's sums stand in all accumulators
    finished_command  in   the words.command of the blocks in both sets of accumulators, set 0 in the low bits
    stored            out  the block has left
    drain_*           out  to the array, as in uspe and sum_lane
    drained           in   an FP32 word for each column
    results           Stream out  32 bits for each column: FP32, or FP16 in the low half
    overflow          out  an infinity or NaN has left as FP32 since reset
    Latency           2 cycles (STORE_SETUP) from drain_load to the first word
    Throughput        1 word per cycle while results.ready stays high
    Reset             synchronous, active high
    Golden            tlm/timeline.py, store_end; rtl/golden/fp32_to_fp16.py
    """
    layout = words.command(config)
    bits = layout.width
    rows_high, rows_low = layout["rows"]
    slots_high, slots_low = layout["slots"]
    width_high, width_low = layout["width"]
    half_bit, weights_bit = layout["half"][1], layout["weights"][1]
    interleave = config.interleave
    place_bits, address_bits = words.place_bits(config), words.sum_bits(config)
    addresses = 2**address_bits

    pending = Signal(intbv(0)[2:])  # finished blocks that wait
    accumulators = Signal(intbv(0)[1:])  # the set that is drained, or comes next
    command = Signal(intbv(0)[bits:])
    to_half = Signal(bool(0))
    draining = Signal(bool(0))
    chain = Signal(bool(0))  # the chain's end, or the memory, holds a word that is to be sent
    address = Signal(intbv(0)[address_bits:])  # of that word in the memory
    row = Signal(intbv(0)[layout.bits("rows") :])
    slot = Signal(intbv(0)[layout.bits("slots") :])  # the slot to be loaded next
    starting = Signal(bool(0))
    advance = Signal(bool(0))  # that word moves to the port
    next_slot = Signal(bool(0))
    fetch = Signal(bool(0))  # a slot's first word; after the last slot nothing looks at it
    beyond = Signal(intbv(0)[config.columns :])  # columns that the slot lacks
    every = 2**config.columns - 1

    @always_comb
    def choose():
        if accumulators:
            command.next = finished_command[2 * bits : bits]
        else:
            command.next = finished_command[bits:]

    @always_comb
    def decide():
        starting.next = pending != 0 and not draining
        advance.next = chain and (not results.valid or results.ready)
        next_slot.next = row + 1 == command[rows_high:rows_low]
        to_half.next = command[half_bit]
        stored.next = results.valid and results.ready and not chain

    @always_comb
    def open_slot():
        fetch.next = starting or (advance and next_slot)

    @always_comb
    def steer():
        place = intbv(0)[place_bits:]
        if not starting and slot != interleave:
            place[:] = slot
        drain_slot.next = concat(place, accumulators)
        drain_load.next = fetch and not command[weights_bit]
        drain_shift.next = advance and not command[weights_bit]
        drain_read.next = (fetch or advance) and command[weights_bit]
        if fetch:
            drain_address.next = place
        else:
            drain_address.next = (address + interleave) % addresses
        drain_set.next = accumulators
        drain_memory.next = command[weights_bit]

    @always(clk.posedge)
    def run():
        if starting:
            draining.next = True
            chain.next = True
        if advance and next_slot and slot == command[slots_high:slots_low]:
            chain.next = False
        if stored:
            draining.next = False
            accumulators.next = not accumulators
        if finished and not starting:
            pending.next = pending + 1
        elif starting and not finished:
            pending.next = pending - 1
        if rst:
            draining.next = False
            chain.next = False
            accumulators.next = 0
            pending.next = 0

    @always(clk.posedge)
    def count():
        if starting or advance:
            address.next = drain_address
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
        if slot == command[slots_high:slots_low]:
            beyond.next = (every << command[width_high:width_low]) & every

    port = result_port(clk, rst, advance, drained, to_half, beyond, results, overflow)
    return choose, decide, open_slot, steer, run, count, bound, port

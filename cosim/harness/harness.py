"""The world around an accelerator in a simulation: off-chip memory's timing, and a mailbox to the host.

The host (Python) and the device meet once in a window of many clock cycles, never in each. The host
sends a tile's operand lines and its command in messages; the device's results and times wait in
mailboxes. Whenever the host is needed before the device can go on, `run` falls and the clock stands
still: so the time that the host takes never shows in a cycle count.
"""

from myhdl import Signal, always, always_comb, intbv

from cosim.accelerators import device_of
from cosim.harness.mailbox import mailbox
from cosim.harness.messages import STAMP_BITS, STAMPS, beats_per_message
from cosim.harness.operand_memory import operand_memory
from cosim.harness.result_memory import result_memory
from rtl.hdl.hierarchy import module
from rtl.hdl.stream import Stream


@module
def harness(clk, update_clk, rst, run, host, device_out, config):
    """The device, its memory and its mailboxes.

    clk, rst    in   the clock may rise only while `run` is high
    update_clk  in   the same clock; where no update comes, it rises only in reset. None: there never is one
    run         out  the device can go on without the host, and has something to do
    host        ToDevice in
    device_out  ToHost out
    Latency     and throughput are those of the device and of the memories; cycles are counted from the end of reset
    Reset       synchronous, active high, for as long as the device asks
    Golden      tlm/timeline.py
    """
    device = device_of(config)
    storing_bit, other_bit = device.storing
    commands, operands = Stream(device.command_bits), Stream(device.line_bits)
    results = Stream(device.result_bits)
    stamp = Signal(intbv(0)[STAMP_BITS:])
    outstanding = Signal(intbv(0)[3:])
    empty, announce, tile_done, word_moves, stored, working = (Signal(bool(0)) for _ in range(6))
    results_full, tiles_full, stores_full = (Signal(bool(0)) for _ in range(3))
    tiles_seen, stores_seen = (Signal(bool(0)) for _ in range(2))

    @always_comb
    def observe():
        announce.next = commands.valid and commands.ready and (commands.data[storing_bit] or commands.data[other_bit])
        word_moves.next = results.valid and results.ready
        stamp.next = device_out.cycle + 1

    @always_comb
    def pace():
        device_out.need.next = empty and not host.ended and not rst
        run.next = rst or not (
            results_full or tiles_full or stores_full or (empty and (not host.ended or outstanding == 0))
        )

    @always(clk.posedge)
    def count():
        device_out.cycle.next = device_out.cycle + 1
        if rst:
            device_out.cycle.next = 0

    steady = dict(clk=clk, update_clk=update_clk, rst=rst, rates=host.rates)
    streams = dict(commands=commands, operands=operands, results=results)
    strobes = dict(tile_done=tile_done, stored=stored, working=working, overflow=device_out.overflow)
    counters = dict(busy=device_out.busy, waiting=device_out.waiting, idle=device_out.idle)
    signals = steady | streams | strobes | counters
    message = host.toggle, host.lines, host.count, host.command, host.read_delay, host.complete
    beats = host.taken, device_out.seen, device_out.results, device_out.result_count, results_full
    tiles = host.taken, tiles_seen, device_out.tile_ends, device_out.tile_count, tiles_full
    stores = host.taken, stores_seen, device_out.store_ends, device_out.store_count, stores_full
    return (
        observe,
        pace,
        count,
        device.block(**{port: signals[port] for port in device.ports}, config=config),
        operand_memory(clk, rst, *message, commands, operands, empty, config),
        result_memory(clk, rst, announce, host.write_delay, host.beats, results.valid, results.ready, outstanding),
        mailbox(clk, rst, word_moves, results.data, *beats, device.result_bits, beats_per_message(config)),
        mailbox(clk, rst, tile_done, stamp, *tiles, STAMP_BITS, STAMPS),
        mailbox(clk, rst, stored, stamp, *stores, STAMP_BITS, STAMPS),
    )

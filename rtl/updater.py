"""The weight update: a stream of weights, velocities and gradients in, new ones and both N:M copies out."""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl import sat_timing as timing
from rtl import words
from rtl.hierarchy import module
from rtl.sore import sore
from rtl.update_loader import update_loader
from rtl.update_section import update_section
from rtl.update_store import update_store
from rtl.wuve import wuve

LAG = timing.UPDATE_LAG


@module
def updater(clk, rst, commands, operands, results, rates, slice_enters, tile_done, busy, stored, config):
    """Execute update commands.

    commands      Stream in   words.update, one a tile
    operands      Stream in   as in update_loader
    results       Stream out  the sections of each tile, as in update_store
    rates         in   words.rates; steady while a tile is under way
    slice_enters  out  a slice enters the lanes in this cycle
    tile_done     out  it is the last of its tile
    busy          out  a tile is under way
    stored        out  the last word of a tile moves
    Latency       rtl/sat_timing.py; of a whole program: tlm/update.py, to the cycle
    Throughput    1 slice of update_lanes weights per cycle while operands keep up and results leave
    Reset         synchronous, active high
    Golden        rtl/golden/sgd.py, rtl/golden/nm.py
    """
    layout = words.update(config)
    bits, slice_bits, vectors_high = layout.width, 32 * config.update_lanes, layout["vectors"][0]
    n_high, n_low = layout["n"]
    m_high, m_low = layout["m"]
    momentum_bit, forward_bit, backward_bit = (layout[name][1] for name in ("momentum", "forward", "backward"))
    row_bits = 4 * config.largest_m * words.weight(config).width
    address_bits = (config.update_vectors - 1).bit_length() + 1
    copy_rows = config.update_vectors // 4

    command, stored_command = (Signal(intbv(0)[bits:]) for _ in range(2))
    held = Signal(intbv(0)[2 * bits :])  # the commands of the tiles in both banks
    bank, store_bank = Signal(intbv(0)[1:]), Signal(intbv(0)[1:])
    free = Signal(intbv(0)[2:])  # banks
    admitted = Signal(bool(0))
    ending = Signal(intbv(0)[LAG:])  # the last slices of tiles on their way
    momentum, reducing = Signal(bool(0)), Signal(bool(0))
    n, m = Signal(intbv(0)[3:]), Signal(intbv(0)[5:])
    weights, velocities, gradients = (Signal(intbv(0)[slice_bits:]) for _ in range(3))
    masters_done, halves_done, forward_done, backward_done = (Signal(bool(0)) for _ in range(4))
    ends = [Signal(bool(0)) for _ in range(4)]
    masters_end, halves_end, forward_end, backward_end = ends
    masters, masters_row = (Signal(intbv(0)[64 * config.largest_m :]) for _ in range(2))
    halves, halves_row = (Signal(intbv(0)[16 * config.largest_m :]) for _ in range(2))
    forward, forward_row, backward, backward_row = (Signal(intbv(0)[row_bits:]) for _ in range(4))
    fetch_masters, fetch_halves, fetch_forward, fetch_backward = (Signal(bool(0)) for _ in range(4))
    address = Signal(intbv(0)[address_bits:])
    copy_address = Signal(intbv(0)[address_bits - 2 :])
    finished = Signal(bool(0))

    @always_comb
    def admit():
        # What differs in more than its length waits until the pipeline is empty.
        admitted.next = free == 2 or (free == 1 and command[bits:vectors_high] == commands.data[bits:vectors_high])
        busy.next = free != 2

    @always_comb
    def unpack():
        momentum.next = command[momentum_bit]
        reducing.next = halves_done and (command[forward_bit] or command[backward_bit])
        n.next = command[n_high:n_low]
        m.next = command[m_high:m_low]
        masters_end.next = ending[timing.WUVE_LANE]
        halves_end.next = ending[timing.WUVE_LANE + 1]
        forward_end.next = ending[timing.WUVE_LANE + 1 + timing.SORE_LANE]
        backward_end.next = ending[LAG - 1]
        finished.next = ending[LAG - 1]
        copy_address.next = concat(address[address_bits - 1], address[address_bits - 3 :])
        if store_bank:
            stored_command.next = held[2 * bits : bits]
        else:
            stored_command.next = held[bits:]

    @always(clk.posedge)
    def account():
        ending.next = concat(ending[LAG - 1 :], tile_done)
        if commands.valid and commands.ready and not stored:
            free.next = free - 1
        elif stored and not (commands.valid and commands.ready):
            free.next = free + 1
        if tile_done:
            bank.next = not bank
            if bank:
                held.next = concat(command, held[bits:])
            else:
                held.next = concat(held[2 * bits : bits], command)
        if stored:
            store_bank.next = not store_bank
        if rst:
            ending.next = 0
            free.next = 2
            bank.next = 0
            store_bank.next = 0

    load = update_loader(
        clk, rst, commands, operands, admitted, command, slice_enters, weights, velocities, gradients, tile_done, config
    )
    lanes = wuve(
        clk,
        rst,
        slice_enters,
        weights,
        velocities,
        gradients,
        momentum,
        rates,
        masters_done,
        masters,
        halves_done,
        halves,
        config,
    )
    reduce = sore(clk, rst, reducing, halves, n, m, forward_done, forward, backward_done, backward, config)
    sections = (
        update_section(
            clk,
            rst,
            masters_done,
            masters,
            masters_end,
            fetch_masters,
            address,
            masters_row,
            64 * config.largest_m,
            config.update_vectors,
        ),
        update_section(
            clk,
            rst,
            halves_done,
            halves,
            halves_end,
            fetch_halves,
            address,
            halves_row,
            16 * config.largest_m,
            config.update_vectors,
        ),
        update_section(
            clk, rst, forward_done, forward, forward_end, fetch_forward, copy_address, forward_row, row_bits, copy_rows
        ),
        update_section(
            clk,
            rst,
            backward_done,
            backward,
            backward_end,
            fetch_backward,
            copy_address,
            backward_row,
            row_bits,
            copy_rows,
        ),
    )
    store = update_store(
        clk,
        rst,
        finished,
        stored_command,
        masters_row,
        halves_row,
        forward_row,
        backward_row,
        fetch_masters,
        fetch_halves,
        fetch_forward,
        fetch_backward,
        address,
        stored,
        results,
        config,
    )
    return admit, unpack, account, load, lanes, reduce, sections, store

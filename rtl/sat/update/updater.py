"""The weight update: a stream of weights, velocities and gradients in, new ones and both N:M copies out."""

from myhdl import always, always_comb, concat

from rtl.hdl.hierarchy import module
from rtl.hdl.lanes import pack, unpack
from rtl.hdl.layout import Layout, pair
from rtl.hdl.stream import bit, bus
from rtl.sat import bundles, layouts, timing
from rtl.sat.config import SatConfig
from rtl.sat.update.bundles import SectionFetch, SectionRow, UpdateSlice
from rtl.sat.update.sore import sore
from rtl.sat.update.update_loader import update_loader
from rtl.sat.update.update_section import update_section
from rtl.sat.update.update_store import update_store
from rtl.sat.update.wuve import wuve

LAG = timing.UPDATE_LAG


@module
def updater(clk, rst, traffic, rates, slices, busy, stored, config):
    """Execute update commands.

    traffic       bundles.Traffic: commands in, layouts.update, one a tile; operands in, as in update_loader; results
                  out, the sections of each tile, as in update_store
    rates         in   layouts.rates; steady while a tile is under way
    slices        out  bundles.Progress: a slice enters the lanes in this cycle, and it is the last of its tile
    busy          out  a tile is under way
    stored        out  the last word of a tile moves
    Latency       rtl/sat/timing.py; of a whole program: tlm/sat/update_times.py, to the cycle
    Throughput    1 slice of update_lanes weights per cycle while operands keep up and results leave
    Reset         synchronous, active high
    Golden        rtl/golden/sgd.py, rtl/golden/nm.py
    """
    f = layouts.update(config)
    both, kind = pair(f), f.span("momentum", "m")
    copy_bits, copy_rows = layouts.copy_bits(config), config.update_vectors // 4
    place = layouts.section_address(config)
    copy_place = Layout(row=place.bits("row") - 2, bank=1)

    command, stored_command = bus(f), bus(f)
    held = bus(both)  # the commands of the tiles in both banks
    bank, store_bank = bus(1), bus(1)
    free = bus(2)  # banks
    admitted, reducing, momentum, finished = (bit() for _ in range(4))
    ending = bus(LAG)  # the last slices of tiles on their way
    masters_end, halves_end, forward_end, backward_end = (bit() for _ in range(4))
    n, m = bus(f, "n"), bus(f, "m")
    entering = UpdateSlice(config)
    widths = layouts.masters(config).width, layouts.halves_bits(config), copy_bits, copy_bits
    masters, halves, forward, backward = (SectionRow(width) for width in widths)
    masters_out, halves_out, forward_out, backward_out = (SectionFetch(width) for width in widths)
    address, copy_address = bus(place), bus(copy_place)
    row_low, row_bank = bus(copy_place, "row"), bit()

    @always_comb
    def admit():
        # Another kind of tile waits until the pipeline is empty: the same, of another length, does not.
        admitted.next = free == 2 or (
            free == 1 and command[kind.high : kind.low] == traffic.commands.data[kind.high : kind.low]
        )
        busy.next = free != 2

    @always_comb
    def end():
        masters_end.next = ending[timing.WUVE_LANE]
        halves_end.next = ending[timing.WUVE_LANE + 1]
        forward_end.next = ending[timing.WUVE_LANE + 1 + timing.SORE_LANE]
        backward_end.next = ending[LAG - 1]
        finished.next = ending[LAG - 1]

    @always_comb
    def select():
        reducing.next = halves.done and (command[f.forward_bit] or command[f.backward_bit])
        row_low.next = address[copy_place.row_high : copy_place.row_low]
        row_bank.next = address[place.bank_bit]
        if store_bank:
            stored_command.next = held[both.of1_high : both.of1_low]
        else:
            stored_command.next = held[both.of0_high : both.of0_low]

    @always(clk.posedge)
    def account():
        ending.next = concat(ending[LAG - 1 :], slices.last)
        if traffic.commands.valid and traffic.commands.ready and not stored:
            free.next = free - 1
        elif stored and not (traffic.commands.valid and traffic.commands.ready):
            free.next = free + 1
        if slices.last:
            bank.next = not bank
            if bank:
                held.next[both.of1_high : both.of1_low] = command
            else:
                held.next[both.of0_high : both.of0_low] = command
        if stored:
            store_bank.next = not store_bank
        if rst:
            ending.next = 0
            free.next = 2
            bank.next = 0
            store_bank.next = 0

    wires = (
        unpack(f, command, momentum=momentum, n=n, m=m),
        pack(copy_place, copy_address, row=row_low, bank=row_bank),
    )
    load = update_loader(clk, rst, traffic.commands, traffic.operands, admitted, command, slices, entering, config)
    lanes = wuve(clk, rst, slices.active, entering, momentum, rates, masters, halves, config)
    reduce = sore(clk, rst, reducing, halves.row, n, m, forward, backward, config)
    rows = config.update_vectors
    sections = (
        update_section(clk, rst, masters, masters_end, masters_out, address, widths[0], rows),
        update_section(clk, rst, halves, halves_end, halves_out, address, widths[1], rows),
        update_section(clk, rst, forward, forward_end, forward_out, copy_address, copy_bits, copy_rows),
        update_section(clk, rst, backward, backward_end, backward_out, copy_address, copy_bits, copy_rows),
    )
    store = update_store(
        clk,
        rst,
        finished,
        stored_command,
        masters_out,
        halves_out,
        forward_out,
        backward_out,
        address,
        stored,
        traffic.results,
        config,
    )
    return admit, end, select, account, wires, load, lanes, reduce, sections, store


def ports(config: SatConfig) -> dict:
    """Fresh ports of an `updater`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        traffic=bundles.Traffic.of(config, layouts.update(config).width),
        rates=bus(layouts.rates()),
        slices=bundles.Progress(),
        busy=bit(),
        stored=bit(),
    )

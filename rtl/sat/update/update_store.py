"""Sends the results of an update tile, section after section."""

from myhdl import always, always_comb

from rtl.hdl.hierarchy import module, waives
from rtl.hdl.lanes import pack
from rtl.hdl.stream import Stream, bit, bus
from rtl.sat import layouts
from rtl.sat.config import SatConfig
from rtl.sat.update.bundles import SectionFetch


@waives(WIDTH="a shorter section's row stands in a longer signal, and a word is cut from it by a shift")
@module
def update_store(clk, rst, finished, command, masters, halves, forward, backward, address, stored, results, config):
    """Send of each finished tile the sections that are to be stored, row by row, each row in as many words as it needs.

    finished  in   the older tile's rows stand in all sections
    command   in   its layouts.update
    masters, halves, forward, backward  bundles.SectionFetch of each section: take out, row in
    address   out  layouts.section_address of the row that is taken
    stored    out  the tile has left
    results   Stream out
    Latency   2 cycles (STORE_SETUP) from the first fetch to the first word
    Throughput 1 word per cycle while results.ready stays high
    Reset     synchronous, active high
    Golden    tlm/sat/update_program.py, beats; tlm/transactions.py, write_cycles
    """
    f, number = layouts.update(config), layouts.section_address(config)
    width = len(results.data)
    row_bits = layouts.masters(config).width, layouts.halves_bits(config), layouts.copy_bits(config) // layouts.KEPT
    masters_pieces, half_pieces, one_pieces, two_pieces, four_pieces = (
        -(-bits // width) for bits in (row_bits[0], row_bits[1], row_bits[2], 2 * row_bits[2], 4 * row_bits[2])
    )
    most = max(masters_pieces, half_pieces, four_pieces)
    places = 2 ** number.bits("row")

    pending = bus(2)  # finished tiles that wait
    sending = bit()
    holding = bit()  # a section's output holds a row
    bank = bus(1)
    section = bus(2)  # of that row; masters, halves, forward, backward
    row = bus(number.bits("row") + 1)
    piece = bus(most.bit_length())
    first_section, next_section, to_take = (bus(2) for _ in range(3))
    more = bit()  # sections after this one
    rows, copy_rows = (bus(f, "vectors") for _ in range(2))
    pieces, copy_pieces = (bus(most.bit_length()) for _ in range(2))
    starting, advance, last_piece, last_row, take = (bit() for _ in range(5))
    following = bus(number, "row")
    word = bus(width)
    selected = bus(max(row_bits[0], row_bits[1], 4 * row_bits[2], width))
    mask = 2**width - 1

    @always_comb
    def order():
        if command[f.masters_bit]:
            first_section.next = 0
        elif command[f.half_bit]:
            first_section.next = 1
        elif command[f.forward_bit]:
            first_section.next = 2
        else:
            first_section.next = 3
        if section == 0 and command[f.half_bit]:
            next_section.next = 1
        elif section < 2 and command[f.forward_bit]:
            next_section.next = 2
        else:
            next_section.next = 3
        more.next = (
            (section == 0 and command[f.half_bit])
            or (section < 2 and command[f.forward_bit])
            or (section < 3 and command[f.backward_bit])
        )

    @always_comb
    def measure():
        if command[f.m_high : f.m_low] == 16:
            copy_rows.next = command[f.vectors_high : f.vectors_low] >> 4
        elif command[f.m_high : f.m_low] == 8:
            copy_rows.next = command[f.vectors_high : f.vectors_low] >> 3
        else:
            copy_rows.next = command[f.vectors_high : f.vectors_low] >> 2
        if command[f.n_high : f.n_low] == 4:
            copy_pieces.next = four_pieces
        elif command[f.n_high : f.n_low] == 2:
            copy_pieces.next = two_pieces
        else:
            copy_pieces.next = one_pieces

    @always_comb
    def count_to():
        if section < 2:
            rows.next = command[f.vectors_high : f.vectors_low]
        else:
            rows.next = copy_rows
        if section == 0:
            pieces.next = masters_pieces
        elif section == 1:
            pieces.next = half_pieces
        else:
            pieces.next = copy_pieces

    @always_comb
    def decide():
        starting.next = pending != 0 and not sending
        advance.next = holding and (not results.valid or results.ready)
        last_piece.next = piece + 1 == pieces
        last_row.next = row + 1 == rows
        stored.next = results.valid and results.ready and not holding

    @always_comb
    def look_ahead():
        take.next = starting or (advance and last_piece and (not last_row or more))
        following.next = (row + 1) % places
        if starting:
            to_take.next = first_section
            following.next = 0
        elif last_row:
            to_take.next = next_section
            following.next = 0
        else:
            to_take.next = section

    @always_comb
    def drive():
        masters.take.next = take and to_take == 0
        halves.take.next = take and to_take == 1
        forward.take.next = take and to_take == 2
        backward.take.next = take and to_take == 3

    @always(clk.posedge)
    def run():
        if starting:
            sending.next = True
            holding.next = True
        elif advance and last_piece and last_row and not more:
            holding.next = False
        if stored:
            sending.next = False
            bank.next = not bank
        if finished and not starting:
            pending.next = pending + 1
        elif starting and not finished:
            pending.next = pending - 1
        if rst:
            sending.next = False
            holding.next = False
            bank.next = 0
            pending.next = 0

    @always(clk.posedge)
    def count():
        if take:
            section.next = to_take
            piece.next = 0
            if starting or last_row:
                row.next = 0
            else:
                row.next = row + 1
        elif advance:
            piece.next = piece + 1

    @always_comb
    def select():
        if section == 0:
            selected.next = masters.row
        elif section == 1:
            selected.next = halves.row
        elif section == 2:
            selected.next = forward.row
        else:
            selected.next = backward.row

    @always_comb
    def cut():
        word.next = (selected >> (piece * width)) & mask

    @always(clk.posedge)
    def send():
        if advance:
            results.valid.next = True
            results.data.next = word
        elif results.ready:
            results.valid.next = False
        if rst:
            results.valid.next = False

    place = pack(number, address, row=following, bank=bank)
    return order, measure, count_to, decide, look_ahead, drive, place, run, count, select, cut, send


def ports(config: SatConfig) -> dict:
    """Fresh ports of an `update_store`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        finished=bit(),
        command=bus(layouts.update(config)),
        masters=SectionFetch(layouts.masters(config).width),
        halves=SectionFetch(layouts.halves_bits(config)),
        forward=SectionFetch(layouts.copy_bits(config)),
        backward=SectionFetch(layouts.copy_bits(config)),
        address=bus(layouts.section_address(config)),
        stored=bit(),
        results=Stream(32 * config.columns),
    )

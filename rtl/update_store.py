"""Sends what an update tile gives, section after section."""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl import words
from rtl.hierarchy import module, waives


@waives(WIDTH="operands are as wide as they are, and results are cut to their signal")
@module
def update_store(
    clk,
    rst,
    finished,
    command,
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
):
    """Send of each finished tile the sections that are to be stored, row by row, each row in as many words as it needs.

    finished  in   the older tile's rows stand in all sections
    command   in   its words.update
    *_row     in   what was fetched from each section: update_section
    fetch_*   out  to each section, with `address`
    stored    out  the tile has left
    results   Stream out
    Latency   2 cycles (STORE_SETUP) from the first fetch to the first word
    Throughput 1 word per cycle while results.ready stays high
    Reset     synchronous, active high
    Golden    tlm/update.py, words and write_cycles
    """
    layout = words.update(config)
    vectors_high, vectors_low = layout["vectors"]
    n_high, n_low = layout["n"]
    m_high, m_low = layout["m"]
    masters_bit, half_bit, forward_bit, backward_bit = (
        layout[name][1] for name in ("masters", "half", "forward", "backward")
    )
    width = len(results.data)
    row_bits = len(masters_row), len(halves_row), len(forward_row) // 4
    masters_pieces, half_pieces, one_pieces, two_pieces, four_pieces = (
        -(-bits // width) for bits in (row_bits[0], row_bits[1], row_bits[2], 2 * row_bits[2], 4 * row_bits[2])
    )
    most = max(masters_pieces, half_pieces, four_pieces)
    place_bits = len(address) - 1
    places = 2**place_bits

    pending = Signal(intbv(0)[2:])  # finished tiles that wait
    sending = Signal(bool(0))
    holding = Signal(bool(0))  # a section's output holds a row
    bank = Signal(intbv(0)[1:])
    section = Signal(intbv(0)[2:])  # of that row; masters, halves, forward, backward
    row = Signal(intbv(0)[place_bits + 1 :])
    piece = Signal(intbv(0)[most.bit_length() :])
    first_section, next_section = (Signal(intbv(0)[2:]) for _ in range(2))
    more = Signal(bool(0))  # sections after this one
    rows, copy_rows = (Signal(intbv(0)[layout.bits("vectors") :]) for _ in range(2))
    pieces, copy_pieces = (Signal(intbv(0)[most.bit_length() :]) for _ in range(2))
    starting, advance, last_piece, last_row, fetch = (Signal(bool(0)) for _ in range(5))
    to_fetch = Signal(intbv(0)[2:])
    word = Signal(intbv(0)[width:])
    chosen = Signal(intbv(0)[max(row_bits[0], row_bits[1], 4 * row_bits[2], width) :])
    mask = 2**width - 1

    @always_comb
    def order():
        if command[masters_bit]:
            first_section.next = 0
        elif command[half_bit]:
            first_section.next = 1
        elif command[forward_bit]:
            first_section.next = 2
        else:
            first_section.next = 3
        if section == 0 and command[half_bit]:
            next_section.next = 1
        elif section < 2 and command[forward_bit]:
            next_section.next = 2
        else:
            next_section.next = 3
        more.next = (
            (section == 0 and command[half_bit])
            or (section < 2 and command[forward_bit])
            or (section < 3 and command[backward_bit])
        )

    @always_comb
    def measure():
        if command[m_high:m_low] == 16:
            copy_rows.next = command[vectors_high:vectors_low] >> 4
        elif command[m_high:m_low] == 8:
            copy_rows.next = command[vectors_high:vectors_low] >> 3
        else:
            copy_rows.next = command[vectors_high:vectors_low] >> 2
        if command[n_high:n_low] == 4:
            copy_pieces.next = four_pieces
        elif command[n_high:n_low] == 2:
            copy_pieces.next = two_pieces
        else:
            copy_pieces.next = one_pieces

    @always_comb
    def count_to():
        if section < 2:
            rows.next = command[vectors_high:vectors_low]
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
        following = intbv(0)[place_bits:]
        following[:] = (row + 1) % places
        fetch.next = starting or (advance and last_piece and (not last_row or more))
        if starting:
            to_fetch.next = first_section
            address.next = concat(bank, intbv(0)[place_bits:])
        elif last_row:
            to_fetch.next = next_section
            address.next = concat(bank, intbv(0)[place_bits:])
        else:
            to_fetch.next = section
            address.next = concat(bank, following)

    @always_comb
    def call():
        fetch_masters.next = fetch and to_fetch == 0
        fetch_halves.next = fetch and to_fetch == 1
        fetch_forward.next = fetch and to_fetch == 2
        fetch_backward.next = fetch and to_fetch == 3

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
        if fetch:
            section.next = to_fetch
            piece.next = 0
            if starting or last_row:
                row.next = 0
            else:
                row.next = row + 1
        elif advance:
            piece.next = piece + 1

    @always_comb
    def choose():
        if section == 0:
            chosen.next = masters_row
        elif section == 1:
            chosen.next = halves_row
        elif section == 2:
            chosen.next = forward_row
        else:
            chosen.next = backward_row

    @always_comb
    def cut():
        word.next = (chosen >> (piece * width)) & mask

    @always(clk.posedge)
    def send():
        if advance:
            results.valid.next = True
            results.data.next = word
        elif results.ready:
            results.valid.next = False
        if rst:
            results.valid.next = False

    return (order, measure, count_to, decide, look_ahead, call, run, count, choose, cut, send)

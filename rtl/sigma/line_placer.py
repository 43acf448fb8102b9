"""Puts a tile's operand lines where they belong: records of the Flex-DPEs and the Flex-DPU, and streamed words."""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl.hierarchy import module, waives
from rtl.sigma import words


@waives(UNUSEDSIGNAL="of some words only certain fields are used here")
@module
def line_placer(
    clk,
    rst,
    command,
    accepted,
    bank,
    stream,
    operands,
    line,
    engine_writes,
    gather_write,
    place,
    stream_write,
    stream_address,
    loading,
    complete,
    config,
):
    """Take the lines that a command announces, one after another.

    command         in   words.command of the tile, when it is accepted
    bank, stream    in   where its records and its streamed words go
    operands        Stream in  the records of the Flex-DPEs in turn, that of the Flex-DPU, the streamed words
    line            out  the line to be kept, with engine_writes (a bit each), gather_write and place
                         (rtl/sigma/record.py), or with stream_write and stream_address
    loading         out  lines of a tile are awaited
    complete        out  the last one moves
    Latency         1 cycle from a line moving to `line`
    Throughput      1 line per cycle
    Reset           synchronous, active high: nothing is awaited
    Golden          cosim/sigma_words.py, lines
    """
    layout = words.command(config)
    engines_high, engines_low = layout["engines"]
    columns_high, columns_low = layout["columns"]
    opens_bit = layout["opens"][1]
    engine_last = words.pieces(words.engine_record(config), config) - 1
    gather_last = words.pieces(words.gather_record(config), config) - 1
    piece_bits = len(place) - 1
    column_bits = len(stream_address) - 1
    every_engine = 2**config.engines - 1

    engines_left = Signal(intbv(0)[layout.bits("engines") :])
    columns_left = Signal(intbv(0)[layout.bits("columns") :])
    engine = Signal(intbv(0)[config.engines :])  # one bit: the Flex-DPE whose record comes
    piece = Signal(intbv(0)[piece_bits:])
    column = Signal(intbv(0)[column_bits:])
    gathered = Signal(bool(0))  # the Flex-DPU's record is there

    @always_comb
    def look():
        operands.ready.next = loading
        complete.next = (
            loading
            and operands.valid
            and engines_left == 0
            and ((gathered and columns_left == 1) or (not gathered and piece == gather_last and columns_left == 0))
        )

    @always(clk.posedge)
    def count():
        if accepted:
            loading.next = True
            engines_left.next = command[engines_high:engines_low]
            columns_left.next = 0
            if command[opens_bit]:
                columns_left.next = command[columns_high:columns_low]
            engine.next = 1
            piece.next = 0
            column.next = 0
            gathered.next = False
        elif loading and operands.valid:
            if complete:
                loading.next = False
            if engines_left != 0:
                if piece == engine_last:
                    piece.next = 0
                    engine.next = (engine << 1) & every_engine
                    engines_left.next = engines_left - 1
                else:
                    piece.next = piece + 1
            elif not gathered:
                if piece == gather_last:
                    gathered.next = True
                else:
                    piece.next = piece + 1
            else:
                column.next = (column + 1) % 2**column_bits
                columns_left.next = columns_left - 1
        if rst:
            loading.next = False

    @always(clk.posedge)
    def put():
        line.next = operands.data
        place.next = concat(bank, piece)
        stream_address.next = concat(stream, column)
        engine_writes.next = 0
        if loading and operands.valid and engines_left != 0:
            engine_writes.next = engine
        gather_write.next = loading and operands.valid and engines_left == 0 and not gathered
        stream_write.next = loading and operands.valid and engines_left == 0 and gathered

    return look, count, put

"""Puts a tile's operand lines where they belong: records of the Flex-DPEs and the Flex-DPU, and streamed words."""

from myhdl import always, always_comb

from rtl.hdl.hierarchy import module
from rtl.hdl.stream import Stream, bit, bus
from rtl.sigma import bundles, layouts
from rtl.sigma.config import SigmaConfig


@module
def line_placer(clk, rst, load, operands, records, stream, loading, config):
    """Take the lines that a command announces, one after another.

    load       in   bundles.Load: the tile that is accepted, and its banks; out: complete
    operands   Stream in  the records of the Flex-DPEs in turn, that of the Flex-DPU, the streamed words
    records    out  bundles.Records: a line, and its place if it is a piece of a record
    stream     out  bundles.StreamWrite: its address if it is a column's streamed words
    loading    out  lines of a tile are awaited
    Latency    1 cycle from a line moving to `records`
    Throughput 1 line per cycle
    Reset      synchronous, active high: nothing is awaited
    Golden     cosim/sigma/codec.py, lines
    """
    f, place, address = layouts.command(config), layouts.place(config), layouts.stream_address(config)
    engine_last = layouts.pieces(layouts.engine_record(config), config) - 1
    gather_last = layouts.pieces(layouts.gather_record(config), config) - 1
    column_bits = address.bits("column")
    every_engine = 2**config.engines - 1

    engines_left, columns_left = bus(f, "engines"), bus(f, "columns")
    engine = bus(config.engines)  # one bit: the Flex-DPE whose record comes
    piece = bus(place, "piece")
    column = bus(address, "column")
    gathered = bit()  # the Flex-DPU's record is there

    @always_comb
    def decide():
        operands.ready.next = loading
        load.complete.next = (
            loading
            and operands.valid
            and engines_left == 0
            and ((gathered and columns_left == 1) or (not gathered and piece == gather_last and columns_left == 0))
        )

    @always(clk.posedge)
    def count():
        if load.accepted:
            loading.next = True
            engines_left.next = load.engines
            columns_left.next = 0
            if load.loads_stream:
                columns_left.next = load.columns
            engine.next = 1
            piece.next = 0
            column.next = 0
            gathered.next = False
        elif loading and operands.valid:
            if load.complete:
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
    def drive():
        records.line.next = operands.data
        records.place.next[place.piece_high : place.piece_low] = piece
        records.place.next[place.bank_bit] = load.bank
        stream.address.next[address.column_high : address.column_low] = column
        stream.address.next[address.bank_bit] = load.stream
        records.engines.next = 0
        if loading and operands.valid and engines_left != 0:
            records.engines.next = engine
        records.gather.next = loading and operands.valid and engines_left == 0 and not gathered
        stream.write.next = loading and operands.valid and engines_left == 0 and gathered

    return decide, count, drive


def ports(config: SigmaConfig) -> dict:
    """Fresh ports of a `line_placer`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        load=bundles.Load(config),
        operands=Stream(layouts.line_bits(config)),
        records=bundles.Records(config),
        stream=bundles.StreamWrite(config),
        loading=bit(),
    )

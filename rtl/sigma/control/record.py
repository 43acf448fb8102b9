"""A record of a tile in two banks: one is in use while the other is loaded for the next tile."""

from myhdl import always_comb

from rtl.hdl.hierarchy import module
from rtl.hdl.lanes import join, split
from rtl.hdl.stream import bit, bus
from rtl.sigma import layouts
from rtl.sigma.config import SigmaConfig
from rtl.sigma.control.line_register import line_register


@module
def record(clk, line, write, place, low, high, config, pieces):
    """Take a tile's record line by line.

    line       in   an operand line
    write      in   it is a piece of a record
    place      in   layouts.place: which one, of which bank
    low, high  out  the records of bank 0 and bank 1, the first piece in the low bits
    Latency    1 cycle
    Throughput 1 line per cycle
    Reset      none
    Golden     none: a list of words
    """
    f = layouts.place(config)
    strobes = bus(2 * pieces)
    chosen = [bit() for _ in range(2 * pieces)]
    lows, highs = ([bus(len(line)) for _ in range(pieces)] for _ in range(2))

    @always_comb
    def select():
        strobes.next = 0
        if write:
            strobes.next = 1 << (place[f.bank_bit] * pieces + place[f.piece_high : f.piece_low])

    registers = [line_register(clk, line, strobe, held) for strobe, held in zip(chosen, lows + highs, strict=True)]
    return select, split(strobes, chosen), registers, join(lows, low), join(highs, high)


def ports(config: SigmaConfig, pieces: int) -> dict:
    """Fresh ports of a `record`, by name."""
    return dict(
        clk=bit(),
        line=bus(layouts.line_bits(config)),
        write=bit(),
        place=bus(layouts.place(config)),
        low=bus(pieces * layouts.line_bits(config)),
        high=bus(pieces * layouts.line_bits(config)),
    )

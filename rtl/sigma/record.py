"""What a part of SIGMA holds of a tile, in two banks: one works while the other is loaded for the next tile."""

from myhdl import Signal, always_comb, intbv

from rtl.hierarchy import module
from rtl.lanes import join, split
from rtl.sigma.line_register import line_register


@module
def record(clk, line, write, place, low, high, pieces):
    """Take a tile's record line by line.

    line       in   an operand line
    write      in   it is a piece of a record
    place      in   which one: the piece, and above it the bank
    low, high  out  the records of bank 0 and bank 1, the first piece in the low bits
    Latency    1 cycle
    Throughput 1 line per cycle
    Reset      none
    Golden     none: a list of words
    """
    piece_bits = len(place) - 1
    strobes = Signal(intbv(0)[2 * pieces :])
    chosen = [Signal(bool(0)) for _ in range(2 * pieces)]
    lows, highs = ([Signal(intbv(0)[len(line) :]) for _ in range(pieces)] for _ in range(2))

    @always_comb
    def choose():
        strobes.next = 0
        if write:
            strobes.next = 1 << ((place >> piece_bits) * pieces + place % 2**piece_bits)

    registers = [line_register(clk, line, strobe, held) for strobe, held in zip(chosen, lows + highs)]
    return choose, split(strobes, chosen), registers, join(lows, low), join(highs, high)

"""How far the rows of the array lag behind each other, and what the last of them says of tiles that went through."""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl import sat_timing as timing
from rtl import words
from rtl.hierarchy import module, waives


@waives(UNUSEDSIGNAL="of some words only certain fields are used here")
@module
def pacer(clk, rst, stationary, values, pace, last_row, below, bank_done, finished, returned, config):
    """Go around the rows' delay lines, and notice the ends of tiles below the last row.

    stationary  in   weights stay in the array, with `values` of each group: rows follow each other by a group
    pace        out  words.pace
    last_row, below  in  words.west_control as it comes to the last row, and to a row below it
    bank_done   out  the last lane has read a tile's operand bank for the last time
    finished    out  a block's sums stand in all accumulators, or in the memories of sums
    returned    out  the first sum of a tile has come through all rows
    Latency     release_delay, finish_delay (rtl/sat_timing.py), 0
    Reset       synchronous, active high; the delay lines are gone around meanwhile, all of each
    Golden      none: delays
    """
    layout = words.west_control(config)
    end_bit, begin_bit, close_bit = (layout[name][1] for name in ("end", "begin", "close"))
    turn = config.turn
    release_delay = timing.release_delay(config.rows, config.columns)
    finish_delay = timing.finish_delay(config.columns)
    place_bits = words.pace(config).bits("place")
    assert list(words.pace(config).fields) == ["weights", "place"]

    releasing = Signal(intbv(0)[release_delay:])
    finishing = Signal(intbv(0)[finish_delay:])
    place = Signal(intbv(0)[place_bits:])
    last_place = Signal(intbv(0)[place_bits:])

    @always_comb
    def bound():
        if rst:
            last_place.next = 4 * turn - 1
        elif stationary:  # a group less the cycle that the control's register takes
            last_place.next = values * turn - 2
        else:
            last_place.next = 0

    @always(clk.posedge)
    def go_around():
        if place < last_place:  # false also for what is unknown before reset
            place.next = place + 1
        else:
            place.next = 0

    @always(clk.posedge)
    def delay():
        releasing.next = concat(releasing[release_delay - 1 :], last_row[end_bit])
        finishing.next = concat(finishing[finish_delay - 1 :], below[close_bit])
        if rst:
            releasing.next = 0
            finishing.next = 0

    @always_comb
    def tell():
        pace.next = concat(place, stationary)
        bank_done.next = releasing[release_delay - 1]
        finished.next = finishing[finish_delay - 1]
        returned.next = below[begin_bit]

    return bound, go_around, delay, tell

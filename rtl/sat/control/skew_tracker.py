"""The skew from row to row of the array, and the passing of a tile's first and last steps below its last row."""

from myhdl import always, always_comb, concat

from rtl.hdl.hierarchy import module, waives
from rtl.hdl.lanes import pack
from rtl.hdl.stream import bit, bus
from rtl.sat import bundles, layouts, timing
from rtl.sat.config import SatConfig


@waives(UNUSEDSIGNAL="of the last row's control only the ends of tiles and blocks count here")
@module
def skew_tracker(clk, rst, running, edges, bank_done, finished, returned, config):
    """Go around the rows' delay lines, and notice the ends of tiles below the last row.

    running     in   bundles.RunningTile.skew: where weights are stationary, rows follow each other by a group
    edges       bundles.Edges.tracked: skew out; last_row, below in
    bank_done   out  the last lane has read a tile's operand bank for the last time
    finished    out  a block's sums stand in all accumulators, or in the memories of sums
    returned    out  the first sum of a tile has come through all rows
    Latency     release_delay, finish_delay (rtl/sat/timing.py), 0
    Throughput  an end of each kind per cycle
    Reset       synchronous, active high; the delay lines are gone around meanwhile, all of each
    Golden      none: delays
    """
    f, skew, turn = layouts.west_control(config), layouts.skew_control(config), config.turn
    release_delay = timing.release_delay(config.rows, config.columns)
    finish_delay = timing.finish_delay(config.columns)

    releasing, finishing = bus(release_delay), bus(finish_delay)
    place, last_place = bus(skew, "place"), bus(skew, "place")

    @always_comb
    def bound():
        if rst:
            last_place.next = 4 * turn - 1
        elif running.stationary:  # a group less the cycle that the control's register takes
            last_place.next = running.kept_per_group * turn - 2
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
        releasing.next = concat(releasing[release_delay - 1 :], edges.last_row[f.end_bit])
        finishing.next = concat(finishing[finish_delay - 1 :], edges.below[f.close_bit])
        if rst:
            releasing.next = 0
            finishing.next = 0

    @always_comb
    def drive():
        bank_done.next = releasing[release_delay - 1]
        finished.next = finishing[finish_delay - 1]
        returned.next = edges.below[f.begin_bit]

    return bound, go_around, delay, drive, pack(skew, edges.skew, weights=running.stationary, place=place)


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `skew_tracker`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        running=bundles.RunningTile(config).skew,
        edges=bundles.Edges(config).tracked,
        bank_done=bit(),
        finished=bit(),
        returned=bit(),
    )

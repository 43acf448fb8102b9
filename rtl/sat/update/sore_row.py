"""Gathers the kept weights of a row's vectors, for one place among the kept ones of a group."""

from myhdl import always, always_comb, concat

from rtl.hdl.hierarchy import module, waives
from rtl.hdl.stream import bit, bus
from rtl.sat import layouts
from rtl.sat.config import SatConfig


@waives(WIDTH="the row is the lower part of what stands behind the shift")
@module
def sore_row(clk, valid, fresh, m, row, config):
    """Shift the entries of a vector's groups into a row of largest_m entries.

    valid      in   `fresh` is to be taken
    fresh      in   layouts.weight of each group of a vector; the first largest_m / m are taken
    m          in   elements of a group
    row        out  largest_m layouts.weight, the oldest in the low bits
    Latency    1 cycle
    Throughput 1 vector per cycle
    Reset      none: m vectors fill the row
    Golden     none: a list
    """
    entry = layouts.weight(config).width
    lanes, half_lanes = config.largest_m, config.largest_m // 2
    both = bus(len(fresh) + len(row))
    mask = 2 ** len(row) - 1

    @always_comb
    def append():
        both.next = concat(fresh, row)

    @always(clk.posedge)
    def shift():
        if valid:
            if m == lanes:
                row.next = (both >> entry) & mask
            elif m == half_lanes:
                row.next = (both >> 2 * entry) & mask
            else:
                row.next = (both >> 4 * entry) & mask

    return append, shift


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `sore_row`, by name."""
    entry = layouts.weight(config).width
    return dict(
        clk=bit(),
        valid=bit(),
        fresh=bus(config.largest_m // 4 * entry),
        m=bus(layouts.update(config), "m"),
        row=bus(config.largest_m * entry),
    )

"""Sparse tensor computing engine: the systolic array with its operand buffers, its sums and its drain chain."""

from myhdl import always_comb

from rtl.hdl.hierarchy import module, waives
from rtl.hdl.lanes import join, pack, split, unpack
from rtl.hdl.stream import bit, bus
from rtl.sat import bundles, layouts
from rtl.sat.array.stce_column import stce_column
from rtl.sat.array.west_lane import west_lane
from rtl.sat.config import BEAT, SatConfig


@waives(UNUSEDSIGNAL="ends of the array: nobody is east of the last column")
@module
def stce(clk, rst, line, edges, drain, drained, config):
    """Rows x columns processing elements, output- or weight-stationary.

    line            in   bundles.Lines
    edges           bundles.Edges: west in for row 0, every further row acts a hop later, as skew (in) says; north in
                    for column 0, every further column acts a cycle later; last_row, below out
    drain           in   bundles.Drain, to all at once
    drained         out  an FP32 word for each column
    Latency         from the issue of a step 6 cycles (WEST) to activations in the first element, 3 (NORTH) to
                    a weight there; drain_lag to all sums
    Throughput      a step, and a weight for each column, per cycle
    Reset           synchronous, active high, for at least reset_cycles (rtl/sat/timing.py): controls hop
    Golden          rtl/golden/gemm.py
    """
    rows, columns = range(config.rows), range(config.columns)
    west, edge = layouts.west_control(config), layouts.column_edge(config)

    row_lines = [bus(16 * BEAT) for _ in rows]
    column_lines = [bus(config.interleave * layouts.weight(config).width) for _ in columns]
    west_controls = [edges.west, *(bus(west) for _ in rows)]
    groups = [bundles.Row(config) for _ in rows]  # at the west end of each row
    between = [bundles.Rows(config) for _ in range(config.columns + 1)]  # west of each column, and east of the last
    first = bundles.ColumnControl(config, north=edges.north)
    controls = [first, *(bundles.ColumnControl(config) for _ in columns)]
    sums = [bus(32) for _ in columns]
    valid, begin, fresh, number = ([bit(), bit()] for _ in range(4))
    last, beneath = west_controls[-2:]

    @always_comb
    def drive():
        edges.last_row.next = last
        edges.below.next = beneath

    wires = (
        split(line.data, row_lines),
        split(line.data, column_lines),
        join([row.step for row in groups], between[0].steps),
        join([row.group for row in groups], between[0].groups),
        join(sums, drained),
    )
    ends = [  # of a row's control, what concerns the sums that enter above it, or leave
        (
            unpack(west, word, step_above=valid[k], begin=begin[k], step_fresh=fresh[k], step_set=number[k]),
            pack(edge, end, valid=valid[k], begin=begin[k], fresh=fresh[k], set=number[k]),
        )
        for k, (word, end) in enumerate(((edges.west, first.feed), (west_controls[-1], first.collect)))
    ]
    lanes = [
        west_lane(
            clk,
            rst,
            line.west_write,
            line.west_address,
            row_lines[r],
            edges.skew,
            west_controls[r],
            west_controls[r + 1],
            groups[r],
            config,
        )
        for r in rows
    ]
    array = [
        stce_column(
            clk,
            rst,
            line.north_write,
            line.north_address,
            column_lines[c],
            controls[c],
            controls[c + 1],
            between[c],
            between[c + 1],
            drain,
            sums[c],
            config,
        )
        for c in columns
    ]
    return drive, wires, ends, lanes, array


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `stce`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        line=bundles.Lines(config),
        edges=bundles.Edges(config),
        drain=bundles.Drain(config),
        drained=bus(32 * config.columns),
    )

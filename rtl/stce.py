"""Sparse tensor computing engine: the systolic array with its operand buffers, its sums and its drain chain."""

from myhdl import always_comb

from rtl import bundles, words
from rtl.hierarchy import module, waives
from rtl.lanes import join, pack, split, unpack
from rtl.sat_config import BEAT, SatConfig
from rtl.stce_column import stce_column
from rtl.stream import bit, bus
from rtl.west_lane import west_lane


@waives(UNUSEDSIGNAL="of some words only certain fields are used here")
@module
def stce(
    clk,
    rst,
    line,
    west_write,
    west_address,
    north_write,
    north_address,
    west_control,
    north_control,
    pace,
    last_row,
    below,
    drain,
    drained,
    config,
):
    """Rows x columns processing elements, output- or weight-stationary.

    line            in   an operand line: BEAT activations for each row, or `interleave` weights for each column
    west_write      in   store the line as activations at west_address
    north_write     in   store it as weights at north_address
    west_control    in   words.west_control, for row 0; every further row acts a hop later, as `pace` says
    north_control   in   words.north_control, for column 0; every further column acts a cycle later
    last_row        out  the control of the last row
    below           out  that of a row below it
    drain           in   bundles.Drain, to all at once
    drained         out  an FP32 word for each column
    Latency         from the issue of a step 6 cycles (WEST) to activations in the first element, 3 (NORTH) to
                    a weight there; drain_lag to all sums
    Reset           synchronous, active high, for at least reset_cycles (rtl/sat_timing.py): controls hop
    Golden          rtl/golden/gemm.py
    """
    rows, columns, edges = range(config.rows), range(config.columns), range(config.columns + 1)
    control, boundary = words.west_control(config), words.boundary(config)

    row_lines = [bus(16 * BEAT) for _ in rows]
    column_lines = [bus(config.interleave * words.weight(config).width) for _ in columns]
    west_controls = [west_control, *(bus(control) for _ in rows)]
    north_controls = [north_control, *(bus(words.north_control(config)) for _ in columns)]
    steps, groups = [bus(words.step(config)) for _ in rows], [bus(words.group(config)) for _ in rows]
    step_buses = [bus(config.rows * words.step(config).width) for _ in edges]
    group_buses = [bus(config.rows * words.group(config).width) for _ in edges]
    feeds, collects = ([bus(boundary) for _ in edges] for _ in range(2))
    sums = [bus(32) for _ in columns]

    valid, begin, fresh, number = ([bit(), bit()] for _ in range(4))
    last, beneath = west_controls[-2:]

    @always_comb
    def report():
        last_row.next = last
        below.next = beneath

    wires = (
        split(line, row_lines),
        split(line, column_lines),
        join(steps, step_buses[0]),
        join(groups, group_buses[0]),
        join(sums, drained),
    )
    ends = [  # what a row's control says of the sums that enter above it, or leave
        (
            unpack(control, word, step_above=valid[k], begin=begin[k], step_fresh=fresh[k], step_set=number[k]),
            pack(boundary, end, valid=valid[k], begin=begin[k], fresh=fresh[k], set=number[k]),
        )
        for k, (word, end) in enumerate(((west_control, feeds[0]), (west_controls[-1], collects[0])))
    ]
    lanes = [
        west_lane(
            clk,
            rst,
            west_write,
            west_address,
            row_lines[r],
            pace,
            west_controls[r],
            west_controls[r + 1],
            steps[r],
            groups[r],
            config,
        )
        for r in rows
    ]
    array = [
        stce_column(
            clk,
            rst,
            north_write,
            north_address,
            column_lines[c],
            north_controls[c],
            north_controls[c + 1],
            step_buses[c],
            group_buses[c],
            step_buses[c + 1],
            group_buses[c + 1],
            feeds[c],
            feeds[c + 1],
            collects[c],
            collects[c + 1],
            drain,
            sums[c],
            config,
        )
        for c in columns
    ]
    return report, wires, ends, lanes, array


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `stce`, by name."""
    west, north = words.west_control(config), words.north_control(config)
    return dict(
        clk=bit(),
        rst=bit(),
        line=bus(words.line_bits(config)),
        west_write=bit(),
        west_address=bus(west, "address"),
        north_write=bit(),
        north_address=bus(north, "line"),
        west_control=bus(west),
        north_control=bus(north),
        pace=bus(words.pace(config)),
        last_row=bus(west),
        below=bus(west),
        drain=bundles.Drain(config),
        drained=bus(32 * config.columns),
    )

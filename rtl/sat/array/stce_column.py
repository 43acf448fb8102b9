"""One column of the array: its north lane, its processing elements, and the lane of its sums.

Columns, not rows, are modules: weights and sums change each cycle and stay within a column, so the buses
between modules carry only the steps, and the activations, which change once a group.
"""

from rtl.hdl.hierarchy import module, waives
from rtl.hdl.lanes import join, split
from rtl.hdl.stream import bit, bus
from rtl.sat import bundles, layouts
from rtl.sat.array.north_lane import north_lane
from rtl.sat.array.sum_lane import sum_lane
from rtl.sat.array.uspe import uspe
from rtl.sat.config import SatConfig


@waives(UNUSEDSIGNAL="end of the column: no element is below the last one to take its weight")
@module
def stce_column(clk, rst, write, write_address, write_data, control, control_out, west, east, drain, drained, config):
    """A column of `rows` processing elements.

    write*         in   as in north_lane
    control        in   bundles.ColumnControl: as in north_lane and sum_lane
    control_out    out  control a cycle later, for the next column
    west           in   bundles.Rows: as in uspe, for each row
    east           out  west a cycle later, for the next column
    drain          in   bundles.Drain: as in uspe and sum_lane; sums move down, the last row leaves first
    drained        out  FP32, as in sum_lane
    Latency        as in north_lane, uspe and sum_lane
    Throughput     1 multiply-add per element and cycle
    Reset          synchronous, active high
    Golden         none of its own; rtl/golden/gemm.py through the array
    """
    rows = range(config.rows)
    coming, going = ([bundles.Row(config) for _ in rows] for _ in range(2))
    weights = [bus(layouts.weight_packet(config)) for _ in range(config.rows + 1)]
    sums = [bus(32) for _ in range(config.rows + 1)]

    wires = (
        split(west.steps, [row.step for row in coming]),
        split(west.groups, [row.group for row in coming]),
        join([row.step for row in going], east.steps),
        join([row.group for row in going], east.groups),
    )
    north = north_lane(clk, write, write_address, write_data, control.north, control_out.north, weights[0], config)
    elements = [
        uspe(
            clk,
            rst,
            coming[r],
            going[r],
            weights[r],
            weights[r + 1],
            sums[r],
            sums[r + 1],
            drain.chain,
            config,
        )
        for r in rows
    ]
    ends = sum_lane(
        clk,
        rst,
        control.ends,
        control_out.ends,
        sums[config.rows],
        sums[0],
        drain.memories,
        drained,
        config,
    )
    return wires, north, elements, ends


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `stce_column`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        write=bit(),
        write_address=bus(layouts.north_control(config), "line"),
        write_data=bus(config.interleave * layouts.weight(config).width),
        control=bundles.ColumnControl(config),
        control_out=bundles.ColumnControl(config),
        west=bundles.Rows(config),
        east=bundles.Rows(config),
        drain=bundles.Drain(config),
        drained=bus(32),
    )

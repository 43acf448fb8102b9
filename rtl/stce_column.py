"""One column of the array: its north lane, its processing elements, and the lane of its sums.

Columns, not rows, are modules: weights and sums change each cycle and stay within a column, so the buses
between modules carry only the steps, and the activations, which change once a group.
"""

from rtl import bundles, words
from rtl.hierarchy import module, waives
from rtl.lanes import join, split
from rtl.north_lane import north_lane
from rtl.sat_config import SatConfig
from rtl.stream import bit, bus
from rtl.sum_lane import sum_lane
from rtl.uspe import uspe


@waives(UNUSEDSIGNAL="of some words only certain fields are used here")
@module
def stce_column(
    clk,
    rst,
    write,
    write_address,
    write_data,
    control,
    control_out,
    west_steps,
    west,
    east_steps,
    east,
    feed,
    feed_out,
    collect,
    collect_out,
    drain,
    drained,
    config,
):
    """A column of `rows` processing elements.

    write*, control*   as in north_lane
    west*, east*       as in uspe, for each row
    feed*, collect*      as in sum_lane
    drain, drained     bundles.Drain, as in uspe and sum_lane; sums move down, the last row leaves first
    Latency            as in north_lane, uspe and sum_lane
    Reset              synchronous, active high
    Golden             none of its own; rtl/golden/gemm.py through the array
    """
    rows = range(config.rows)
    steps_in, steps_out = ([bus(words.step(config)) for _ in rows] for _ in range(2))
    groups_in, groups_out = ([bus(words.group(config)) for _ in rows] for _ in range(2))
    weights = [bus(words.descent(config)) for _ in range(config.rows + 1)]
    sums = [bus(32) for _ in range(config.rows + 1)]

    wires = (split(west_steps, steps_in), join(steps_out, east_steps), split(west, groups_in), join(groups_out, east))
    north = north_lane(clk, write, write_address, write_data, control, control_out, weights[0], config)
    elements = [
        uspe(
            clk,
            rst,
            steps_in[r],
            groups_in[r],
            steps_out[r],
            groups_out[r],
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
        feed,
        feed_out,
        collect,
        collect_out,
        sums[config.rows],
        sums[0],
        drain.memories,
        drained,
        config,
    )
    return wires, north, elements, ends


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `stce_column`, by name."""
    control, boundary = words.north_control(config), words.boundary(config)
    steps, groups = (config.rows * word.width for word in (words.step(config), words.group(config)))
    return dict(
        clk=bit(),
        rst=bit(),
        write=bit(),
        write_address=bus(control, "line"),
        write_data=bus(config.interleave * words.weight(config).width),
        control=bus(control),
        control_out=bus(control),
        west_steps=bus(steps),
        west=bus(groups),
        east_steps=bus(steps),
        east=bus(groups),
        feed=bus(boundary),
        feed_out=bus(boundary),
        collect=bus(boundary),
        collect_out=bus(boundary),
        drain=bundles.Drain(config),
        drained=bus(32),
    )

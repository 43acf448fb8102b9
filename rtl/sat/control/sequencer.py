"""The control of the array's edges in each cycle: starts tiles, steps through them, and notices their ends."""

from rtl.hdl.hierarchy import module
from rtl.hdl.stream import bit, bus
from rtl.sat import bundles
from rtl.sat.config import SatConfig
from rtl.sat.control.dispatcher import dispatcher
from rtl.sat.control.skew_tracker import skew_tracker
from rtl.sat.control.steps_issuer import steps_issuer
from rtl.sat.control.weights_issuer import weights_issuer


@module
def sequencer(clk, rst, tiles, edges, blocks, accumulators_free, steps, config):
    """Run each tile as soon as its operands are there and, for a new block, accumulators are free.

    tiles              bundles.Tiles: loaded, commands in; started, done out
    edges              bundles.Edges: west, north, skew out; last_row, below in
    blocks             bundles.Blocks: finished, commands out; stored in
    accumulators_free  out  sets of accumulators that are free
    steps              out  bundles.Progress of the running tile's steps
    Latency            1 cycle (START_SETUP) from loaded to the first step; release_lag and drain_lag
                       (rtl/sat/timing.py) from a tile's last step to tiles.done and to finished being acted upon
    Throughput         1 step per cycle, without a pause between tiles that are ready
    Reset              synchronous, active high
    Golden             tlm/sat/gemm_times.py, start and compute_end
    """
    upcoming, running, weights = bundles.NextTile(config), bundles.RunningTile(config), bundles.Progress()
    returned = bit()

    decide = dispatcher(
        clk,
        rst,
        tiles.starting,
        upcoming,
        running,
        weights,
        steps,
        returned,
        blocks.held,
        accumulators_free,
        config,
    )
    send = weights_issuer(clk, rst, upcoming, running.weights, weights, edges.north, config)
    issue = steps_issuer(
        clk, rst, tiles.started, upcoming.only("command", "bank"), running.steps, steps, edges.west, config
    )
    track = skew_tracker(
        clk,
        rst,
        running.skew,
        edges.tracked,
        tiles.done,
        blocks.finished,
        returned,
        config,
    )
    return decide, send, issue, track


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `sequencer`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        tiles=bundles.Tiles(config),
        edges=bundles.Edges(config),
        blocks=bundles.Blocks(config),
        accumulators_free=bus(2),
        steps=bundles.Progress(),
    )

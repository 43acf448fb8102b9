"""Shares SAT's three streams between the array and the weight update, one of which works at a time.

So an operand line is offered to both, and goes to the one whose command it follows: the other one is not ready then.
"""

from myhdl import always_comb

from rtl.hdl.hierarchy import module
from rtl.hdl.stream import bit
from rtl.sat import bundles, layouts
from rtl.sat.config import SatConfig


@module
def router(whole, tile, update, tiles_busy, updates_busy, config):
    """Pass commands, and the operands and results that belong to them, to the array or to the updater.

    whole         bundles.Traffic of sat: commands, operands in; results out
    tile, update  bundles.Traffic of the array and of the updater: commands, operands out; results in
    tiles_busy, updates_busy  in  some of its commands are not stored yet: the other one waits
    Latency     0, combinational
    Throughput  1 word per cycle in each stream
    Reset       none: wires
    Golden      none: wires
    """
    tile_bits, update_bits = layouts.command(config).width, layouts.update(config).width
    kind_bit = layouts.command_bits(config) - 1

    @always_comb
    def command():
        tile.commands.data.next = whole.commands.data[tile_bits:]
        update.commands.data.next = whole.commands.data[update_bits:]
        tile.commands.valid.next = whole.commands.valid and not whole.commands.data[kind_bit] and not updates_busy
        update.commands.valid.next = whole.commands.valid and whole.commands.data[kind_bit] and not tiles_busy
        if whole.commands.data[kind_bit]:
            whole.commands.ready.next = update.commands.ready and not tiles_busy
        else:
            whole.commands.ready.next = tile.commands.ready and not updates_busy

    @always_comb
    def operate():
        tile.operands.data.next = whole.operands.data
        update.operands.data.next = whole.operands.data
        tile.operands.valid.next = whole.operands.valid
        update.operands.valid.next = whole.operands.valid
        whole.operands.ready.next = tile.operands.ready or update.operands.ready

    @always_comb
    def answer():
        whole.results.valid.next = tile.results.valid or update.results.valid
        if update.results.valid:
            whole.results.data.next = update.results.data
        else:
            whole.results.data.next = tile.results.data
        tile.results.ready.next = whole.results.ready
        update.results.ready.next = whole.results.ready

    return command, operate, answer


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `router`, by name."""
    return dict(
        whole=bundles.Traffic.of(config, layouts.command_bits(config)),
        tile=bundles.Traffic.of(config, layouts.command(config).width),
        update=bundles.Traffic.of(config, layouts.update(config).width),
        tiles_busy=bit(),
        updates_busy=bit(),
    )

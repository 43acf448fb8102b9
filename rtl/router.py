"""Shares SAT's three streams between the array and the weight update, one of which works at a time."""

from myhdl import always_comb

from rtl import words
from rtl.hierarchy import module


@module
def router(
    commands,
    operands,
    results,
    tile_commands,
    tile_operands,
    tile_results,
    tiles_busy,
    update_commands,
    update_operands,
    update_results,
    updates_busy,
    config,
):
    """Pass commands, and the operands and results that belong to them, to the array or to the updater.

    commands, operands  Stream in   as in sat
    results             Stream out
    tile_*, update_*    Stream      the same, of the array and of the updater
    tiles_busy, updates_busy  in    what was commanded is not stored: the other one waits
    Latency     0, combinational
    Throughput  1 word per cycle in each stream
    Golden      none: wires
    """
    tile_bits, update_bits = words.command(config).width, words.update(config).width
    kind_bit = words.command_bits(config) - 1

    @always_comb
    def command():
        tile_commands.data.next = commands.data[tile_bits:]
        update_commands.data.next = commands.data[update_bits:]
        tile_commands.valid.next = commands.valid and not commands.data[kind_bit] and not updates_busy
        update_commands.valid.next = commands.valid and commands.data[kind_bit] and not tiles_busy
        if commands.data[kind_bit]:
            commands.ready.next = update_commands.ready and not tiles_busy
        else:
            commands.ready.next = tile_commands.ready and not updates_busy

    @always_comb
    def operate():
        tile_operands.data.next = operands.data
        update_operands.data.next = operands.data
        tile_operands.valid.next = operands.valid
        update_operands.valid.next = operands.valid
        operands.ready.next = tile_operands.ready or update_operands.ready

    @always_comb
    def answer():
        results.valid.next = tile_results.valid or update_results.valid
        if update_results.valid:
            results.data.next = update_results.data
        else:
            results.data.next = tile_results.data
        tile_results.ready.next = results.ready
        update_results.ready.next = results.ready

    return command, operate, answer

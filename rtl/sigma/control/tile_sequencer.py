"""Starts tiles, and issues their steps: a column a cycle."""

from myhdl import always, always_comb

from rtl.hdl.hierarchy import module
from rtl.hdl.lanes import pack
from rtl.hdl.layout import pair
from rtl.hdl.stream import bit, bus
from rtl.sigma import bundles, layouts, timing
from rtl.sigma.config import SigmaConfig
from rtl.sigma.delay_line import delay_line


@module
def tile_sequencer(clk, rst, tiles, stored, step, read_address, issuing, last_step, blocks, free_sums, config):
    """Run loaded tiles in turn.

    tiles         in   bundles.Tiles: loaded, commands and streams of both banks; out: a tile starts, whose first step
                       comes in the next cycle, and is released
    stored        in   the last word of a block leaves: its set of sums is free
    step          out  layouts.step
    read_address  out  layouts.stream_address of the step's streamed words
    issuing       out  a step, or an idle one that a short tile waits, is issued in this cycle
    last_step     out  it is the tile's last
    blocks        out  bundles.Blocks
    free_sums     out  sets of sums that hold no block
    Latency       1 cycle (START_SETUP) from loaded to the first step
    Throughput    1 step per cycle, without a pause between tiles
    Reset         synchronous, active high
    Golden        tlm/sigma/times.py, start and compute_end
    """
    f, way = layouts.command(config), (config.operands, config.levels)
    both, address = pair(f), layouts.stream_address(config)
    turn = timing.TURN

    next_bank, bank, stream, sums = (bit() for _ in range(4))  # `sums`: the set in use
    next_command, command = bus(f), bus(f)
    next_stream, ready, closing, valid, fresh = (bit() for _ in range(5))
    count, columns, length = (bus(f, "columns") for _ in range(3))
    column = bus(address, "column")

    @always_comb
    def select():
        if next_bank:
            next_command.next = tiles.commands[both.of1_high : both.of1_low]
        else:
            next_command.next = tiles.commands[both.of0_high : both.of0_low]
        next_stream.next = tiles.streams[next_bank]
        ready.next = tiles.loaded[next_bank]

    @always_comb
    def measure():
        columns.next = command[f.columns_high : f.columns_low]
        length.next = turn
        if command[f.columns_high : f.columns_low] > turn:
            length.next = command[f.columns_high : f.columns_low]

    @always_comb
    def decide():
        last_step.next = issuing and count + 1 == length
        tiles.started.next = (
            ready and (not issuing or count + 1 == length) and (not next_command[f.first_bit] or free_sums != 0)
        )

    @always(clk.posedge)
    def run():
        if tiles.started:
            issuing.next = True
            count.next = 0
            command.next = next_command
            bank.next = next_bank
            stream.next = next_stream
            next_bank.next = not next_bank
            if next_command[f.first_bit]:
                sums.next = not sums
        elif last_step:
            issuing.next = False
        else:
            count.next = (count + 1) % 2 ** len(count)
        if rst:
            issuing.next = False
            next_bank.next = False
            sums.next = True  # the first block takes set 0

    @always(clk.posedge)
    def hold():
        if tiles.started and next_command[f.first_bit]:
            if sums:
                blocks.commands.next[both.of0_high : both.of0_low] = next_command
            else:
                blocks.commands.next[both.of1_high : both.of1_low] = next_command
        if tiles.started and next_command[f.first_bit] and not stored:
            free_sums.next = free_sums - 1
        elif stored and not (tiles.started and next_command[f.first_bit]):
            free_sums.next = free_sums + 1
        if rst:
            free_sums.next = 2

    @always_comb
    def drive():
        closing.next = last_step and command[f.last_bit]
        valid.next = issuing and count < columns
        fresh.next = command[f.first_bit]
        column.next = count[address.column_high : address.column_low]

    return (
        select,
        measure,
        decide,
        run,
        hold,
        drive,
        pack(layouts.step(config), step, valid=valid, fresh=fresh, set=sums, bank=bank, column=column),
        pack(address, read_address, column=column, bank=stream),
        delay_line(clk, last_step, tiles.released, 1, timing.release_lag(*way)),
        delay_line(clk, closing, blocks.finished, 1, timing.finish_lag(*way)),
    )


def ports(config: SigmaConfig) -> dict:
    """Fresh ports of a `tile_sequencer`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        tiles=bundles.Tiles(config),
        stored=bit(),
        step=bus(layouts.step(config)),
        read_address=bus(layouts.stream_address(config)),
        issuing=bit(),
        last_step=bit(),
        blocks=bundles.Blocks(config),
        free_sums=bus(2),
    )

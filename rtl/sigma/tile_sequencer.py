"""Starts tiles, and issues their steps: a column a cycle."""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl.hierarchy import module
from rtl.sigma import layouts, timing
from rtl.sigma.delay_line import delay_line


@module
def tile_sequencer(
    clk,
    rst,
    loaded,
    held_commands,
    streams,
    stored,
    started,
    step,
    read_address,
    issuing,
    last_step,
    released,
    finished,
    block_commands,
    free_sums,
    config,
):
    """Run loaded tiles in turn.

    loaded, held_commands, streams  in  as in rtl/sigma/tile_banks.py
    stored          in   the last word of a block leaves: its set of sums is free
    started         out  the older loaded tile starts: its first step comes in the next cycle
    step            out  layouts.step
    read_address    out  where the step's streamed words lie
    issuing         out  a step, or an idle one that a short tile waits, is issued in this cycle
    last_step       out  it is the tile's last
    released        out  the tile's records have been read for the last time
    finished        out  the sums of a block stand
    block_commands  out  the layouts.command of the blocks in both sets of sums, set 0 in the low bits
    free_sums       out  sets of sums that hold no block
    Latency         1 cycle (START_SETUP) from loaded to the first step
    Throughput      1 step per cycle, without a pause between tiles
    Reset           synchronous, active high
    Golden          tlm/sigma/times.py, compute_start and compute_end
    """
    layout, way = layouts.command(config), (config.operands, config.levels)
    bits = layout.width
    columns_high, columns_low = layout["columns"]
    first_bit, last_bit = layout["first"][1], layout["last"][1]
    column_bits = layouts.step(config).bits("column")
    turn = timing.TURN
    assert list(layouts.step(config).fields) == ["valid", "fresh", "set", "bank", "column"]  # as `tell` joins them

    next_bank, bank, stream, sums = (Signal(bool(0)) for _ in range(4))  # `sums`: the set in use
    next_command, command = (Signal(intbv(0)[bits:]) for _ in range(2))
    next_stream, ready, closing = (Signal(bool(0)) for _ in range(3))
    count = Signal(intbv(0)[layout.bits("columns") :])
    columns, length = (Signal(intbv(0)[layout.bits("columns") :]) for _ in range(2))

    @always_comb
    def choose():
        if next_bank:
            next_command.next = held_commands[2 * bits : bits]
            next_stream.next = streams[1]
        else:
            next_command.next = held_commands[bits:]
            next_stream.next = streams[0]
        ready.next = loaded[next_bank]

    @always_comb
    def measure():
        columns.next = command[columns_high:columns_low]
        length.next = turn
        if command[columns_high:columns_low] > turn:
            length.next = command[columns_high:columns_low]

    @always_comb
    def decide():
        last_step.next = issuing and count + 1 == length
        started.next = (
            ready and (not issuing or count + 1 == length) and (not next_command[first_bit] or free_sums != 0)
        )

    @always(clk.posedge)
    def run():
        if started:
            issuing.next = True
            count.next = 0
            command.next = next_command
            bank.next = next_bank
            stream.next = next_stream
            next_bank.next = not next_bank
            if next_command[first_bit]:
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
        if started and next_command[first_bit]:
            if sums:
                block_commands.next = concat(block_commands[2 * bits : bits], next_command)
            else:
                block_commands.next = concat(next_command, block_commands[bits:])
        if started and next_command[first_bit] and not stored:
            free_sums.next = free_sums - 1
        elif stored and not (started and next_command[first_bit]):
            free_sums.next = free_sums + 1
        if rst:
            free_sums.next = 2

    @always_comb
    def tell():
        closing.next = last_step and command[last_bit]
        step.next = concat(count[column_bits:], bank, sums, command[first_bit], issuing and count < columns)
        read_address.next = concat(stream, count[column_bits:])

    return (
        choose,
        measure,
        decide,
        run,
        hold,
        tell,
        delay_line(clk, last_step, released, 1, timing.release_lag(*way)),
        delay_line(clk, closing, finished, 1, timing.finish_lag(*way)),
    )

"""Fills the operand banks: takes a tile command, then the operand lines it announces."""

from myhdl import always, always_comb

from rtl.hdl.hierarchy import module
from rtl.hdl.layout import pair
from rtl.hdl.stream import Stream, bit, bus, counter
from rtl.sat import bundles, layouts
from rtl.sat.config import BEAT, SatConfig


@module
def loader(clk, rst, commands, operands, line, tiles, occupied, config):
    """Load tile after tile into two banks that take turns.

    commands       Stream in  layouts.command
    operands       Stream in  operand lines: first the tile's west_lines, then its north_lines
    line           out  bundles.Lines
    tiles          bundles.Tiles: loaded, commands out; started, done in
    occupied       out  one bit a bank: it must not be written
    Latency        1 cycle (LOAD_SETUP) from a command moving to the first line moving;
                   loaded the cycle after the last line moved
    Throughput     1 line per cycle
    Reset          synchronous, active high: both banks empty
    Golden         tlm/sat/gemm_times.py, load_start and load_end
    """
    f = layouts.command(config)
    both = pair(f)
    west_bank, north_bank = config.chunk // BEAT, config.chunk

    bank = bus(1)  # the bank to be filled next
    next_start = bus(1)  # the bank to be started next
    next_done = bus(1)  # the bank to be freed next
    ready, held = bus(2), bus(2)  # loaded and occupied, as they stand after this cycle
    loading, last_line = bit(), bit()
    west_left, north_left = bus(f, "west_lines"), bus(f, "north_lines")
    west_line, north_line = counter(len(line.west_address)), counter(len(line.north_address))

    @always_comb
    def drive():
        commands.ready.next = not loading and not occupied[bank]
        operands.ready.next = loading

    @always_comb
    def finish():
        last_line.next = loading and operands.valid and west_left == 0 and north_left == 1

    @always_comb
    def mark():
        ready.next = tiles.loaded
        held.next = occupied
        if tiles.started:
            ready.next[next_start] = 0
        if tiles.done:
            held.next[next_done] = 0
        if last_line:  # every tile ends with a weight line
            ready.next[bank] = 1
        elif commands.valid and commands.ready:
            held.next[bank] = 1

    @always(clk.posedge)
    def control():
        tiles.loaded.next = ready
        occupied.next = held
        if tiles.started:
            next_start.next = not next_start
        if tiles.done:
            next_done.next = not next_done
        if last_line:
            bank.next = not bank
            loading.next = 0
        elif commands.valid and commands.ready:
            loading.next = 1
        if rst:
            tiles.loaded.next = 0
            occupied.next = 0
            bank.next = 0
            next_start.next = 0
            next_done.next = 0
            loading.next = 0

    @always(clk.posedge)
    def count():
        if not loading:
            west_left.next = commands.data[f.west_lines_high : f.west_lines_low]
            north_left.next = commands.data[f.north_lines_high : f.north_lines_low]
            if bank:
                west_line.next = west_bank
                north_line.next = north_bank
            else:
                west_line.next = 0
                north_line.next = 0
        elif operands.valid:
            if west_left != 0:
                west_left.next = west_left - 1
                west_line.next = west_line + 1
            else:
                north_left.next = north_left - 1
                north_line.next = north_line + 1

    @always(clk.posedge)
    def keep():
        if commands.valid and commands.ready:
            if bank:
                tiles.commands.next[both.of1_high : both.of1_low] = commands.data
            else:
                tiles.commands.next[both.of0_high : both.of0_low] = commands.data

    @always(clk.posedge)
    def write():
        line.data.next = operands.data
        line.west_address.next = west_line
        line.north_address.next = north_line
        line.west_write.next = loading and operands.valid and west_left != 0
        line.north_write.next = loading and operands.valid and west_left == 0

    return drive, finish, mark, control, count, keep, write


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `loader`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        commands=Stream(layouts.command(config).width),
        operands=Stream(layouts.line_bits(config)),
        line=bundles.Lines(config),
        tiles=bundles.Tiles(config),
        occupied=bus(2),
    )

"""Fills the operand banks: takes a tile command, then the operand lines it announces."""

from myhdl import always, always_comb, concat

from rtl import words
from rtl.hierarchy import module, waives
from rtl.sat_config import BEAT, SatConfig
from rtl.stream import Stream, bit, bus


@waives(
    WIDTH="operands are as wide as they are, and results are cut to their signal",
)
@module
def loader(
    clk,
    rst,
    commands,
    operands,
    line,
    west_write,
    west_address,
    north_write,
    north_address,
    loaded,
    occupied,
    held_commands,
    started,
    bank_done,
    config,
):
    """Load tile after tile into two banks that take turns.

    commands       Stream in  words.command
    operands       Stream in  operand lines: first the tile's west_lines, then its north_lines
    line           out  the line to be stored, with west_write and west_address, or north_write and north_address
    loaded         out  one bit a bank: it holds a complete tile that has not been started
    occupied       out  one bit a bank: it must not be written
    held_commands  out  the commands of both banks, bank 0 in the low bits
    started        in   the older loaded tile starts
    bank_done      in   the array has read the older occupied bank for the last time
    Latency        1 cycle (LOAD_SETUP) from a command moving to the first line moving;
                   loaded the cycle after the last line moved
    Throughput     1 line per cycle
    Reset          synchronous, active high: both banks empty
    Golden         tlm/timeline.py, load_start and load_end
    """
    f = words.command(config)
    bits = f.width
    west_bank, north_bank = config.chunk // BEAT, config.chunk
    west_lines, north_lines = 2 ** len(west_address), 2 ** len(north_address)

    bank = bus(1)  # the bank to be filled next
    next_start = bus(1)  # the bank to be started next
    next_done = bus(1)  # the bank to be freed next
    ready, held = bus(2), bus(2)  # loaded and occupied, as they stand after this cycle
    loading, last_line = bit(), bit()
    west_left, north_left = bus(f, "west_lines"), bus(f, "north_lines")
    west_line, north_line = bus(len(west_address)), bus(len(north_address))

    @always_comb
    def shake():
        commands.ready.next = not loading and not occupied[bank]
        operands.ready.next = loading

    @always_comb
    def finish():
        last_line.next = loading and operands.valid and west_left == 0 and north_left == 1

    @always_comb
    def tell():
        ready.next = loaded
        held.next = occupied
        if started:
            ready.next[next_start] = 0
        if bank_done:
            held.next[next_done] = 0
        if last_line:  # every tile ends with a weight line
            ready.next[bank] = 1
        elif commands.valid and commands.ready:
            held.next[bank] = 1

    @always(clk.posedge)
    def control():
        loaded.next = ready
        occupied.next = held
        if started:
            next_start.next = not next_start
        if bank_done:
            next_done.next = not next_done
        if last_line:
            bank.next = not bank
            loading.next = 0
        elif commands.valid and commands.ready:
            loading.next = 1
        if rst:
            loaded.next = 0
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
                west_line.next = (west_line + 1) % west_lines
            else:
                north_left.next = north_left - 1
                north_line.next = (north_line + 1) % north_lines

    @always(clk.posedge)
    def keep():
        if commands.valid and commands.ready:
            if bank:
                held_commands.next = concat(commands.data, held_commands[bits:])
            else:
                held_commands.next = concat(held_commands[2 * bits : bits], commands.data)

    @always(clk.posedge)
    def write():
        line.next = operands.data
        west_address.next = west_line
        north_address.next = north_line
        west_write.next = loading and operands.valid and west_left != 0
        north_write.next = loading and operands.valid and west_left == 0

    return shake, finish, tell, control, count, keep, write


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `loader`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        commands=Stream(words.command(config).width),
        operands=Stream(words.line_bits(config)),
        line=bus(words.line_bits(config)),
        west_write=bit(),
        west_address=bus(words.west_control(config), "address"),
        north_write=bit(),
        north_address=bus(words.north_control(config), "line"),
        loaded=bus(2),
        occupied=bus(2),
        held_commands=bus(2 * words.command(config).width),
        started=bit(),
        bank_done=bit(),
    )

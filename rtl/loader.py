"""Fills the operand banks: takes a tile command, then the operand lines it announces."""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl import words
from rtl.config import BEAT
from rtl.hierarchy import module, waives


@waives(
    BLKSEQ="a clocked process assigns to variables of its own",
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
    layout = words.command(config)
    west_high, west_low = layout["west_lines"]
    north_high, north_low = layout["north_lines"]
    bits = layout.width
    west_bank = config.chunk // BEAT
    north_bank = config.chunk
    west_lines = 2 ** len(west_address)
    north_lines = 2 ** len(north_address)

    bank = Signal(intbv(0)[1:])  # the bank to be filled next
    next_start = Signal(intbv(0)[1:])  # the bank to be started next
    next_done = Signal(intbv(0)[1:])  # the bank to be freed next
    loading = Signal(bool(0))
    last_line = Signal(bool(0))
    west_left = Signal(intbv(0)[layout.bits("west_lines") :])
    north_left = Signal(intbv(0)[layout.bits("north_lines") :])
    west_line = Signal(intbv(0)[len(west_address) :])
    north_line = Signal(intbv(0)[len(north_address) :])

    @always_comb
    def shake():
        commands.ready.next = not loading and not occupied[bank]
        operands.ready.next = loading

    @always_comb
    def finish():
        last_line.next = loading and operands.valid and west_left == 0 and north_left == 1

    @always(clk.posedge)
    def control():
        ready = intbv(0)[2:]
        held = intbv(0)[2:]
        ready[:] = loaded
        held[:] = occupied
        if started:
            ready[next_start] = 0
            next_start.next = not next_start
        if bank_done:
            held[next_done] = 0
            next_done.next = not next_done
        if last_line:  # every tile ends with a weight line
            ready[bank] = 1
            bank.next = not bank
            loading.next = 0
        elif commands.valid and commands.ready:
            held[bank] = 1
            loading.next = 1
        loaded.next = ready
        occupied.next = held
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
            west_left.next = commands.data[west_high:west_low]
            north_left.next = commands.data[north_high:north_low]
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

    return shake, finish, control, count, keep, write

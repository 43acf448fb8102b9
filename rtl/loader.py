"""Fills the operand banks: takes a tile command, then the operand lines it announces."""
from myhdl import Signal, always, always_comb, concat, intbv

from rtl import words
from rtl.config import BEAT
from rtl.hierarchy import module


@module
def loader(clk, rst, commands, operands, line, west_write, west_address, north_write, north_address,
           full, held_commands, bank_done, loading, config):
    """Load tile after tile into two banks that take turns.

    commands       Stream in  words.command
    operands       Stream in  operand lines: first the tile's west_lines, then its north_lines
    line           out  the line to be stored, with west_write and west_address, or north_write and north_address
    full           out  one bit a bank: its tile is complete
    held_commands  out  the commands of both banks, bank 0 in the low bits
    bank_done        in   the array is done with the older full bank
    loading        out  a tile is being loaded
    Latency        LOAD_SETUP (rtl/timing.py) cycles from a command moving to the first line moving;
                   full the cycle after the last line moved
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

    bank = Signal(intbv(0)[1:])                  # the bank to be filled next
    oldest = Signal(intbv(0)[1:])                # the bank to be released next
    west_left = Signal(intbv(0)[west_high - west_low:])
    north_left = Signal(intbv(0)[north_high - north_low:])
    west_line = Signal(intbv(0)[len(west_address):])
    north_line = Signal(intbv(0)[len(north_address):])

    @always_comb
    def shake():
        commands.ready.next = not loading and not full[bank]
        operands.ready.next = loading

    @always(clk.posedge)
    def control():
        filled = intbv(0)[2:]
        filled[:] = full
        if bank_done:
            filled[oldest] = 0
            oldest.next = not oldest
        if loading:
            if operands.valid and west_left == 0 and north_left == 1:      # every tile ends with a weight line
                filled[bank] = 1
                bank.next = not bank
                loading.next = 0
        elif commands.valid and not full[bank]:
            loading.next = 1
        full.next = filled
        if rst:
            full.next = 0
            bank.next = 0
            oldest.next = 0
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
                west_line.next = west_line + 1
            else:
                north_left.next = north_left - 1
                north_line.next = north_line + 1

    @always(clk.posedge)
    def keep():
        if commands.valid and not loading:
            if bank:
                held_commands.next = concat(commands.data, held_commands[bits:])
            else:
                held_commands.next = concat(held_commands[2 * bits:bits], commands.data)

    @always(clk.posedge)
    def write():
        line.next = operands.data
        west_address.next = west_line
        north_address.next = north_line
        west_write.next = loading and operands.valid and west_left != 0
        north_write.next = loading and operands.valid and west_left == 0

    return shake, control, count, keep, write

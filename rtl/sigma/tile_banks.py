"""Which of SIGMA's banks hold what, and whether the next tile may be loaded."""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl.hierarchy import module, waives
from rtl.sigma import words


@waives(BLKSEQ="a clocked process assigns to variables of its own")
@module
def tile_banks(
    clk,
    rst,
    command,
    accepted,
    complete,
    started,
    released,
    free,
    bank,
    stream,
    loaded,
    occupied,
    held_commands,
    streams,
    config,
):
    """Keep account of two banks of records and two of streamed words, which take turns; tiles may share streamed words.

    Where a bank of records is free, so is the bank of streamed words that is not in use: the tiles that needed its
    words are all older than the one that was released.

    command        in   words.command of the tile that comes next
    accepted       in   its command moves
    complete       in   the last line of the tile that is being loaded moves
    started        in   the older loaded tile starts
    released       in   the older occupied bank of records has been read for the last time
    free           out  the tile may be loaded
    bank, stream   out  the banks of the tile that comes next, or is being loaded: of records, and of streamed words
    loaded         out  one bit a bank of records: it holds a complete tile that has not been started
    occupied       out  one bit a bank of records: it must not be written
    held_commands  out  the commands of both banks, bank 0 in the low bits
    streams        out  one bit a bank of records: the bank of streamed words that its tile takes
    Latency        1 cycle
    Throughput     1 event of each kind per cycle
    Reset          synchronous, active high: all banks are empty
    Golden         tlm/sigma/times.py
    """
    layout = words.command(config)
    bits, opens_bit = layout.width, layout["opens"][1]

    next_start, next_release = (Signal(bool(0)) for _ in range(2))

    @always_comb
    def decide():
        free.next = not occupied[bank]

    @always(clk.posedge)
    def account():
        ready = intbv(0)[2:]
        busy = intbv(0)[2:]
        ready[:] = loaded
        busy[:] = occupied
        if started:
            ready[next_start] = 0
            next_start.next = not next_start
        if released:
            busy[next_release] = 0
            next_release.next = not next_release
        if complete:
            ready[bank] = 1
            bank.next = not bank
        if accepted:
            busy[bank] = 1
        loaded.next = ready
        occupied.next = busy
        if rst:
            loaded.next = 0
            occupied.next = 0
            bank.next = False
            next_start.next = False
            next_release.next = False

    @always(clk.posedge)
    def share():
        if accepted and command[opens_bit]:
            stream.next = not stream
        if rst:
            stream.next = True  # the first one to be filled is bank 0

    @always(clk.posedge)
    def keep():
        if accepted:
            if bank:
                held_commands.next = concat(command, held_commands[bits:])
                streams.next = concat(stream ^ command[opens_bit], streams[0])
            else:
                held_commands.next = concat(held_commands[2 * bits : bits], command)
                streams.next = concat(streams[1], stream ^ command[opens_bit])

    return decide, account, share, keep

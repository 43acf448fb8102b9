"""The world around SAT in a simulation: off-chip memory's timing, and a mailbox to the host.

The host (Python) and the device meet once in a window of many clock cycles, never in each. The host
sends a tile's operand lines and its command in messages; the device's results and times wait in
mailboxes. Whenever the host is needed before the device can go on, `run` falls and the clock stands
still: so the time that the host takes never shows in a cycle count.
"""
from myhdl import Signal, always, always_comb, concat, intbv

from rtl import sat as device
from rtl import words
from rtl.config import BEAT, SatConfig
from rtl.hierarchy import module
from rtl.stream import Interface, Stream

MESSAGE_BITS = 12_000       # payload of a message: MyHDL's pipe carries 4,096 characters, four bits each
STAMPS = 8                  # times a mailbox holds
STAMP_BITS = 40
OUTSTANDING = 4             # blocks between command and store: two sets of accumulators, with room to spare


class ToDevice(Interface):
    """What the host drives; `toggle` changes with each message, and once during reset.

    lines, count          operand lines, the first in the low bits, and how many they are
    command               words.command of the tile, valid in the message that completes it
    read_delay            cycles before the tile's first operand line
    write_delay, words    cycles before the block's first word is taken, and its words
    complete, ended       the message completes a tile; and no tile follows
    taken                 changes when the host has read the mailboxes
    """

    def __init__(self, config: SatConfig):
        line = words.line_bits(config)
        self.toggle = Signal(bool(0))
        self.lines = Signal(intbv(0)[lines_per_message(config) * line:])
        self.count = Signal(intbv(0)[lines_per_message(config).bit_length():])
        self.command = Signal(intbv(0)[words.command(config).width:])
        self.read_delay = Signal(intbv(0)[32:])
        self.write_delay = Signal(intbv(0)[32:])
        self.words = Signal(intbv(0)[16:])
        self.complete = Signal(bool(0))
        self.ended = Signal(bool(0))
        self.taken = Signal(bool(0))


class ToHost(Interface):
    """What the device's side drives.

    need                       the clock stands still for want of a tile
    seen                       follows `taken`: what the mailboxes hold is new
    results, result_count      words of the result, the newest in the low bits
    tile_ends, tile_count      for each tile, the cycle after its last step
    store_ends, store_count    for each block, the cycle after its last word
    busy, waiting, idle        the device's counters
    cycle                      cycles since the first command
    """

    def __init__(self, config: SatConfig):
        self.need = Signal(bool(0))
        self.seen = Signal(bool(0))
        self.results = Signal(intbv(0)[words_per_message(config) * 32 * config.columns:])
        self.result_count = Signal(intbv(0)[words_per_message(config).bit_length():])
        self.tile_ends = Signal(intbv(0)[STAMPS * STAMP_BITS:])
        self.tile_count = Signal(intbv(0)[STAMPS.bit_length():])
        self.store_ends = Signal(intbv(0)[STAMPS * STAMP_BITS:])
        self.store_count = Signal(intbv(0)[STAMPS.bit_length():])
        self.busy = Signal(intbv(0)[device.COUNTER_BITS:])
        self.waiting = Signal(intbv(0)[device.COUNTER_BITS:])
        self.idle = Signal(intbv(0)[device.COUNTER_BITS:])
        self.cycle = Signal(intbv(0)[STAMP_BITS:])


def lines_per_message(config: SatConfig) -> int:
    """Operand lines that fit a message. Raises ValueError when not even one does."""
    return _per_message(words.line_bits(config), "operand line", config)


def words_per_message(config: SatConfig) -> int:
    """Result words that fit a message. Raises ValueError when not even one does."""
    return _per_message(32 * config.columns, "result word", config)


def _per_message(bits: int, what: str, config: SatConfig) -> int:
    if bits > MESSAGE_BITS:
        raise ValueError(f"one {what} of configuration {config.name} has {bits} bits; "
                         f"a message of the co-simulation holds {MESSAGE_BITS}")
    return MESSAGE_BITS // bits


@module
def operand_memory(clk, rst, toggle, lines, count, command, read_delay, complete, commands, operands, empty, config):
    """Take a tile's lines and command from the host, and hand them over as memory would.

    toggle ... complete   in   as in ToDevice
    commands              Stream out  the tile's command
    operands              Stream out  read_delay cycles after it moved, the tile's lines, one a cycle
    empty                 out  no tile is here: the host is to send one
    """
    most = lines_per_message(config)
    width = words.line_bits(config)
    mask = 2 ** width - 1
    capacity = config.chunk // BEAT + config.chunk

    memory = [Signal(intbv(0)[width:]) for _ in range(capacity)]
    filled = Signal(intbv(0)[capacity.bit_length():])
    total = Signal(intbv(0)[capacity.bit_length():])
    sent = Signal(intbv(0)[8:])                  # tiles from the host, and tiles handed over, modulo 256
    gone = Signal(intbv(0)[8:])
    held = Signal(intbv(0)[len(command):])
    delay = Signal(intbv(0)[32:])
    reading = Signal(bool(0))
    elapsed = Signal(intbv(0)[32:])
    place = Signal(intbv(0)[capacity.bit_length():])

    @always(toggle.posedge, toggle.negedge)
    def receive():
        for k in range(most):
            if k < count:
                memory[filled + k].next = (lines >> (k * width)) & mask
        filled.next = filled + count
        if complete:
            filled.next = 0
            total.next = filled + count
            held.next = command
            delay.next = read_delay
            sent.next = (sent + 1) % 256
        if rst:                                  # the first message only resets
            filled.next = 0
            sent.next = 0

    @always_comb
    def offer():
        empty.next = sent == gone
        commands.valid.next = sent != gone and not reading
        commands.data.next = held
        operands.valid.next = reading and elapsed == delay

    @always_comb
    def fetch():
        operands.data.next = memory[place]

    @always(clk.posedge)
    def read():
        if commands.valid and commands.ready:
            reading.next = True
            elapsed.next = 0
            place.next = 0
        elif reading and elapsed != delay:
            elapsed.next = elapsed + 1
        elif reading and operands.ready:
            if place + 1 == total:
                reading.next = False
                gone.next = (gone + 1) % 256
            else:
                place.next = place + 1
        if rst:
            reading.next = False
            gone.next = 0

    return receive, offer, fetch, read


@module
def result_memory(clk, rst, announce, write_delay, block_words, valid, ready, block_done, outstanding):
    """Take the words of each announced block as memory would.

    announce      in   a block of block_words words will come; its first is taken write_delay cycles after it is offered
    valid, ready  in, out  of the result stream
    block_done    out  the last word of a block moves
    outstanding   out  announced blocks that have not been taken
    """
    delays = [Signal(intbv(0)[32:]) for _ in range(OUTSTANDING)]
    sizes = [Signal(intbv(0)[16:]) for _ in range(OUTSTANDING)]
    newest = Signal(intbv(0)[2:])
    oldest = Signal(intbv(0)[2:])
    elapsed = Signal(intbv(0)[32:])
    taken = Signal(intbv(0)[16:])

    @always_comb
    def take():
        ready.next = elapsed == delays[oldest]
        block_done.next = valid and elapsed == delays[oldest] and taken + 1 == sizes[oldest]

    @always(clk.posedge)
    def write():
        if announce:
            delays[newest].next = write_delay
            sizes[newest].next = block_words
            newest.next = (newest + 1) % OUTSTANDING
        if block_done:
            oldest.next = (oldest + 1) % OUTSTANDING
            elapsed.next = 0
            taken.next = 0
        elif valid and ready:
            taken.next = taken + 1
        elif valid:
            elapsed.next = elapsed + 1
        if announce and not block_done:
            outstanding.next = outstanding + 1
        elif block_done and not announce:
            outstanding.next = outstanding - 1
        if rst:
            newest.next = 0
            oldest.next = 0
            elapsed.next = 0
            taken.next = 0
            outstanding.next = 0

    return take, write


@module
def mailbox(clk, rst, push, word, taken, seen, content, count, full, width, capacity):
    """Keep words until the host has read them.

    push, word       in   a word, not while full
    taken            in   changes when the host has read; seen follows it, and what came since is new
    content, count   out  the words, the newest in the low bits, and how many they are
    full             out  no further word fits until the host has read
    width, capacity  bits of a word, and words that fit
    """
    rest = (capacity - 1) * width

    @always_comb
    def limit():
        full.next = count == capacity and seen == taken

    @always(clk.posedge)
    def keep():
        if taken != seen:
            seen.next = taken
            count.next = 0
            if push:
                count.next = 1
        elif push:
            count.next = count + 1
        if push:
            content.next = concat(content[rest:], word)
        if rst:
            seen.next = taken
            count.next = 0
            content.next = 0

    return limit, keep


@module
def harness(clk, rst, run, host, device_out, config):
    """The device, its memory and its mailboxes.

    clk, rst    in   the clock may rise only while `run` is high
    run         out  the device can go on without the host, and has something to do
    host        ToDevice in
    device_out  ToHost out
    Golden      tlm/timeline.py
    """
    last_bit = words.command(config)["last"][1]
    commands = Stream(words.command(config).width)
    operands = Stream(words.line_bits(config))
    results = Stream(32 * config.columns)
    stamp = Signal(intbv(0)[STAMP_BITS:])
    outstanding = Signal(intbv(0)[3:])
    empty, announce, tile_done, block_done, word_moves = (Signal(bool(0)) for _ in range(5))
    results_full, tiles_full, stores_full = (Signal(bool(0)) for _ in range(3))
    tiles_seen, stores_seen = (Signal(bool(0)) for _ in range(2))

    @always_comb
    def observe():
        announce.next = commands.valid and commands.ready and commands.data[last_bit]
        word_moves.next = results.valid and results.ready
        stamp.next = device_out.cycle + 1

    @always_comb
    def pace():
        device_out.need.next = empty and not host.ended and not rst
        run.next = rst or not (results_full or tiles_full or stores_full or
                               (empty and (not host.ended or outstanding == 0)))

    @always(clk.posedge)
    def count():
        device_out.cycle.next = device_out.cycle + 1
        if rst:
            device_out.cycle.next = 0

    return (
        observe, pace, count,
        device.sat(clk, rst, commands, operands, results, tile_done,
                   device_out.busy, device_out.waiting, device_out.idle, config),
        operand_memory(clk, rst, host.toggle, host.lines, host.count, host.command, host.read_delay, host.complete,
                       commands, operands, empty, config),
        result_memory(clk, rst, announce, host.write_delay, host.words, results.valid, results.ready, block_done,
                      outstanding),
        mailbox(clk, rst, word_moves, results.data, host.taken, device_out.seen, device_out.results,
                device_out.result_count, results_full, 32 * config.columns, words_per_message(config)),
        mailbox(clk, rst, tile_done, stamp, host.taken, tiles_seen, device_out.tile_ends, device_out.tile_count,
                tiles_full, STAMP_BITS, STAMPS),
        mailbox(clk, rst, block_done, stamp, host.taken, stores_seen, device_out.store_ends,
                device_out.store_count, stores_full, STAMP_BITS, STAMPS),
    )

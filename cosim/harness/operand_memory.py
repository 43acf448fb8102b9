"""Memory as the device's operand port sees it: a tile's lines, after a delay, one a cycle."""

from myhdl import Signal, always, always_comb, intbv

from cosim.accelerators import device_of
from cosim.harness.messages import lines_per_message
from rtl.hdl.hierarchy import module


@module
def operand_memory(clk, rst, toggle, lines, count, command, read_delay, complete, commands, operands, empty, config):
    """Take a tile's lines and command from the host, and hand them over as memory would.

    toggle ... complete   in   as in cosim/harness/messages.py, ToDevice
    commands              Stream out  the tile's command
    operands              Stream out  read_delay cycles after it moved, the tile's lines, one a cycle
    empty                 out  no tile is here: the host is to send one
    Latency     read_delay cycles from the command moving to the first line at the port
    Throughput  1 line per cycle while operands.ready stays high
    Reset       synchronous, active high, with a change of toggle in it
    Golden      tlm/transactions.py, read_cycles
    """
    most = lines_per_message(config)
    width = device_of(config).line_bits
    capacity = device_of(config).most_lines

    memory = [Signal(intbv(0)[width:]) for _ in range(capacity)]
    filled = Signal(intbv(0)[capacity.bit_length() :])
    total = Signal(intbv(0)[capacity.bit_length() :])
    sent = Signal(bool(0))  # changes with each tile from the host; gone, with each handed over
    gone = Signal(bool(0))
    held = Signal(intbv(0)[len(command) :])
    delay = Signal(intbv(0)[32:])
    reading = Signal(bool(0))
    elapsed = Signal(intbv(0)[32:])
    place = Signal(intbv(0)[capacity.bit_length() :])

    @always(toggle.posedge, toggle.negedge)
    def receive():
        for k in range(most):
            low = k * width  # a name, which the converter needs to select a part of varying place
            if k < count:
                memory[filled + k].next = lines[low + width : low]
        filled.next = filled + count
        if complete:
            filled.next = 0
            total.next = filled + count
            held.next = command
            delay.next = read_delay
            sent.next = not sent
        if rst:  # the first message only resets
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
                gone.next = not gone
            else:
                place.next = place + 1
        if rst:
            reading.next = False
            gone.next = 0

    return receive, offer, fetch, read

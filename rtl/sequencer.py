"""Issues the steps of one tile after another: for each group, for each kept value, for each interleaved output."""
from myhdl import Signal, always, always_comb, concat, intbv

from rtl import timing, words
from rtl.config import BEAT
from rtl.hierarchy import module


@module
def sequencer(clk, rst, loaded, held_commands, started, bank_done, west_control, north_control, finished,
              finished_command, stored, accumulators_free, issuing, last_step, config):
    """Run each tile as soon as its operands are there and, for a new block, accumulators are free.

    loaded             in   one bit a bank: it holds a tile to be started
    held_commands      in   the words.command of both banks, bank 0 in the low bits
    started            out  the older loaded tile starts in the next cycle
    bank_done          out  the last lane has read the older bank for the last time
    west_control       out  words.west_control for row 0
    north_control      out  words.north_control for column 0
    finished           out  a block's sums stand in all accumulators
    finished_command   out  the words.command of the last tile of the blocks in both accumulator sets
    stored             in   the older finished block has left the array
    accumulators_free  out  sets of accumulators that are free
    issuing            out  a step is issued in this cycle
    last_step          out  and it is the last of its tile
    Latency            1 cycle (START_SETUP) from loaded to the first step; release_lag and drain_lag
                       (rtl/timing.py) from a tile's last step to bank_done and to finished being acted upon
    Throughput         1 step per cycle, without a pause between tiles that are ready
    Reset              synchronous, active high
    Golden             tlm/timeline.py, compute_start and compute_end
    """
    layout = words.command(config)
    groups_high, groups_low = layout["groups"]
    values_high, values_low = layout["values"]
    tail_high, tail_low = layout["tail"]
    beats_high, beats_low = layout["beats"]
    sparse_bit = layout["sparse"][1]
    first_bit = layout["first"][1]
    last_bit = layout["last"][1]
    bits = layout.width
    interleave = config.interleave
    west_layout = words.west_control(config)
    west_line_bits = west_layout.bits("address")
    north_layout = words.north_control(config)
    north_line_bits = north_layout.bits("address")
    north_bits = north_layout.width
    west_bank = config.chunk // BEAT
    north_bank = config.chunk
    release_lag = timing.release_lag(config.rows, config.columns)
    drain_lag = timing.drain_lag(config.rows, config.columns)
    load_lag = timing.WEST - 1
    skew_bits = timing.SKEW * north_bits
    slot_bits = words.slot_bits(config)
    # `issue` and `send` concatenate in this order.
    assert list(west_layout.fields) == ["read", "address", "beat", "load"]
    assert list(north_layout.fields) == ["slot", "first", "valid", "read", "address", "value", "first_value",
                                         "last_value", "sparse"]

    candidate = Signal(intbv(0)[bits:])          # the command of the bank that comes next
    command = Signal(intbv(0)[bits:])            # the command that runs
    bank = Signal(intbv(0)[1:])                  # the bank that comes next
    accumulators = Signal(intbv(0)[1:])          # the set that the running block uses
    groups_left = Signal(intbv(0)[layout.bits("groups"):])
    value = Signal(intbv(0)[2:])
    place = Signal(intbv(0)[(interleave - 1).bit_length():])
    west_line = Signal(intbv(0)[west_line_bits:])
    north_line = Signal(intbv(0)[north_line_bits:])
    starting_sum = Signal(bool(0))               # the steps are the first of their sums
    last_value = Signal(bool(0))
    reading = Signal(bool(0))
    group_start = Signal(bool(0))
    load_delay = Signal(intbv(0)[load_lag:])
    release_delay = Signal(intbv(0)[release_lag:])
    drain_delay = Signal(intbv(0)[drain_lag:])
    north_delay = Signal(intbv(0)[skew_bits:])
    north_now = Signal(intbv(0)[north_bits:])

    @always_comb
    def choose():
        if bank:
            candidate.next = held_commands[2 * bits:bits]
        else:
            candidate.next = held_commands[bits:]

    @always_comb
    def locate():
        if groups_left == 1:
            last_value.next = value + 1 == command[tail_high:tail_low]
        else:
            last_value.next = value + 1 == command[values_high:values_low]
        group_start.next = issuing and value == 0 and place == 0
        reading.next = issuing and value == 0 and place < command[beats_high:beats_low]

    @always_comb
    def finish():
        last_step.next = issuing and last_value and groups_left == 1 and place == interleave - 1

    @always_comb
    def admit():
        started.next = (last_step or not issuing) and loaded[bank] and \
            (not candidate[first_bit] or accumulators_free != 0)

    @always(clk.posedge)
    def run():
        if started:
            command.next = candidate
            bank.next = not bank
            issuing.next = True
            starting_sum.next = candidate[first_bit]
            groups_left.next = candidate[groups_high:groups_low]
            if candidate[first_bit]:
                accumulators.next = not accumulators
        elif last_step:
            issuing.next = False
        elif issuing and place == interleave - 1 and last_value:
            groups_left.next = groups_left - 1
            starting_sum.next = False
        elif issuing and place == interleave - 1:
            starting_sum.next = False
        if rst:
            issuing.next = False
            bank.next = 0
            accumulators.next = 1                # the first block takes the other set

    @always(clk.posedge)
    def count():
        if started:
            value.next = 0
            place.next = 0
            if bank:
                west_line.next = west_bank
                north_line.next = north_bank
            else:
                west_line.next = 0
                north_line.next = 0
        elif issuing:
            if reading:
                west_line.next = (west_line + 1) % 2 ** west_line_bits
            if place != interleave - 1:
                place.next = place + 1
            elif not last_step:
                place.next = 0
                north_line.next = north_line + 1
                if last_value:
                    value.next = 0
                else:
                    value.next = value + 1

    @always(clk.posedge)
    def account():
        if started and candidate[first_bit] and not stored:
            accumulators_free.next = accumulators_free - 1
        elif stored and not (started and candidate[first_bit]):
            accumulators_free.next = accumulators_free + 1
        if last_step:
            if accumulators:
                finished_command.next = concat(command, finished_command[bits:])
            else:
                finished_command.next = concat(finished_command[2 * bits:bits], command)
        if rst:
            accumulators_free.next = 2

    @always(clk.posedge)
    def delay():
        load_delay.next = concat(load_delay[load_lag - 1:], group_start)
        release_delay.next = concat(release_delay[release_lag - 1:], last_step)
        drain_delay.next = concat(drain_delay[drain_lag - 1:], last_step and command[last_bit])
        north_delay.next = concat(north_delay[skew_bits - north_bits:], north_now)
        if rst:
            load_delay.next = 0
            release_delay.next = 0
            drain_delay.next = 0
            north_delay.next = 0

    @always_comb
    def issue():
        slot = intbv(0)[slot_bits:]
        slot[:] = place
        if accumulators:
            slot[:] = slot + interleave
        north_now.next = concat(command[sparse_bit], last_value, value == 0, value, north_line,
                                issuing and place == 0, issuing, starting_sum, slot)

    @always_comb
    def send():
        west_control.next = concat(load_delay[load_lag - 1], place[2:], west_line, reading)
        north_control.next = north_delay[skew_bits:skew_bits - north_bits]
        bank_done.next = release_delay[release_lag - 1]
        finished.next = drain_delay[drain_lag - 1]

    return choose, locate, finish, admit, run, count, account, delay, issue, send

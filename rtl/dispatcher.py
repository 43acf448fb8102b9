"""Decides when a tile's weights, and when its steps, may start."""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl import sat_timing as timing
from rtl import words
from rtl.hierarchy import module


@module
def dispatcher(
    clk,
    rst,
    loaded,
    held_commands,
    weights_active,
    weights_last,
    issuing,
    last_step,
    returned,
    stored,
    candidate,
    bank,
    weights_start,
    started,
    command,
    stationary,
    values,
    accumulators,
    weights_bank,
    finished_command,
    accumulators_free,
    config,
):
    """Start tile after tile in the order of their banks.

    loaded             in   one bit a bank: it holds a tile to be started
    held_commands      in   the words.command of both banks, bank 0 in the low bits
    weights_active     in   weights are on their way to the array; weights_last: their last step is in this cycle
    issuing            in   steps are issued; last_step: the tile's last one is in this cycle
    returned           in   weight-stationary: the tile's first sum has come through all rows
    stored             in   the older finished block has left the array
    candidate          out  the words.command of the tile that comes next, and `bank` where it lies
    weights_start      out  its weights start in the next cycle
    started            out  its steps start in the next cycle: with the weights where sums are stationary,
                            `lead` cycles later where weights are
    command            out  the words.command of the tile whose steps are issued
    stationary         out  weights are stationary, with `values` of each group
    accumulators       out  the set that the running block uses
    weights_bank       out  the bank of the elements' memory that the newest weights are in
    finished_command   out  the words.command of the last tile of the blocks in both accumulator sets
    accumulators_free  out  sets of accumulators that are free
    Latency            1 cycle (START_SETUP) from what it waits for to the start
    Throughput         a tile's steps follow those of the tile before without a pause
    Reset              synchronous, active high
    Golden             tlm/timeline.py, weights_start and compute_start
    """
    layout = words.command(config)
    bits = layout.width
    first_bit, weights_bit = layout["first"][1], layout["weights"][1]
    values_high, values_low = layout["values"]
    lead = timing.lead(config.rows)

    primed = Signal(bool(0))  # the weights of the next tile have started
    lead_left = Signal(intbv(0)[(lead - 1).bit_length() + 1 :])
    away = Signal(bool(0))  # the first sum of the tile that runs has not come back
    ready = Signal(bool(0))
    in_step = Signal(bool(0))  # the next tile works as the one before, or nothing is under way

    @always_comb
    def choose():
        if bank:
            candidate.next = held_commands[2 * bits : bits]
        else:
            candidate.next = held_commands[bits:]

    @always_comb
    def compare():
        in_step.next = (
            candidate[weights_bit] == stationary and (not stationary or candidate[values_high:values_low] == values)
        ) or (accumulators_free == 2 and not issuing and not primed)
        ready.next = (
            loaded[bank] and (last_step or not issuing) and (not candidate[first_bit] or accumulators_free != 0)
        )

    @always_comb
    def admit():
        if candidate[weights_bit]:
            weights_start.next = loaded[bank] and in_step and not primed and (weights_last or not weights_active)
            started.next = ready and primed and lead_left == 0 and (returned or not away)
        else:
            weights_start.next = ready and in_step
            started.next = ready and in_step

    @always(clk.posedge)
    def run():
        if weights_start:
            stationary.next = candidate[weights_bit]
            values.next = candidate[values_high:values_low]
            if candidate[weights_bit]:
                weights_bank.next = not weights_bank
            primed.next = candidate[weights_bit]
            lead_left.next = lead - 1
        elif lead_left != 0:
            lead_left.next = lead_left - 1
        if started:
            command.next = candidate
            bank.next = not bank
            primed.next = False
            away.next = candidate[weights_bit]
            if candidate[first_bit]:
                accumulators.next = not accumulators
        elif returned:
            away.next = False
        if rst:
            bank.next = 0
            accumulators.next = 1  # the first block takes the other set
            primed.next = False
            away.next = False
            stationary.next = False
            weights_bank.next = 0
            lead_left.next = 0

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
                finished_command.next = concat(finished_command[2 * bits : bits], command)
        if rst:
            accumulators_free.next = 2

    return choose, compare, admit, run, account

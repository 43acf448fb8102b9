"""Issues the steps of tiles: the control words of the array's west edge, and what comes back from below its rows."""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl import sat_timing as timing
from rtl import words
from rtl.hierarchy import module, waives
from rtl.sat_config import BEAT
from rtl.stepper import stepper


@waives(
    UNUSEDSIGNAL="of some words only certain fields are used here",
    WIDTH="operands are as wide as they are, and results are cut to their signal",
)
@module
def steps_issuer(
    clk,
    rst,
    start,
    next_command,
    command,
    bank,
    stationary,
    accumulators,
    weights_bank,
    issuing,
    last_step,
    west_control,
    config,
):
    """Step through one tile after another, and read its activations.

    start          in   in the next cycle the steps of the tile with next_command begin, whose operands lie in `bank`
                        and, with `stationary`, whose weights lie in the elements' bank weights_bank
    command        in   from the next cycle on its words.command
    accumulators   in   from the next cycle on, the set of accumulators that it uses
    issuing        out  a step is issued in this cycle; last_step: it is the tile's last
    west_control   out  words.west_control for row 0: the reads at once, the steps WEST - 1 cycles later
    Latency        1 cycle from start to the first step
    Throughput     1 step per cycle, without a pause between tiles
    Reset          synchronous, active high
    Golden         none of its own; rtl/golden/gemm.py through the array
    """
    layout, control = words.command(config), words.west_control(config)
    groups_high, groups_low = layout["groups"]
    values_high, values_low = layout["values"]
    tail_high, tail_low = layout["tail"]
    beats_high, beats_low = layout["beats"]
    first_bit, last_bit = layout["first"][1], layout["last"][1]
    interleave, bank_lines = config.interleave, config.chunk // BEAT
    line_bits = control.bits("address")
    behind_bits = words.step(config).width + 2  # the step, begin and close, which follow the reads
    delay_bits = (timing.WEST - 1) * behind_bits
    # `tell` and `send` concatenate in this order.
    assert list(words.step(config).fields) == [
        "valid",
        "fresh",
        "above",
        "below",
        "set",
        "place",
        "value",
        "bank",
        "load",
    ]
    assert list(control.fields) == ["read", "address", "beat", "end", "step", "begin", "close"]

    groups = Signal(intbv(0)[layout.bits("groups") :])
    values, tail = (Signal(intbv(0)[layout.bits("values") :]) for _ in range(2))
    opening, last_value, turn_end, group_end = (Signal(bool(0)) for _ in range(4))
    place = Signal(intbv(0)[words.place_bits(config) :])
    value = Signal(intbv(0)[2:])
    step_bank = Signal(intbv(0)[1:])
    line = Signal(intbv(0)[line_bits:])
    valid, fresh, reading = (Signal(bool(0)) for _ in range(3))
    behind = Signal(intbv(0)[delay_bits:])
    now = Signal(intbv(0)[behind_bits:])

    @always_comb
    def prepare():
        groups.next = next_command[groups_high:groups_low]
        values.next = next_command[values_high:values_low]
        tail.next = next_command[tail_high:tail_low]
        valid.next = issuing and place < interleave
        fresh.next = command[first_bit] and value == 0 and (stationary or opening)
        reading.next = issuing and value == 0 and place < command[beats_high:beats_low]

    @always(clk.posedge)
    def locate():
        if start:
            line.next = bank_lines if bank else 0
            step_bank.next = weights_bank
        elif reading:
            line.next = (line + 1) % 2**line_bits

    @always_comb
    def tell():
        now.next = concat(
            last_step and command[last_bit],
            valid and stationary and opening and place == 0 and value == 0,
            issuing and place == 0 and value == 0,
            step_bank,
            value,
            place,
            accumulators,
            valid and stationary and last_value,
            valid and stationary and value == 0,
            fresh,
            valid,
        )

    @always(clk.posedge)
    def delay():
        behind.next = concat(behind[delay_bits - behind_bits :], now)
        if rst:
            behind.next = 0

    @always_comb
    def send():
        west_control.next = concat(behind[delay_bits : delay_bits - behind_bits], last_step, place[2:], line, reading)

    loops = stepper(
        clk,
        rst,
        start,
        groups,
        values,
        tail,
        issuing,
        opening,
        place,
        value,
        last_value,
        turn_end,
        group_end,
        last_step,
        config,
    )
    return prepare, locate, tell, delay, send, loops

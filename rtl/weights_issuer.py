"""Sends weights to the array: the control words of its north edge, tile after tile."""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl import sat_timing as timing
from rtl import words
from rtl.hierarchy import module, waives
from rtl.stepper import stepper


@waives(
    UNUSEDSIGNAL="of some words only certain fields are used here",
    WIDTH="operands are as wide as they are, and results are cut to their signal",
)
@module
def weights_issuer(clk, rst, start, command, bank, stationary, weights_bank, active, last, north_control, config):
    """Step through the weights of one tile after another.

    start          in   in the next cycle the weights of the tile with `command` begin, which lie in `bank`
    command        in   its words.command
    stationary     in   from the next cycle on, whether weights stay in the array, in the elements' bank weights_bank:
                        then there is a group for each row, with blank weights where the tile has none; else they are
                        sent to all rows, with the groups of the steps that use them
    active         out  a weight is issued in this cycle; last: it is the tile's last
    north_control  out  words.north_control for column 0, SKEW cycles later
    Latency        1 cycle from start to the first weight's issue
    Throughput     1 weight for each column and cycle, without a pause between tiles
    Reset          synchronous, active high
    Golden         none of its own; rtl/golden/gemm.py through the array
    """
    layout = words.command(config)
    groups_high, groups_low = layout["groups"]
    values_high, values_low = layout["values"]
    tail_high, tail_low = layout["tail"]
    lines_high, lines_low = layout["north_lines"]
    sparse_bit, weights_bit = layout["sparse"][1], layout["weights"][1]
    interleave, rows, bank_lines = config.interleave, config.rows, config.chunk
    control = words.north_control(config)
    control_bits, line_bits = control.width, control.bits("line")
    skew_bits = timing.SKEW * control_bits
    # `tell` concatenates in this order.
    assert list(control.fields) == [
        "read",
        "line",
        "value",
        "first_value",
        "last_value",
        "sparse",
        "blank",
        "address",
        "write",
        "everyone",
        "distance",
    ]

    groups = Signal(intbv(0)[layout.bits("groups") :])
    values, tail = (Signal(intbv(0)[layout.bits("values") :]) for _ in range(2))
    opening, last_value, turn_end, group_end = (Signal(bool(0)) for _ in range(4))
    place = Signal(intbv(0)[words.place_bits(config) :])
    value = Signal(intbv(0)[2:])
    line = Signal(intbv(0)[line_bits:])
    lines_left = Signal(intbv(0)[layout.bits("north_lines") :])
    row = Signal(intbv(0)[control.bits("distance") :])
    sparse = Signal(bool(0))
    now = Signal(intbv(0)[control_bits:])
    delayed = Signal(intbv(0)[skew_bits:])

    @always_comb
    def prepare():
        values.next = command[values_high:values_low]
        if command[weights_bit]:
            groups.next = rows
            tail.next = command[values_high:values_low]
        else:
            groups.next = command[groups_high:groups_low]
            tail.next = command[tail_high:tail_low]

    @always(clk.posedge)
    def locate():
        if start:
            line.next = bank_lines if bank else 0
            lines_left.next = command[lines_high:lines_low]
            sparse.next = command[sparse_bit]
            row.next = 0
        else:
            if turn_end and lines_left != 0:
                line.next = (line + 1) % 2**line_bits
                lines_left.next = lines_left - 1
            if group_end:
                row.next = (row + 1) % 2 ** len(row)

    @always_comb
    def tell():
        now.next = concat(
            row,
            not stationary,
            active and place < interleave,
            weights_bank,
            value,
            place,
            lines_left == 0,
            sparse,
            last_value,
            value == 0,
            value,
            line,
            active and place == 0 and lines_left != 0,
        )

    @always(clk.posedge)
    def delay():
        delayed.next = concat(delayed[skew_bits - control_bits :], now)
        if rst:
            delayed.next = 0

    @always_comb
    def send():
        north_control.next = delayed[skew_bits : skew_bits - control_bits]

    loops = stepper(
        clk,
        rst,
        start,
        groups,
        values,
        tail,
        active,
        opening,
        place,
        value,
        last_value,
        turn_end,
        group_end,
        last,
        config,
    )
    return prepare, locate, tell, delay, send, loops

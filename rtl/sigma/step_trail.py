"""A column's step on its way: what each part of the datapath must know of it, when the column gets there."""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl import timing as units
from rtl.hierarchy import module
from rtl.layout import Layout
from rtl.sigma import layouts, timing
from rtl.sigma.config import SigmaConfig


def banks(config: SigmaConfig) -> dict[str, int]:
    """Where a bank of what stays is chosen, in the order of the bits of `banks`: cycles after the step."""
    way = config.operands, config.levels
    return dict(
        settings=timing.READ,
        values=timing.READ + timing.DISTRIBUTE,
        runs=timing.products(config.operands),
        picks=timing.sums(*way),
        spans=timing.sums(*way) + timing.PICK,
        gather=timing.gathered(*way) - timing.PICK,
    )


def bank_word(config: SigmaConfig) -> Layout:
    """The word `banks`."""
    return Layout(**dict.fromkeys(banks(config), 1))


@module
def step_trail(clk, rst, step, banks_out, feed, add, write, config):
    """Follow steps through the pipeline.

    step       in   layouts.step
    banks_out  out  bank_word: for each part, the bank of the column that is there
    feed       out  the step whose old sums are to be fetched
    add        out  the step whose parts are to be added
    write      out  the step whose new sums are to be kept
    Latency    as `banks` says; `feed` a cycle before its parts are gathered, `write` ACCUMULATE - 1 after
    Throughput 1 step per cycle
    Reset      synchronous, active high: nothing is under way
    Golden     none: a delay
    """
    layout = layouts.step(config)
    bits, bank_bit = layout.width, layout["bank"][1]
    gathered = timing.gathered(config.operands, config.levels)
    length = gathered + units.ACCUMULATE - 1
    places = [(cycles - 1) * bits for cycles in banks(config).values()]
    settings_at, values_at, runs_at, picks_at, spans_at, gather_at = (place + bank_bit for place in places)
    feed_at, add_at, write_at = ((cycles - 1) * bits for cycles in (gathered - timing.FETCH, gathered, length))

    trail = Signal(intbv(0)[length * bits :])  # the youngest in the low bits

    @always(clk.posedge)
    def travel():
        trail.next = concat(trail[(length - 1) * bits :], step)
        if rst:
            trail.next = 0

    @always_comb
    def show():
        banks_out.next = concat(
            trail[gather_at], trail[spans_at], trail[picks_at], trail[runs_at], trail[values_at], trail[settings_at]
        )
        feed.next = trail[feed_at + bits : feed_at]
        add.next = trail[add_at + bits : add_at]
        write.next = trail[write_at + bits : write_at]

    return travel, show

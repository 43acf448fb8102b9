"""The trail of steps through the datapath: each part of it sees a column's step when the column gets there."""

from myhdl import always, always_comb, concat

from rtl import timing as units
from rtl.hdl.hierarchy import module, waives
from rtl.hdl.lanes import pack, unpack
from rtl.hdl.layout import Layout
from rtl.hdl.stream import bit, bus
from rtl.sigma import bundles, layouts, timing
from rtl.sigma.config import SigmaConfig


@waives(UNUSEDSIGNAL="of the oldest step nobody asks any more for its bank, and whether it was fresh")
@module
def step_trail(clk, rst, step, banks, addition, config):
    """Follow steps through the pipeline.

    step       in   layouts.step
    banks      out  layouts.banks: for each part of the datapath, the bank of the column that is there
    addition   out  bundles.Addition: of the column whose parts are added, and of those around it
    Latency    timing.banks; `feed` a cycle before its parts are gathered, `write` ACCUMULATE - 1 after
    Throughput 1 step per cycle
    Reset      synchronous, active high: nothing is under way
    Golden     none: a delay
    """
    f = layouts.step(config)
    lags = timing.banks(config.operands, config.levels)
    gathered = timing.gathered(config.operands, config.levels)
    length = gathered + units.ACCUMULATE - 1
    steps = Layout(**{f"after{cycles}": f for cycles in range(1, length + 1)})  # the youngest in the low bits
    feeding, adding, writing = (f.at((cycles - 1) * f.width) for cycles in (gathered - timing.FETCH, gathered, length))

    trail = bus(steps)
    bank = {name: bit() for name in lags}

    @always(clk.posedge)
    def travel():
        trail.next = concat(trail[writing.low :], step)
        if rst:
            trail.next = 0

    @always_comb
    def drive():
        addition.feed.next = trail[feeding.valid_bit] and not trail[feeding.fresh_bit]
        addition.feed_set.next = trail[feeding.set_bit]
        addition.feed_column.next = trail[feeding.column_high : feeding.column_low]
        addition.fresh.next = trail[adding.fresh_bit]
        addition.add_set.next = trail[adding.set_bit]
        addition.write.next = trail[writing.valid_bit]
        addition.write_set.next = trail[writing.set_bit]
        addition.write_column.next = trail[writing.column_high : writing.column_low]

    there = unpack(steps, trail, **{f"after{lags[name]}_bank": signal for name, signal in bank.items()})
    return travel, drive, there, pack(layouts.banks(config), banks, **bank)


def ports(config: SigmaConfig) -> dict:
    """Fresh ports of a `step_trail`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        step=bus(layouts.step(config)),
        banks=bus(layouts.banks(config)),
        addition=bundles.Addition(config),
    )

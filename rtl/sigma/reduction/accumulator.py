"""A row's sums: one for each column of a block of the result, to which each tile adds its part."""

from myhdl import always_comb

from rtl.float.fp32_add import fp32_add
from rtl.hdl.hierarchy import module
from rtl.hdl.stream import bit, bus
from rtl.shared.sum_bank import sum_bank
from rtl.sigma import bundles
from rtl.sigma.config import SigmaConfig


@module
def accumulator(clk, part, addition, drain, drained):
    """Add a part to the sum of its column; two sets of sums, so that one is drained while the other grows.

    part          in   FP32, of a tile
    addition      in   bundles.Addition: the column and set of sums of the part at each stage
    drain         in   bundles.Drain: fetch a sum for `drained`
    drained       out  FP32
    Latency       4 cycles (ACCUMULATE) from `part` to the sum standing, which a column's next part must wait for
                  (TURN); 1 cycle from drain.read to drained
    Throughput    1 part and 1 drained sum per cycle
    Reset         none: a block's first parts are added to zero
    Golden        rtl/golden/sigma.py
    """
    old, total, low, high = (bus(32) for _ in range(4))

    @always_comb
    def select():
        if addition.fresh:
            old.next = 0
        elif addition.add_set:
            old.next = high
        else:
            old.next = low

    @always_comb
    def drive():
        if drain.set:
            drained.next = high
        else:
            drained.next = low

    memories = [
        sum_bank(
            clk,
            addition.write,
            addition.write_set,
            addition.write_column,
            total,
            addition.feed,
            addition.feed_set,
            addition.feed_column,
            drain.read,
            drain.set,
            drain.column,
            data,
            number,
        )
        for number, data in enumerate((low, high))
    ]
    return select, drive, fp32_add(clk, old, part, total), memories


def ports(config: SigmaConfig) -> dict:
    """Fresh ports of an `accumulator`, by name."""
    return dict(
        clk=bit(),
        part=bus(32),
        addition=bundles.Addition(config),
        drain=bundles.Drain(config),
        drained=bus(32),
    )

"""An adder of level 2 and above: a forwarding link from each lower level on both sides, and the choice of two."""

from myhdl import always_comb

from rtl import timing
from rtl.hdl.hierarchy import module
from rtl.hdl.lanes import split, unpack
from rtl.hdl.stream import bit, bus
from rtl.sigma import layouts
from rtl.sigma.reduction.fan_adder import fan_adder

LATENCY = timing.ACCUMULATE


@module
def fan_node(clk, lefts, rights, choice, add, total, level):
    """Add the FP32 words of the chosen wire on each side, or pass the left one on.

    lefts, rights  in   FP32 from an adder of each lower level, level 0 in the low bits
    choice         in   layouts.choice: the levels whose wires to take, 0 to level - 1
    add, total          as in fan_adder
    Latency        4 cycles (ACCUMULATE)
    Throughput     1 sum per cycle
    Reset          none: a pipeline without state
    Golden         rtl/golden/fp32_add.py
    """
    left_wires, right_wires = ([bus(32) for _ in range(level)] for _ in range(2))
    f = layouts.choice(level)
    left, right = bus(f, "left"), bus(f, "right")
    augend, addend = (bus(32) for _ in range(2))

    @always_comb
    def select():
        augend.next = left_wires[left]
        addend.next = right_wires[right]

    wires = split(lefts, left_wires), split(rights, right_wires), unpack(f, choice, left=left, right=right)
    return wires, select, fan_adder(clk, augend, addend, add, total)


def ports(level: int) -> dict:
    """Fresh ports of a `fan_node`, by name."""
    return dict(
        clk=bit(),
        lefts=bus(32 * level),
        rights=bus(32 * level),
        choice=bus(layouts.choice(level)),
        add=bit(),
        total=bus(32),
    )

"""An adder of level 2 and above: a forwarding link from each lower level on both sides, and the choice of two."""

from myhdl import Signal, always_comb, intbv

from rtl import timing
from rtl.hierarchy import module
from rtl.lanes import split
from rtl.sigma.fan_adder import fan_adder

LATENCY = timing.ACCUMULATE


@module
def fan_node(clk, lefts, rights, choice, add, total, level):
    """Add what comes on the chosen wire of each side, or pass the left one on.

    lefts, rights  in   FP32 from an adder of each lower level, level 0 in the low bits
    choice         in   the level whose wire to take on the left, 0 to level - 1, and above it that on the right
    add, total          as in fan_adder
    Latency        4 cycles (ACCUMULATE)
    Throughput     1 sum per cycle
    Reset          none: a pipeline without state
    Golden         rtl/golden/fp32_add.py
    """
    left_wires, right_wires = ([Signal(intbv(0)[32:]) for _ in range(level)] for _ in range(2))
    left, right = (Signal(intbv(0)[len(choice) // 2 :]) for _ in range(2))
    augend, addend = (Signal(intbv(0)[32:]) for _ in range(2))

    @always_comb
    def choose():
        augend.next = left_wires[left]
        addend.next = right_wires[right]

    wires = split(lefts, left_wires), split(rights, right_wires), split(choice, [left, right])
    return wires, choose, fan_adder(clk, augend, addend, add, total)

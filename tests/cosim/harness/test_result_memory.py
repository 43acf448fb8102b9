"""Result memory, to the cycle."""

import pytest
from myhdl import Signal, intbv

from cosim.harness.result_memory import result_memory
from tests.cosim.clocked import simulate


@pytest.mark.parametrize("write_delay", [0, 1, 7])
def test_result_memory_takes_each_block_after_its_delay_at_a_word_a_cycle(write_delay):
    clk, rst, announce, valid, ready = (Signal(bool(0)) for _ in range(5))
    wait, size, outstanding = Signal(intbv(0)[32:]), Signal(intbv(0)[16:]), Signal(intbv(0)[3:])
    taken = []

    def drive():
        rst.next = True
        yield
        rst.next = False
        for count in (3, 1, 2, 4):  # all four, with delays that differ, before the first word comes
            announce.next, wait.next, size.next = True, write_delay + count, count
            yield
        announce.next = False
        assert outstanding == 4
        for left in (3, 2, 1, 0):
            yield  # a pause between blocks
            valid.next, cycles = True, 0
            while outstanding != left:
                yield
                cycles += 1
            valid.next = False
            taken.append(cycles)

    simulate(drive(), result_memory, clk, rst, announce, wait, size, valid, ready, outstanding)
    assert taken == [write_delay + count + count for count in (3, 1, 2, 4)]

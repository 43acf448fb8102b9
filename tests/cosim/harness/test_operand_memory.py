"""Operand memory, to the cycle."""

import pytest
from myhdl import Signal

from cosim.harness.messages import ToDevice
from cosim.harness.operand_memory import operand_memory
from rtl.hdl.stream import Stream
from rtl.sat import layouts
from tests.cosim.clocked import simulate
from tests.cosim.support import TINY


@pytest.mark.parametrize("read_delay", [0, 1, 7])
@pytest.mark.parametrize("stall", [0, 1, 3])
def test_operand_memory_hands_lines_over_after_the_delay_and_waits_for_ready(read_delay, stall):
    to = ToDevice(TINY)
    clk, rst, empty = Signal(bool(0)), Signal(bool(1)), Signal(bool(0))
    commands, lines = Stream(layouts.command(TINY).width), Stream(layouts.line_bits(TINY))
    width, moved = layouts.line_bits(TINY), []

    def drive():
        to.toggle.next = not to.toggle  # the first message only resets
        yield
        rst.next = False
        yield
        assert empty and not commands.valid
        for tile, count in enumerate((3, 1)):
            to.lines.next = sum((10 * tile + i + 1) << i * width for i in range(count))
            to.count.next, to.command.next = count, 77 + tile
            to.read_delay.next, to.complete.next = read_delay, True
            to.toggle.next = not to.toggle
            yield
            assert not empty and commands.valid and commands.data == 77 + tile and not lines.valid
            commands.ready.next = True
            yield  # the command moves
            commands.ready.next = False
            for _ in range(read_delay):
                assert not lines.valid and not commands.valid
                yield
            for i in range(count):
                for _ in range(stall):
                    lines.ready.next = False
                    assert lines.valid and lines.data == 10 * tile + i + 1
                    yield
                assert lines.valid
                moved.append(int(lines.data))
                lines.ready.next = True
                yield
            lines.ready.next = False
            assert not lines.valid and empty

    simulate(
        drive(),
        operand_memory,
        clk,
        rst,
        to.toggle,
        to.lines,
        to.count,
        to.command,
        to.read_delay,
        to.complete,
        commands,
        lines,
        empty,
        TINY,
    )
    assert moved == [1, 2, 3, 11]

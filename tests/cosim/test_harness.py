"""The world around the device: memory to the cycle, mailboxes that lose nothing, messages that fit the pipe."""
import pytest
from myhdl import Signal, StopSimulation, block, delay, instance, intbv

import cosim
from cosim.harness import ToDevice, ToHost, lines_per_message, mailbox, operand_memory, result_memory, words_per_message
from rtl import words
from rtl.config import PRESETS, SatConfig
from rtl.hierarchy import flat_ports
from rtl.stream import Stream
from tests.cosim.support import HARDWARE, TINY, operands

PIPE = 4096             # characters of a message: MAXLINE of MyHDL's bridge
UNKNOWN = 8             # bits of the unknown-check's signal, beside ToHost


def longest(signals: dict) -> int:
    """Characters of a message with all names, and all values at their longest."""
    return sum(len(name) + 1 + -(-len(signal) // 4) + 1 for name, signal in signals.items())


def message_sizes(config):
    to_device = dict(flat_ports(dict(rst=Signal(bool(0)), host=ToDevice(config))))
    to_host = dict(flat_ports(dict(run=Signal(bool(0)), device_out=ToHost(config), unknown=Signal(intbv(0)[UNKNOWN:]))))
    time = 21
    return time + longest(to_device), time + longest(to_host)


@pytest.mark.parametrize("name", PRESETS)
def test_messages_of_every_preset_fit_the_pipe(name):
    sizes = message_sizes(PRESETS[name])
    assert len(sizes) == 2 and all(2000 < size < PIPE for size in sizes)


def test_a_configuration_fits_the_pipe_or_is_refused():
    fit = refused = 0
    for columns in range(1, 129, 3):
        for rows, interleave, largest_m in ((1, 4, 4), (128, 4, 16), (7, 16, 16), (32, 9, 8)):
            config = SatConfig(rows=rows, columns=columns, interleave=interleave, largest_m=largest_m, chunk=4096)
            try:
                assert max(message_sizes(config)) < PIPE
                fit += 1
            except ValueError as error:
                assert "a message of the co-simulation holds 12000" in str(error)
                assert words.line_bits(config) > 12000
                refused += 1
    assert fit + refused == 172 and fit > 100 and refused > 10


@pytest.mark.parametrize("name", HARDWARE)
def test_an_engine_refuses_a_line_that_does_not_fit(name):
    wide = SatConfig(name="wide", rows=1, columns=128, interleave=16)
    with pytest.raises(ValueError, match="one operand line of configuration wide has 40960 bits; .* holds 12000"):
        cosim.engine(name, wide).gemm(*operands(1, 1, 1))


def test_as_many_lines_and_words_as_fit_go_into_a_message():
    assert lines_per_message(TINY) == 12000 // 160 and words_per_message(TINY) == 12000 // 64


def simulate(drive, device, clk, *ports):
    """Run a @module with a clock until `drive`, a generator that is resumed after each rising edge, ends."""
    @block
    def bench():
        @instance
        def clock():
            for _ in drive:
                yield delay(5)
                clk.next = True
                yield delay(5)
                clk.next = False
                yield delay(1)
            raise StopSimulation
        return device(clk, *ports), clock
    bench().run_sim(quiet=1)


@pytest.mark.parametrize("read_delay", [0, 1, 7])
@pytest.mark.parametrize("stall", [0, 1, 3])
def test_operand_memory_hands_lines_over_after_the_delay_and_waits_for_ready(read_delay, stall):
    to = ToDevice(TINY)
    clk, rst, empty = Signal(bool(0)), Signal(bool(1)), Signal(bool(0))
    commands, lines = Stream(words.command(TINY).width), Stream(words.line_bits(TINY))
    width, moved = words.line_bits(TINY), []

    def drive():
        to.toggle.next = not to.toggle           # the first message only resets
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
            yield                                # the command moves
            commands.ready.next = False
            for cycle in range(read_delay):
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

    simulate(drive(), operand_memory, clk, rst, to.toggle, to.lines, to.count, to.command, to.read_delay, to.complete,
             commands, lines, empty, TINY)
    assert moved == [1, 2, 3, 11]


@pytest.mark.parametrize("write_delay", [0, 1, 7])
def test_result_memory_takes_each_block_after_its_delay_at_a_word_a_cycle(write_delay):
    clk, rst, announce, valid, ready, done = (Signal(bool(0)) for _ in range(6))
    wait, size, outstanding = Signal(intbv(0)[32:]), Signal(intbv(0)[16:]), Signal(intbv(0)[3:])
    taken = []

    def drive():
        rst.next = True
        yield
        rst.next = False
        for count in (3, 1, 2, 4):               # all four, with delays that differ, before the first word comes
            announce.next, wait.next, size.next = True, write_delay + count, count
            yield
        announce.next = False
        assert outstanding == 4
        for left in (3, 2, 1, 0):
            yield                                # a pause between blocks
            valid.next, cycles = True, 0
            while outstanding != left:
                yield
                cycles += 1
            valid.next = False
            taken.append(cycles)

    simulate(drive(), result_memory, clk, rst, announce, wait, size, valid, ready, done, outstanding)
    assert taken == [write_delay + count + count for count in (3, 1, 2, 4)]


def test_a_mailbox_keeps_words_until_they_are_read_and_says_when_it_is_full():
    clk, rst, push, taken, seen, full = (Signal(bool(0)) for _ in range(6))
    word, content, count = Signal(intbv(0)[8:]), Signal(intbv(0)[24:]), Signal(intbv(0)[2:])
    read = []

    def collect():
        read.extend(list(int(content).to_bytes(3, "little"))[:int(count)][::-1])

    def drive():
        rst.next = True
        yield
        rst.next = False
        for number in range(1, 31):
            if full or number % 7 == 0:          # read when it is full, and now and then before
                collect()
                taken.next = not taken
            push.next, word.next = True, number
            yield
            push.next = False
            assert seen == taken and 0 < count <= 3 and full == (count == 3)
        collect()

    simulate(drive(), mailbox, clk, rst, push, word, taken, seen, content, count, full, 8, 3)
    assert read == list(range(1, 31))

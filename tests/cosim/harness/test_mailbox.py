"""Mailboxes lose nothing."""

from myhdl import Signal, intbv

from cosim.harness.mailbox import mailbox
from tests.cosim.clocked import simulate


def test_a_mailbox_keeps_entries_until_they_are_read_and_says_when_it_is_full():
    clk, rst, push, taken, seen, full = (Signal(bool(0)) for _ in range(6))
    word, content, count = Signal(intbv(0)[8:]), Signal(intbv(0)[24:]), Signal(intbv(0)[2:])
    read = []

    def collect():
        read.extend(list(int(content).to_bytes(3, "little"))[: int(count)][::-1])

    def drive():
        rst.next = True
        yield
        rst.next = False
        for number in range(1, 31):
            if full or number % 7 == 0:  # read when it is full, and now and then before
                collect()
                taken.next = not taken
            push.next, word.next = True, number
            yield
            push.next = False
            assert seen == taken and 0 < count <= 3 and full == (count == 3)
        collect()

    simulate(drive(), mailbox, clk, rst, push, word, taken, seen, content, count, full, 8, 3)
    assert read == list(range(1, 31))

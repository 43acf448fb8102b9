"""The outside world of a Stream: a source, a sink and a referee, with stalls on demand."""

from collections import deque
from itertools import cycle

STALLS = {"none": [0], "rare": [0, 0, 0, 1], "often": [1, 1, 0]}


class Source:
    """Offers `words` in order, and notes the cycle in which each moved; a 1 in the stall pattern skips a cycle."""

    def __init__(self, dut, stream, words, stall="none"):
        self.dut, self.stream, self.queue, self.stall = dut, stream, deque(words), cycle(STALLS[stall])
        self.cycles = []

    def __call__(self, now):
        stream = self.stream
        if stream.valid and not self.dut.read(stream.ready):
            return
        if stream.valid:
            self.cycles.append(now)
        offers = bool(self.queue) and not next(self.stall)
        stream.valid.next = offers
        if offers:
            stream.data.next = self.queue.popleft()


class Sink:
    """Collects words, and the cycle in which each came; a shy one is ready only when it has seen a word (rule 3)."""

    def __init__(self, dut, stream, stall="none", shy=False):
        self.dut, self.stream, self.stall, self.shy = dut, stream, cycle(STALLS[stall]), shy
        self.words, self.cycles = [], []

    def __call__(self, now):
        valid = self.dut.read(self.stream.valid)
        moves = valid and self.stream.ready
        if moves:
            self.words.append(self.dut.read(self.stream.data))
            self.cycles.append(now)
        self.stream.ready.next = not next(self.stall) and not (self.shy and (moves or not valid))


class Referee:
    """Fails when a producer breaks rule 2 of rtl/hdl/stream.py: an offered word holds still until it moves."""

    def __init__(self, stream):
        self.stream, self.offered, self.words = stream, None, 0

    def __call__(self, now):
        valid, data = bool(self.stream.valid), int(self.stream.data)
        if self.offered is not None:
            assert valid, f"valid dropped before the word moved, cycle {now}"
            assert data == self.offered, f"data changed before the word moved, cycle {now}"
        self.offered = data if valid and not self.stream.ready else None
        self.words += bool(valid and self.stream.ready)

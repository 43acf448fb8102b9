"""What holds of every block that sends finished pieces of work as words of a stream: one suite for all of them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from rtl.config import Config
from tests.support.streams import Sink

# Stalls of the receiver, and cycles from one finished piece to the next: crowded, or so that they come one by one.
ARRIVALS = [("none", 0), ("often", 0), ("rare", 7), ("often", 40), ("none", 100)]


@dataclass
class Record:
    """What the surroundings of a block saw: of each piece the cycle of its first fetch, and in which it was stored."""

    fetched: dict[int, int] = field(default_factory=dict)
    stored: list[int] = field(default_factory=list)

    def fetch(self, now: int) -> None:
        """Note a fetch in this cycle, which is of the first piece that is not yet stored."""
        self.fetched.setdefault(len(self.stored), now)


@dataclass
class Sent:
    """A run: the words that each piece must give, those that came, and what was seen besides."""

    pieces: Sequence[Sequence[int]]
    sink: Sink
    record: Record

    @property
    def ends(self) -> list[int]:
        """How many words have come when each piece is over."""
        return list(accumulate(map(len, self.pieces)))


class StreamSuite(ABC):
    """A block's test file derives a class Test... from it, with its configurations, and `send`."""

    CONFIGS: Mapping[str, Config]
    SETUP: int  # cycles from the first fetch to the first word

    @abstractmethod
    def send(self, build, rng, config, at: Sequence[int], stall: str = "none", shy: bool = False) -> Sent:
        """Have the block send random pieces, each of them finished not before its cycle of `at`."""

    def pytest_generate_tests(self, metafunc):
        """Every configuration; and where a test takes them, all arrivals."""
        metafunc.parametrize("config", self.CONFIGS.values(), ids=self.CONFIGS)
        if "stall" in metafunc.fixturenames:
            metafunc.parametrize("stall, gap", ARRIVALS)

    def test_every_word_leaves_once_and_in_order(self, build, rng, config, stall, gap):
        sent = self.send(build, rng, config, [gap * number for number in range(6)], stall)
        assert sent.sink.words == [word for piece in sent.pieces for word in piece]
        assert len(sent.pieces) == 6 and min(map(len, sent.pieces)) > 0

    def test_a_word_is_offered_before_anyone_is_ready_for_it(self, build, rng, config):
        sent = self.send(build, rng, config, [0] * 3, shy=True)
        assert sent.sink.words == [word for piece in sent.pieces for word in piece]

    def test_words_come_after_the_promised_setup_and_one_a_cycle(self, build, rng, config):
        sent = self.send(build, rng, config, [0] * 4)
        first = [sent.record.fetched[number] + self.SETUP for number in range(4)]
        assert sent.sink.cycles == [
            cycle + k for cycle, piece in zip(first, sent.pieces, strict=True) for k in range(len(piece))
        ]

    def test_a_piece_is_stored_when_its_last_word_moves_and_the_next_begins_at_once(
        self, build, rng, config, stall, gap
    ):
        """So the set-up lies between two that are finished, too: the model counts it for each store."""
        sent = self.send(build, rng, config, [gap * number for number in range(5)], stall)
        assert sent.record.stored == [sent.sink.cycles[end - 1] for end in sent.ends]
        if gap == 0:
            begins = [sent.record.fetched[number] for number in range(1, 5)]
            assert begins == [stored + 1 for stored in sent.record.stored[:-1]]

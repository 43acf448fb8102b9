"""Inputs cycle by cycle, and the outputs that stand beside them."""


class Script:
    """Drives ports by a list with a dictionary for each cycle; a port that an entry does not name goes to 0."""

    def __init__(self, dut, entries):
        self.dut, self.entries = dut, entries
        self.names = {name for entry in entries for name in entry}

    def __call__(self, now):
        entry = self.entries[now] if now < len(self.entries) else {}
        for name in self.names:
            self.dut.ports[name].next = entry.get(name, 0)


class Probe:
    """Notes ports in each cycle: values[i] stands in the cycle in which entry i of a Script stands. None is unknown.

    So an output that follows a script's entry i by L cycles is values[i + L].
    """

    def __init__(self, dut, *names):
        self.dut, self.values = dut, {name: [] for name in names}

    def __call__(self, now):
        if now:
            for name, values in self.values.items():
                values.append(self.dut.peek(name))

    def __getitem__(self, name):
        return self.values[name]

    def __len__(self):
        return len(next(iter(self.values.values())))


def play(dut, entries, *names, cycles=None, endpoints=()):
    """Run a script for some cycles, by default 20 longer than it is. Returns {name: values} as Probe notes them."""
    cycles = cycles or len(entries) + 20
    probe = Probe(dut, *names)
    dut.run(Script(dut, entries), probe, *endpoints, until=lambda: len(probe) == cycles, limit=cycles + 2)
    return probe.values


def packed(layout, **values) -> int:
    """A word of a Layout; fields that are not named are 0."""
    return layout.pack(**{name: values.get(name, 0) for name in layout.fields})


def fields(layout, word: int) -> dict[str, int]:
    """The fields of a word of a Layout."""
    return layout.unpack(word)

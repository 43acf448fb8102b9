"""A bus and its lanes or fields: the one place that slices buses outside of processes.

MyHDL's shadow slices can vanish in conversion; these blocks print plain part-selects instead.
"""

from myhdl import Signal, SignalType, always_comb, intbv

from rtl.hdl.hierarchy import Box, module

MOST_PARTS = 64  # of an assignment: Icarus copies a bus of 128 lanes bit by bit, again for each lane that changes


class _Wiring(Box):
    """Lanes connected to their stretch of a bus by continuous assignments, or a process for very many."""

    def __init__(self, instance, deco, args, kwargs):
        super().__init__(instance, deco, args, kwargs)
        self.lanes = {f"lane{k}": lane for k, lane in enumerate(self.arguments["lanes"])}
        self.ports |= self.lanes

    def close(self, library):
        width = len(self.arguments["lanes"][0])
        if self.deco is split:
            parts = ", ".join(f"${lane} = $bus[{width * (k + 1) - 1}:{width * k}]" for k, lane in enumerate(self.lanes))
            self.wire(f"assign {parts};", self.lanes)
        else:
            names = [f"${lane}" for lane in reversed(self.lanes)]
            many = len(names) > MOST_PARTS
            how = f"always @({', '.join(names)})" if many else "assign"
            self.wire(f"{how} $bus = {{{', '.join(names)}}};", {"bus"}, "reg" if many else "wire")


class _Choice(Box):
    """Multiplexers, printed as one process.

    As an assignment for each lane they took Icarus five times as long in a Benes network of 16 ports: bits and lanes
    change one after another there, and each change runs on through all that follows.
    """

    def close(self, library):
        picks = self.arguments["picks"]
        width = len(self.arguments["chosen"]) // len(picks)
        lanes = [
            f"$flags[{flag}] ? $high[{low + width - 1}:{low}] : $low[{low + width - 1}:{low}]"
            for low, flag in ((width * lane, flag) for lane, flag in reversed(picks))
        ]
        self.wire(f"always @($flags, $high, $low) $chosen = {{{', '.join(lanes)}}};", {"chosen"}, "reg")


class _Fields(Box):
    """Named signals connected to their fields of a bus by continuous assignments."""

    def __init__(self, instance, deco, args, kwargs):
        super().__init__(instance, deco, args, kwargs)
        self.signals = self.arguments.get("signals", {})
        self.ports |= {name: one for name, one in self.signals.items() if isinstance(one, SignalType)}

    def close(self, library):
        layout = self.arguments["layout"]
        if self.deco is pack:
            parts = [self._source(name, layout.bits(name)) for name in reversed(layout.fields)]
            self.wire(f"assign $bus = {{{', '.join(parts)}}};", {"bus"})
        else:
            parts = [f"${name} = $bus[{_part(*layout.places[name])}]" for name in self.signals]
            self.wire(f"assign {', '.join(parts)};", self.signals)

    def _source(self, name, bits):
        value = self.signals[name]
        return f"${name}" if isinstance(value, SignalType) else f"{bits}'d{int(value)}"


def _part(high, low):
    return f"{low}" if high - low == 1 else f"{high - 1}:{low}"


class wiring(module):
    """Like module, but printed in place as assignments: no file, no instance."""

    box = _Wiring


class choice(module):
    """Like wiring, for lanes that are selected."""

    box = _Choice


class fields(module):
    """Like wiring, for the fields of a layout."""

    box = _Fields


@wiring
def split(bus, lanes):
    """Drive each signal of the list `lanes` from its stretch of `bus`, lane 0 from the low bits. Combinational."""
    width, count = len(lanes[0]), len(lanes)
    mask = 2**width - 1

    @always_comb
    def spread():
        for k in range(count):
            lanes[k].next = (bus >> k * width) & mask

    return spread


@wiring
def join(lanes, bus):
    """Drive `bus` from the list `lanes`, lane 0 into the low bits. Combinational."""
    width = len(lanes[0])

    @always_comb
    def collect():
        bus.next = sum(int(lane) << k * width for k, lane in enumerate(lanes))

    return collect


@fields
def pack(layout, bus, /, **signals):
    """Drive `bus` with a word of `layout`; each of its fields is a signal or a constant. Combinational.

    Raises ValueError unless every field is given as wide as it is.
    """
    if signals.keys() != layout.fields.keys():
        raise ValueError(f"a word of {list(layout.fields)} cannot be made from {list(signals)}")
    _check_widths(layout, signals)
    given = [(signals[name], layout.bits(name), low - layout.low) for name, (_, low) in layout.fields.items()]
    values = [one if isinstance(one, SignalType) else Signal(intbv(int(one))[bits:]) for one, bits, _ in given]
    lows = [low for _, _, low in given]

    @always_comb
    def assemble():
        bus.next = sum(int(value) << low for value, low in zip(values, lows, strict=True))

    return assemble


@fields
def unpack(layout, bus, /, **signals):
    """Drive each signal from its field of `bus`, a word of `layout`; those that are not named lead nowhere.

    A field x of a nested word `step` is step_x. Combinational. Raises ValueError for a field that the word does not
    have, or of another width.
    """
    _check_widths(layout, signals)
    names, drives = list(signals), list(signals.values())

    @always_comb
    def take():
        word = int(bus)
        for name, drive in zip(names, drives, strict=True):
            high, low = layout.places[name]
            drive.next = word >> low & (1 << high - low) - 1

    return take


def _check_widths(layout, signals):
    for name, signal in signals.items():
        if name not in layout.places:
            raise ValueError(f"a word of {list(layout.fields)} has no field {name}")
        high, low = layout.places[name]
        bits, wide = high - low, len(signal) if isinstance(signal, SignalType) else int(signal).bit_length()
        if wide > bits or (wide != bits and isinstance(signal, SignalType)):
            raise ValueError(f"{name} must have {bits} bits, not {wide}")


@choice
def select(flags, low, high, chosen, picks):
    """Drive each lane of `chosen` from a lane of `high` if its bit of `flags` is set, else of `low`. Combinational.

    picks    (lane, bit) for each lane of `chosen`: which lane of `high` or `low`, and which bit of `flags`
    """
    width = len(chosen) // len(picks)
    mask = 2**width - 1

    @always_comb
    def pick():
        ones, zeros, bits = int(high), int(low), int(flags)
        chosen.next = sum(
            ((ones if bits >> flag & 1 else zeros) >> lane * width & mask) << k * width
            for k, (lane, flag) in enumerate(picks)
        )

    return pick

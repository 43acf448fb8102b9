"""A bus and its lanes or fields: the one place that slices buses outside of processes.

MyHDL's shadow slices can vanish in conversion; these blocks print plain part-selects instead.
"""

from myhdl import Signal, SignalType, always_comb, intbv

from rtl.hdl.hierarchy import Box, module

MOST_PARTS = 3  # of an assignment: Icarus copies each lane that changes bit by bit, and in a process the bus by words


class _Wiring(Box):
    """Lanes connected to their stretch of a bus by continuous assignments, or a process for many."""

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
    """Multiplexers, printed as two processes: one spreads the flags to a mask, the other chooses all bits at once.

    Lane by lane they took Icarus ten times as long in a Benes network of 16 ports, whose flags change once a tile, and
    its lanes in each cycle.
    """

    def close(self, library):
        picks, size = self.arguments["picks"], len(self.arguments["high"])
        width = len(self.arguments["chosen"]) // len(picks)
        flags = dict(picks)
        spread = [f"{{{width}{{$flags[{flags[k]}]}}}}" if k in flags else f"{width}'h0" for k in range(size // width)]
        parts = [f"${{chosen}}_all[{high}:{low}]" for high, low in _stretches([lane for lane, _ in picks], width)]
        lines = ",\n        ".join(", ".join(parts[first : first + 4]) for first in range(0, len(parts), 4))
        self.wire(
            f"reg [{size - 1}:0] ${{chosen}}_mask;\nreg [{size - 1}:0] ${{chosen}}_all;\n\n"
            f"always @($flags) ${{chosen}}_mask = {{{', '.join(reversed(spread))}}};\n\n"
            f"always @(${{chosen}}_mask, $high, $low) begin\n"
            "    ${chosen}_all = $high & ${chosen}_mask | $low & ~${chosen}_mask;\n"
            f"    $chosen = {{{lines}}};\nend",
            {"chosen"},
            "reg",
        )


def _stretches(lanes, width):
    """(high, low) bits of neighbouring lanes that stay neighbours, from the last one down."""
    found: list[list[int]] = []
    for lane in reversed(lanes):
        if found and found[-1][1] == (lane + 1) * width:
            found[-1][1] -= width
        else:
            found.append([(lane + 1) * width - 1, lane * width])
    return found


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
    Raises ValueError for a lane that is picked twice.
    """
    if len(dict(picks)) < len(picks):
        raise ValueError(f"no lane may be picked twice: {picks}")
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

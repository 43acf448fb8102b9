"""Signals that travel together between SAT's blocks."""

from myhdl import SignalType

from rtl.hdl.layout import pair
from rtl.hdl.stream import Interface, Stream, bit, bus
from rtl.sat import layouts
from rtl.sat.config import SatConfig


class Traffic(Interface):
    """The three streams of a part of the accelerator: commands and operands come, results leave."""

    def __init__(self, commands: Stream, operands: Stream, results: Stream):
        self.commands, self.operands, self.results = commands, operands, results

    @classmethod
    def of(cls, config: SatConfig, command_bits: int) -> "Traffic":
        """Fresh streams, with commands of so many bits."""
        return cls(Stream(command_bits), Stream(layouts.line_bits(config)), Stream(32 * config.columns))


class Lines(Interface):
    """An operand line on its way from the loader to the array, and its place in the array's operand memories.

    data           BEAT activations for each row, or `interleave` weights for each column
    west_write     store it as activations at west_address
    north_write    store it as weights at north_address
    """

    def __init__(self, config: SatConfig):
        self.data = bus(layouts.line_bits(config))
        self.west_write = bit()
        self.west_address = bus(layouts.west_control(config), "address")
        self.north_write = bit()
        self.north_address = bus(layouts.north_control(config), "line")


class Tiles(Interface):
    """The tiles in the two operand banks, which the loader fills and the sequencer empties in turn.

    loaded     one bit a bank: it holds a complete tile that has not been started
    commands   a pair: layouts.command of each bank's tile
    started    the steps of the older loaded tile start in the next cycle
    done       the array has read the older occupied bank for the last time
    """

    def __init__(self, config: SatConfig):
        self.loaded = bus(2)
        self.commands = bus(pair(layouts.command(config)))
        self.started = bit()
        self.done = bit()

    @property
    def starting(self) -> Interface:
        """The part of it that decides on a start."""
        return self.only("loaded", "commands", "started")


class Blocks(Interface):
    """Blocks of the result in the two sets of accumulators, from the sequencer to the drain.

    finished   a block's sums stand in all accumulators, or in the memories of sums
    commands   a pair: layouts.command of the last tile of each set's block
    stored     the older finished block has left the array
    """

    def __init__(self, config: SatConfig):
        self.finished = bit()
        self.commands = bus(pair(layouts.command(config)))
        self.stored = bit()

    @property
    def held(self) -> Interface:
        """The part of it that counts accumulators and holds the commands."""
        return self.only("commands", "stored")


class Edges(Interface):
    """The controls of the array's edges, and what comes back from its last rows.

    west       layouts.west_control for row 0
    north      layouts.north_control for column 0
    skew       layouts.skew_control
    last_row   layouts.west_control as it comes to the last row
    below      layouts.west_control as it comes to a row below that
    """

    def __init__(self, config: SatConfig):
        west = layouts.west_control(config)
        self.west = bus(west)
        self.north = bus(layouts.north_control(config))
        self.skew = bus(layouts.skew_control(config))
        self.last_row = bus(west)
        self.below = bus(west)

    @property
    def tracked(self) -> Interface:
        """The part of it that follows steps through the rows."""
        return self.only("skew", "last_row", "below")


class NextTile(Interface):
    """The tile that comes next.

    command        its layouts.command
    bank           its bank of operands
    weights_start  its weights start in the next cycle
    """

    def __init__(self, config: SatConfig):
        self.command = bus(layouts.command(config))
        self.bank = bus(1)
        self.weights_start = bit()


class RunningTile(Interface):
    """The tile whose steps are issued, and the weights that were issued last.

    command         its layouts.command
    accumulators    the set of accumulators that its block uses
    stationary      weights are stationary, with kept_per_group of each group
    weights_bank    the bank of the elements' memory that the newest weights are in
    """

    def __init__(self, config: SatConfig):
        self.command = bus(layouts.command(config))
        self.accumulators = bus(1)
        self.stationary = bit()
        self.kept_per_group = bus(layouts.command(config), "kept_per_group")
        self.weights_bank = bus(1)

    @property
    def weights(self) -> Interface:
        """The part of it that says where weights go."""
        return self.only("stationary", "weights_bank")

    @property
    def steps(self) -> Interface:
        """The part of it that steps are made from."""
        return self.only("command", "accumulators", "stationary", "weights_bank")

    @property
    def skew(self) -> Interface:
        """The part of it that the rows' skew depends on."""
        return self.only("stationary", "kept_per_group")


class Progress(Interface):
    """The issue of a tile's steps, or of its weights: one is issued in this cycle (active), the tile's last (last)."""

    def __init__(self):
        self.active = bit()
        self.last = bit()


class LoopCounts(Interface):
    """The counts of a tile's loops: groups, turns of each (one for each kept weight), turns of the last one."""

    def __init__(self, config: SatConfig):
        command = layouts.command(config)
        self.groups = bus(command, "groups")
        self.kept_per_group = bus(command, "kept_per_group")
        self.kept_in_last_group = bus(command, "kept_in_last_group")


class Position(Interface):
    """The position of a step in its tile's loops.

    active       there is a step in this cycle; last: it is its tile's last
    opening      it is of the tile's first turn
    place        of the step in its turn
    value        of the turn in its group; last_value: it is the group's last
    turn_end, group_end  the step is the last of its turn, of its group
    """

    def __init__(self, config: SatConfig, progress: Progress | None = None):
        progress = progress or Progress()
        self.active, self.last = progress.active, progress.last
        self.opening = bit()
        self.place = bus(layouts.step(config), "place")
        self.value = bus(layouts.step(config), "value")
        self.last_value = bit()
        self.turn_end = bit()
        self.group_end = bit()


class Row(Interface):
    """A step and the group of activations that it works on, on their way along a row of elements."""

    def __init__(self, config: SatConfig):
        self.step = bus(layouts.step(config))
        self.group = bus(layouts.group(config))


class Rows(Interface):
    """The same of all rows, row 0 in the low bits."""

    def __init__(self, config: SatConfig):
        self.steps = bus(config.rows * layouts.step(config).width)
        self.groups = bus(config.rows * layouts.group(config).width)


class ColumnControl(Interface):
    """The control of a column, which acts a cycle later in the next one.

    north     layouts.north_control
    feed      layouts.column_edge: a sum is wanted at the column's top
    collect   layouts.column_edge: a sum comes to its bottom
    """

    def __init__(self, config: SatConfig, north: SignalType | None = None):
        self.north = bus(layouts.north_control(config)) if north is None else north
        self.feed = bus(layouts.column_edge(config))
        self.collect = bus(layouts.column_edge(config))

    @property
    def ends(self) -> Interface:
        """The part of it for the column's ends."""
        return self.only("feed", "collect")


class Drain(Interface):
    """How sums leave the array: through each column's chain of accumulators, or from its memories.

    load     take accumulator `slot` of each element into the chain; shift: move the chain down by a row
    slot     the accumulator: its place, and in the lowest bit its set
    read     fetch the sum at `address` from memory `set`
    memory   the memories' words leave; else those of the chain
    """

    def __init__(self, config: SatConfig):
        self.load = bit()
        self.shift = bit()
        self.slot = bus(layouts.slot(config))
        self.read = bit()
        self.address = bus(layouts.sum_bits(config))
        self.set = bus(1)
        self.memory = bit()

    @property
    def chain(self) -> Interface:
        """The part of it that processing elements need."""
        return self.only("load", "shift", "slot")

    @property
    def memories(self) -> Interface:
        """The part of it that the memories of sums need."""
        return self.only("read", "address", "set", "memory")

"""Signals that travel together between SIGMA's blocks."""

from rtl.hdl.layout import pair
from rtl.hdl.stream import Interface, bit, bus
from rtl.sigma import layouts
from rtl.sigma.config import SigmaConfig


class Load(Interface):
    """The tile that is accepted, and whose operand lines are loaded until they are complete.

    accepted      its command moves
    engines, columns, loads_stream  fields of that command
    bank          of records: where those of the tile go
    stream        the bank of streamed words that the tile takes, and fills where it loads some
    complete      the last operand line of the tile moves
    """

    def __init__(self, config: SigmaConfig):
        command = layouts.command(config)
        self.accepted = bit()
        self.engines = bus(command, "engines")
        self.columns = bus(command, "columns")
        self.loads_stream = bit()
        self.bank = bit()
        self.stream = bit()
        self.complete = bit()

    @property
    def turns(self) -> Interface:
        """The part of it by which banks take turns."""
        return self.only("accepted", "loads_stream", "bank", "stream", "complete")


class Records(Interface):
    """Operand lines on their way into records.

    line     the line to be stored
    place    layouts.place: which piece of a record it is, of which bank
    engines  a bit for each Flex-DPE: the line belongs to its layouts.engine_record
    gather   the line belongs to the Flex-DPU's layouts.gather_record
    """

    def __init__(self, config: SigmaConfig):
        self.line = bus(layouts.line_bits(config))
        self.place = bus(layouts.place(config))
        self.engines = bus(config.engines)
        self.gather = bit()


class StreamWrite(Interface):
    """Operand lines on their way into the buffer of streamed words.

    write    the line is to be stored
    address  layouts.stream_address
    """

    def __init__(self, config: SigmaConfig):
        self.write = bit()
        self.address = bus(layouts.stream_address(config))


class Tiles(Interface):
    """The tiles in both banks of records.

    loaded    a bit a bank: it holds a complete tile that has not been started
    commands  a pair: layouts.command of each bank's tile
    streams   a bit a bank: the bank of streamed words that its tile takes
    started   the older loaded tile starts
    released  the records of the older occupied bank have been read for the last time
    """

    def __init__(self, config: SigmaConfig):
        self.loaded = bus(2)
        self.commands = bus(pair(layouts.command(config)))
        self.streams = bus(2)
        self.started = bit()
        self.released = bit()


class Blocks(Interface):
    """The blocks of the result in both sets of sums.

    commands  a pair: layouts.command of the first tile of each set's block
    finished  the sums of another block stand
    """

    def __init__(self, config: SigmaConfig):
        self.commands = bus(pair(layouts.command(config)))
        self.finished = bit()


class Addition(Interface):
    """A column's step at the three stages of an addition to its sums.

    feed, feed_set, feed_column     fetch the old sum, a cycle before the part is there
    fresh, add_set                  of the part that is there: it is added to zero, else to the sum from this set
    write, write_set, write_column  keep the new sum, ACCUMULATE - 1 cycles later
    """

    def __init__(self, config: SigmaConfig):
        step = layouts.step(config)
        self.feed = bit()
        self.feed_set = bit()
        self.feed_column = bus(step, "column")
        self.fresh = bit()
        self.add_set = bit()
        self.write = bit()
        self.write_set = bit()
        self.write_column = bus(step, "column")


class Drain(Interface):
    """Fetches of finished sums, of all accumulators at once.

    read    fetch the sum of `column`
    column  the address
    set     the set of sums that is drained, until the block's last word has left
    """

    def __init__(self, config: SigmaConfig):
        self.read = bit()
        self.column = bus(layouts.step(config), "column")
        self.set = bit()

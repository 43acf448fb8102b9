"""The packed words that blocks exchange, derived from the configuration."""
from rtl.config import BEAT, SatConfig
from rtl.layout import Layout


def index_bits(config: SatConfig) -> int:
    """Bits of an index within a group."""
    return (config.largest_m - 1).bit_length()


def group_bits(config: SatConfig) -> int:
    """A group of activations, and above them one bit for each that is infinite or NaN."""
    return 17 * config.largest_m


def slot_bits(config: SatConfig) -> int:
    """Bits of an accumulator's number: two sets of `interleave`."""
    return (2 * config.interleave - 1).bit_length()


def step(config: SatConfig) -> Layout:
    """What travels down a column: a weight, which activation it takes, which accumulator, and
    the activations of its group that no weight takes (`pruned`: 0 * infinity is NaN there too)."""
    return Layout(weight=16, index=index_bits(config), pruned=config.largest_m,
                  slot=slot_bits(config), first=1, valid=1)


def weight(config: SatConfig) -> Layout:
    """A weight as the operand line and the weight buffer hold it."""
    return Layout(value=16, index=index_bits(config))


def west_control(config: SatConfig) -> Layout:
    """What travels down the rows' edge: which beat to read, and when the group it completes moves in."""
    return Layout(read=1, address=(2 * config.chunk // BEAT - 1).bit_length(), beat=2, load=1)


def north_control(config: SatConfig) -> Layout:
    """What travels along the columns' edge: which weights to read, and what they are. Slot, first and valid
    stand as in `step`; value counts the kept weights of a group, and is the index of a dense one."""
    return Layout(slot=slot_bits(config), first=1, valid=1, read=1, address=(2 * config.chunk - 1).bit_length(),
                  value=2, first_value=1, last_value=1, sparse=1)


def command(config: SatConfig) -> Layout:
    """A tile command. Lines: operand lines to load. Values: kept weights of a group, `tail` of the last one.
    Beats: operand lines of a group's activations. Rows and slots: what the store sends; half: as FP16."""
    return Layout(west_lines=(config.chunk // BEAT).bit_length(), north_lines=config.chunk.bit_length(),
                  groups=(config.chunk // BEAT).bit_length(), values=3, tail=3, beats=3, sparse=1, first=1, last=1,
                  rows=config.rows.bit_length(), slots=config.interleave.bit_length(), half=1)


def line_bits(config: SatConfig) -> int:
    """Width of an operand line: BEAT activations for each row, or `interleave` weights for each column."""
    return max(config.rows * BEAT * 16, config.columns * config.interleave * weight(config).width)

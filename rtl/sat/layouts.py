"""The packed words that blocks exchange, derived from the configuration."""

from functools import cache

from rtl.float.formats import FP16
from rtl.hdl.layout import Layout
from rtl.sat.config import BEAT, SatConfig

KEPT = 4  # the most weights of a group, and those of a dense one


def half() -> Layout:
    """A number in FP16."""
    return FP16.layout


def index_bits(config: SatConfig) -> int:
    """Bits of an index within a group."""
    return (config.largest_m - 1).bit_length()


def group(config: SatConfig) -> Layout:
    """A group of activations, FP16, the first in the low bits; `special` has a bit for each that is infinite or NaN."""
    return Layout(activations=16 * config.largest_m, special=config.largest_m)


def place_bits(config: SatConfig) -> int:
    """Bits of a turn's place: which of the interleaved outputs has its step."""
    return (config.turn - 1).bit_length()


def slot(config: SatConfig) -> Layout:
    """An accumulator's number: which of two sets, and its place in a turn."""
    return Layout(set=1, place=place_bits(config))


def address_bits(config: SatConfig) -> int:
    """Bits of an address in an element's weight memory: two banks of KEPT weights for each place."""
    return 1 + 2 + place_bits(config)


def sum_bits(config: SatConfig) -> int:
    """Bits of an address in one of a column's two memories of sums."""
    return (config.chunk // BEAT * config.interleave - 1).bit_length()


@cache
def weight(config: SatConfig) -> Layout:
    """A weight as the operand line and the weight buffer hold it."""
    return Layout(value=16, index=index_bits(config))


def sore_candidate() -> Layout:
    """An element of a word that may be kept: its index among eight, whether it is a NaN, which none beats, its rank."""
    return Layout(value=16, index=3, unbeaten=1, rank=2)


def weight_packet(config: SatConfig) -> Layout:
    """A weight on its way down a column.

    index: of the activation that it takes; pruned: the activations of its group that no weight takes (0 * infinity is
    NaN there too); address: where it is written, in every element or in the one that it reaches with distance 0."""
    return Layout(
        weight=16,
        index=index_bits(config),
        pruned=config.largest_m,
        address=address_bits(config),
        write=1,
        everyone=1,
        distance=max(1, (config.rows - 1).bit_length()),
    )


def step(config: SatConfig) -> Layout:
    """A step on its way along a row, an element a cycle; load: a group of activations moves in with it.

    valid, fresh (the sum starts from zero), above (it starts from the sum of the element above), below (it is handed
    to the element below); set and place are the accumulator, place, value and bank the weight's address."""
    return Layout(valid=1, fresh=1, above=1, below=1, set=1, place=place_bits(config), value=2, bank=1, load=1)


def west_control(config: SatConfig) -> Layout:
    """The control of the rows' west edge, on its way from row to row: the read of a beat, whether the step is the
    last of its tile (end), and, WEST - 1 cycles later, the step, whether it is the first of its tile (begin) and the
    last of its block (close)."""
    return Layout(
        read=1,
        address=(2 * config.chunk // BEAT - 1).bit_length(),
        beat=2,
        end=1,
        step=step(config),
        begin=1,
        close=1,
    )


def north_control(config: SatConfig) -> Layout:
    """The control of the columns' north edge, on its way from column to column: the read of a line of weights, and
    their kind. `value` counts the kept weights of a group, and is the index of a dense one; a blank weight is zero.
    The upper fields are those of `weight_packet`."""
    down = weight_packet(config)
    return Layout(
        read=1,
        line=(2 * config.chunk - 1).bit_length(),
        value=2,
        first_value=1,
        last_value=1,
        sparse=1,
        blank=1,
        **{name: down.bits(name) for name in ("address", "write", "everyone", "distance")},
    )


def column_edge(config: SatConfig) -> Layout:
    """The control of the columns' ends, on its way from column to column: a sum enters or leaves, is its tile's first
    (begin), starts from zero (fresh); its set of accumulators."""
    return Layout(valid=1, begin=1, fresh=1, set=1)


def skew_control(config: SatConfig) -> Layout:
    """The skew from a row to the one below: a cycle, or with `weights` stationary the steps of a group; then `place`
    is that of the rows' delay lines, around which it goes."""
    return Layout(weights=1, place=(KEPT * config.turn - 1).bit_length())


@cache
def command(config: SatConfig) -> Layout:
    """A tile command.

    west_lines, north_lines  operand lines to load
    groups           of activations for each row of the array (weights that stay are a group for each row)
    kept_per_group   weights kept of each group (N), kept_in_last_group of the last one
    beats            operand lines of a group's activations
    first, last      the tile is the first, or the last, of its block of the result
    rows, slots      of the block, as the store sends it: `width` columns of the last slot; half: as FP16
    weights          weights are stationary; else sums are
    """
    return Layout(
        west_lines=(config.chunk // BEAT).bit_length(),
        north_lines=config.chunk.bit_length(),
        groups=max(config.rows, config.chunk // BEAT).bit_length(),
        kept_per_group=3,
        kept_in_last_group=3,
        beats=3,
        sparse=1,
        first=1,
        last=1,
        rows=max(config.rows, config.chunk // BEAT).bit_length(),
        slots=config.interleave.bit_length(),
        width=config.columns.bit_length(),
        half=1,
        weights=1,
    )


@cache
def update(config: SatConfig) -> Layout:
    """An update command.

    vectors    of largest_m weights each
    momentum   with gradients and velocities, which change the weights; else they are only reduced
    masters, half, forward, backward  stored are: masters and velocities, the FP16 weights, the compact copy for the
               forward pass, and that for the backward pass, both with n of each m
    """
    return Layout(
        vectors=config.update_vectors.bit_length(), momentum=1, masters=1, half=1, forward=1, backward=1, n=3, m=5
    )


def command_bits(config: SatConfig) -> int:
    """Width of the command port: a tile command or an update command, and above them which of both it is."""
    return max(command(config).width, update(config).width) + 1


def slice_lines(config: SatConfig, momentum: bool) -> int:
    """Operand lines of a slice: its weights, with momentum their velocities and gradients too, FP32."""
    return -(-config.update_lanes * (3 if momentum else 1) // (line_bits(config) // 32))


def most_lines(config: SatConfig) -> int:
    """Operand lines of the largest tile or update."""
    slices = config.update_vectors * (config.largest_m // config.update_lanes)
    return max(config.chunk // BEAT + config.chunk, slices * slice_lines(config, True))


def masters(config: SatConfig) -> Layout:
    """A vector of an update tile: its new weights and velocities, FP32, the first in the low bits."""
    return Layout(weights=32 * config.largest_m, velocities=32 * config.largest_m)


def halves_bits(config: SatConfig) -> int:
    """Bits of a vector's new weights in FP16."""
    return 16 * config.largest_m


def copy_bits(config: SatConfig) -> int:
    """Bits of a row of a compact copy: for each of KEPT places, largest_m layouts.weight."""
    return KEPT * config.largest_m * weight(config).width


def section_address(config: SatConfig) -> Layout:
    """The number of a row in a section of an update tile's results, and its bank."""
    return Layout(row=(config.update_vectors - 1).bit_length(), bank=1)


def rates() -> Layout:
    """The constants of the weight update, FP32."""
    return Layout(unscale=32, decay=32, momentum=32, rate=32)


@cache
def line_bits(config: SatConfig) -> int:
    """Width of an operand line: BEAT activations for each row, or `interleave` weights for each column."""
    return max(config.rows * BEAT * 16, config.columns * config.interleave * weight(config).width)

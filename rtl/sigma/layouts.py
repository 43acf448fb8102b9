"""The packed words that SIGMA's blocks exchange, derived from the configuration."""

from functools import lru_cache

from rtl.hdl.layout import Layout
from rtl.sigma import timing
from rtl.sigma.config import SigmaConfig
from rtl.sigma.distribution.benes_network import settings_bits

OPERAND = 16  # bits
RUN = 1  # bits of a run's ID: neighbours take turns, and the FAN compares neighbours


def operand() -> Layout:
    """An FP16 or bfloat16 number; a magnitude of 0 is +0 or -0."""
    return Layout(magnitude=OPERAND - 1, sign=1)


def line_bits(config: SigmaConfig) -> int:
    """Width of an operand line: a word for each lane."""
    return OPERAND * config.lanes


def gather_bits(config: SigmaConfig) -> int:
    """Bits that name a result of all Flex-DPEs' results."""
    return max(1, (config.engines * config.results - 1).bit_length())


@lru_cache  # asked for by each tile
def engine_record(config: SigmaConfig) -> Layout:
    """A tile's record in a Flex-DPE: the stationary value of each lane; the settings of the Benes network; the ID of
    each lane's run, and whether the lane belongs to one; and the FAN slot that each result is taken from."""
    lanes = config.lanes
    return Layout(
        values=OPERAND * lanes,
        settings=settings_bits(lanes),
        runs=lanes * RUN,
        active=lanes,
        picks=config.results * config.levels,
    )


@lru_cache  # asked for by each tile
def gather_record(config: SigmaConfig) -> Layout:
    """A tile's record in the Flex-DPU: the result that feeds each accumulator, and whether any does; and the Flex-DPEs
    that begin with the end of a row which the one before begins."""
    return Layout(picks=config.rows * gather_bits(config), used=config.rows, spans=max(1, config.engines - 1))


def pieces(layout: Layout, config: SigmaConfig) -> int:
    """Operand lines that bring a record."""
    return -(-layout.width // line_bits(config))


def place(config: SigmaConfig) -> Layout:
    """The place of an operand line among records: which piece of a record it is, and the bank."""
    most = max(pieces(engine_record(config), config), pieces(gather_record(config), config))
    return Layout(piece=max(1, (most - 1).bit_length()), bank=1)


def stream_address(config: SigmaConfig) -> Layout:
    """The address of a column's streamed words, in one of two banks."""
    return Layout(column=(config.columns - 1).bit_length(), bank=1)


def banks(config: SigmaConfig) -> Layout:
    """For each part of the datapath, the bank of records that the column which is there takes."""
    return Layout(**dict.fromkeys(timing.banks(config.operands, config.levels), 1))


def choice(level: int) -> Layout:
    """The levels, below a FAN adder's level >= 2, whose wires it takes on its left and on its right."""
    bits = (level - 1).bit_length()
    return Layout(left=bits, right=bits)


def step(config: SigmaConfig) -> Layout:
    """A column's step: valid, or no step at all; fresh: its parts are added to zero; the set of sums, the bank of
    records, and the column, which is the address of its sums."""
    return Layout(valid=1, fresh=1, set=1, bank=1, column=(config.columns - 1).bit_length())


@lru_cache  # asked for by each tile
def command(config: SigmaConfig) -> Layout:
    """A tile command. Engines: Flex-DPE records to load. Columns: steps, and with loads_stream lines of streamed words
    to load, which the tiles up to the next one that loads some share. First and last tile of a block of the result; the
    block's rows; half: it leaves as FP16."""
    return Layout(
        engines=config.engines.bit_length(),
        columns=config.columns.bit_length(),
        loads_stream=1,
        first=1,
        last=1,
        rows=config.rows.bit_length(),
        half=1,
    )


def most_lines(config: SigmaConfig) -> int:
    """Operand lines of the largest tile."""
    return (
        config.engines * pieces(engine_record(config), config) + pieces(gather_record(config), config) + config.columns
    )

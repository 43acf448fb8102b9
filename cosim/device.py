"""The accelerators as the co-simulation sees them: ports of the same kinds, of other widths."""

import inspect
from dataclasses import dataclass

from rtl import timing, words
from rtl.config import Config, SatConfig
from rtl.hierarchy import module
from rtl.sat import sat
from rtl.sigma import timing as sigma_timing
from rtl.sigma import words as sigma_words
from rtl.sigma.config import SigmaConfig
from rtl.sigma.sigma import sigma


@dataclass(frozen=True)
class Device:
    """An accelerator of some configuration.

    block         its @module, with a parameter `config` after its ports
    command_bits, line_bits, result_bits  of its streams' words
    most_lines    operand lines of its largest command
    storing       bits of a command, either of which says that a block will be stored
    reset_cycles  that a reset lasts
    updates       it updates weights, too: it has their constants, and a clock that may stand still meanwhile
    """

    block: module
    command_bits: int
    line_bits: int
    result_bits: int
    most_lines: int
    storing: tuple[int, int]
    reset_cycles: int
    updates: bool

    @property
    def name(self) -> str:
        """That of the block."""
        return self.block.func.__name__

    @property
    def ports(self) -> list[str]:
        """The block's ports; what is called alike is the same in all accelerators."""
        return [name for name in inspect.signature(self.block.func).parameters if name != "config"]


def device_of(config: Config) -> Device:
    """The accelerator of a configuration. Raises TypeError for a configuration of none."""
    if isinstance(config, SatConfig):
        last, update = words.command(config)["last"][1], words.command_bits(config) - 1
        return Device(
            sat,
            words.command_bits(config),
            words.line_bits(config),
            32 * config.columns,
            words.most_lines(config),
            (last, update),
            timing.reset_cycles(config.rows, config.columns, config.turn),
            True,
        )
    if isinstance(config, SigmaConfig):
        last = sigma_words.command(config)["last"][1]
        return Device(
            sigma,
            sigma_words.command(config).width,
            sigma_words.line_bits(config),
            32 * config.rows,
            sigma_words.most_lines(config),
            (last, last),
            sigma_timing.reset_cycles(config.operands, config.levels),
            False,
        )
    raise TypeError(f"a configuration must be a SatConfig or a SigmaConfig, not {type(config).__name__}")

"""An accelerator's RTL as the co-simulation sees it: ports of the same kinds, of other widths."""

import inspect
from dataclasses import dataclass

from rtl.hdl.hierarchy import module


@dataclass(frozen=True)
class Device:
    """The RTL of a configuration.

    block         its @module, with a parameter `config` after its ports
    command_bits, line_bits, result_bits  of its streams' words
    most_lines    operand lines of its largest command
    storing       bits of a command, either of which says that a block will be stored
    reset_cycles  that a reset lasts
    constants_bits  of the word of constants that a weight update needs, steady in a run; None: it updates no weights,
                  otherwise it has a clock for the updater, too, which may stand still meanwhile
    cell          name of the block that it has most of, whose outputs are registers: where instances are compiled one
                  by one, this one is compiled once for all; None: there is no such block
    """

    block: module
    command_bits: int
    line_bits: int
    result_bits: int
    most_lines: int
    storing: tuple[int, int]
    reset_cycles: int
    constants_bits: int | None = None
    cell: str | None = None

    @property
    def updates(self) -> bool:
        """It updates weights."""
        return self.constants_bits is not None

    @property
    def name(self) -> str:
        """The block's name."""
        return self.block.func.__name__

    @property
    def ports(self) -> list[str]:
        """The block's ports; those of one name are the same in all accelerators."""
        return [name for name in inspect.signature(self.block.func).parameters if name != "config"]

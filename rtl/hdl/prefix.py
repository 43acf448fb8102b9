"""Module names of one accelerator in one configuration, so that several live in one Verilog library."""

import re
from dataclasses import dataclass

from rtl.hdl.keywords import RESERVED


@dataclass(frozen=True)
class Prefix:
    """The text in front of every module's name.

    accelerator  the block whose name gives way to the prefix: `sat`
    text         the prefix: `sat_`, `big_`
    Raises ValueError for a text that no Verilog module could be called after.
    """

    accelerator: str
    text: str

    def __post_init__(self):
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", self.top) or self.top in RESERVED:
            raise ValueError(
                "prefix must be letters, digits and underscores, a letter first, and no word of Verilog's, "
                f"not {self.text!r}"
            )

    @property
    def top(self) -> str:
        """The accelerator's module: the prefix without the underscore at its end."""
        return self.text.removesuffix("_")

    def module(self, block: str) -> str:
        """The module of a block: with `big_`, `sat` is `big`, `sat_axi` is `big_axi`, `uspe` is `big_uspe`."""
        if block == self.accelerator:
            return self.top
        return self.text + block.removeprefix(f"{self.accelerator}_")

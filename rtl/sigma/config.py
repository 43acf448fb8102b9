"""The one configuration of a SIGMA: frozen, checked, written beside every result."""

from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from rtl.config import Config, integer
from rtl.sigma import timing


class SigmaConfig(Config):
    """Parameters of SIGMA: one Flex-DPU of several Flex-DPEs. results is at most lanes."""

    accelerator: ClassVar[str] = "sigma"

    engines: int = Field(ge=1, le=128, description="Flex-DPEs")
    lanes: Literal[2, 4, 8, 16, 32, 64, 128] = Field(
        description="multipliers of a Flex-DPE, and words that are streamed a cycle: elements of k that a tile has"
    )
    results: int = Field(ge=2, le=128, description="sums that leave a Flex-DPE a cycle: rows that it may hold")
    rows: int = Field(
        ge=1, le=4096, description="accumulators: rows of the stationary operand in a block of the result"
    )
    columns: int = Field(
        default=64, ge=8, le=4096, description="sums of an accumulator: columns of a block of the result"
    )
    operands: Literal["fp16", "bf16"] = Field(default="fp16", description="format of the operands")

    _integers = field_validator("lanes", mode="before")(integer)

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.results > self.lanes:
            raise ValueError(f"results must be at most lanes = {self.lanes}, not {self.results}")
        return self

    @property
    def size(self) -> tuple[int, int]:
        """Flex-DPEs, and multipliers of each."""
        return self.engines, self.lanes

    @property
    def elements(self) -> int:
        """Multipliers, which is the peak in multiply-adds per cycle."""
        return self.engines * self.lanes

    @property
    def levels(self) -> int:
        """Levels of adders in a FAN."""
        return self.lanes.bit_length() - 1

    @property
    def turn(self) -> int:
        """Cycles from a column's step to its step of the next tile at the least: then its sum stands again."""
        return timing.TURN


PRESETS = {
    "small": SigmaConfig(name="small", engines=2, lanes=8, results=4, rows=8, buffer_kib=32),
    "medium": SigmaConfig(
        name="medium",
        engines=4,
        lanes=16,
        results=8,
        rows=16,
        columns=128,
        buffer_kib=128,
        read_bytes_per_cycle=64,
        write_bytes_per_cycle=32,
    ),
    # As many multipliers, and the same memory, as SAT's configurations of these names.
    "vcu1525": SigmaConfig(
        name="vcu1525",
        engines=8,
        lanes=128,
        results=16,
        rows=64,
        columns=1024,
        buffer_kib=16384,
        memory_latency=64,
        read_bytes_per_cycle=256,
        write_bytes_per_cycle=128,
    ),
    # HPCA 2020: 16,384 multipliers at 500 MHz, 128 words of two bytes a cycle.
    "paper": SigmaConfig(
        name="paper",
        engines=128,
        lanes=128,
        results=16,
        rows=1024,
        columns=1024,
        buffer_kib=32768,
        clock_mhz=500,
        memory_latency=64,
        read_bytes_per_cycle=256,
        write_bytes_per_cycle=256,
    ),
}

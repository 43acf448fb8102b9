"""The one configuration of SAT, and of the plain systolic array within it: frozen, checked, written beside results."""

from typing import ClassVar, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from rtl import timing
from rtl.config import Config, integer

# Activations an operand line brings to a row: the smallest M, so that no beat is wasted. The sequencer reads a group's
# largest_m / BEAT beats during a turn, so that may not exceed the shortest turn.
BEAT: Final = 4


class SatConfig(Config):
    """Parameters of SAT. chunk is a multiple of largest_m, and update_lanes is at most largest_m."""

    accelerator: ClassVar[str] = "sat"

    rows: int = Field(
        ge=1, le=128, description="rows of the array: in a tile rows of the result (os), or groups of k (ws)"
    )
    columns: int = Field(ge=1, le=128, description="columns of the array")
    interleave: int = Field(default=4, ge=1, le=16, description="outputs that take turns in a processing element")
    largest_m: Literal[4, 8, 16] = Field(default=16, description="largest M of N:M that the datapath takes")
    chunk: int = Field(default=64, ge=16, le=4096, description="elements of K that one operand bank holds")
    update_lanes: Literal[1, 2, 4, 8, 16] = Field(default=2, description="weights updated at a time")

    _integers = field_validator("largest_m", "update_lanes", mode="before")(integer)

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.chunk % self.largest_m:
            raise ValueError(f"chunk must be a multiple of largest_m = {self.largest_m}, not {self.chunk}")
        if self.update_lanes > self.largest_m:
            raise ValueError(f"update_lanes must be at most largest_m = {self.largest_m}, not {self.update_lanes}")
        return self

    @property
    def tile_columns(self) -> int:
        """Columns of the result in a tile: each processing element holds `interleave` of them."""
        return self.columns * self.interleave

    @property
    def turn(self) -> int:
        """Cycles from a step of an output to its next one: fewer outputs than the adder has stages leave some idle."""
        return max(self.interleave, timing.ACCUMULATE)

    @property
    def update_vectors(self) -> int:
        """Vectors of largest_m weights in an update tile."""
        return max(self.chunk // BEAT, self.largest_m, 2 * BEAT)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the array."""
        return self.rows, self.columns

    @property
    def elements(self) -> int:
        """Processing elements, which is the peak in multiply-adds per cycle."""
        return self.rows * self.columns


class SystolicConfig(SatConfig):
    """SAT's array as a plain systolic one: sparsity is off, and groups are the shortest that the datapath can take."""

    accelerator: ClassVar[str] = "systolic"

    largest_m: Literal[4, 8, 16] = Field(default=BEAT, description="largest M of N:M that the datapath takes")

    @classmethod
    def of(cls, config: SatConfig) -> Self:
        """That of the same size, clock and memory."""
        lanes = min(BEAT, config.update_lanes)
        return cls(**{**config.model_dump(), "largest_m": BEAT, "update_lanes": lanes})


PRESETS = {
    "small": SatConfig(name="small", rows=4, columns=4, chunk=64, buffer_kib=32),
    "medium": SatConfig(
        name="medium",
        rows=8,
        columns=8,
        chunk=256,
        update_lanes=4,
        buffer_kib=128,
        read_bytes_per_cycle=64,
        write_bytes_per_cycle=32,
    ),
    # 77 GB/s at 200 MHz are 385 bytes per cycle: 256 for reads (an operand line of 32 rows), the rest for writes.
    "vcu1525": SatConfig(
        name="vcu1525",
        rows=32,
        columns=32,
        chunk=1024,
        update_lanes=16,
        buffer_kib=16384,
        memory_latency=64,
        read_bytes_per_cycle=256,
        write_bytes_per_cycle=128,
    ),
}

"""The one configuration of an accelerator: frozen, checked, written beside every result."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, Self, TypeVar, overload

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from rtl import timing

# Activations an operand line brings to a row: the smallest M, so that no beat is wasted. The sequencer reads a group's
# largest_m / BEAT beats during a turn, so that may not exceed the shortest turn.
BEAT: Final = 4


def integer(value: Any) -> Any:
    """The value. Raises ValueError for another type: a Literal takes true for 1, and 8.0 for 8, even if strict."""
    if type(value) is not int:
        raise ValueError("must be an integer")
    return value


class Config(BaseModel, ABC):
    """A name, a clock and a memory, which every accelerator has; each adds its own parameters.

    accelerator  short name of the accelerator that it configures, by which tables know it

    Raises pydantic.ValidationError, which is a ValueError, naming rule and value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    accelerator: ClassVar[str]

    name: str = "custom"
    clock_mhz: float = Field(default=200.0, gt=0, le=10_000, description="clock, for times only")
    buffer_kib: int = Field(default=0, ge=0, le=2**20, description="on-chip operand buffer of the memory side, KiB")
    memory_latency: int = Field(default=32, ge=0, le=65535, description="cycles before a transaction's first byte")
    read_bytes_per_cycle: float = Field(default=32.0, ge=1 / 64, description="rate of operand reads")
    write_bytes_per_cycle: float = Field(default=16.0, ge=1 / 64, description="rate of result writes")

    @property
    @abstractmethod
    def elements(self) -> int:
        """Multipliers, which are the peak in multiply-adds per cycle."""

    @property
    @abstractmethod
    def size(self) -> tuple[int, int]:
        """The two numbers by which the array's size is known, whose product is `elements`."""

    @property
    def hardware(self) -> Self:
        """The same hardware beside the default clock and memory: the Verilog does not know the difference."""
        own = {"name", *type(self).model_fields} - (Config.model_fields.keys() - {"name"})
        return type(self)(**{field: getattr(self, field) for field in own})


class SatConfig(Config):
    """Parameters of SAT."""

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


Kind = TypeVar("Kind", bound=Config)


@overload
def load_config(name: str | Config) -> SatConfig: ...
@overload
def load_config(name: str | Config, kind: type[Kind], presets: Mapping[str, Kind] = ...) -> Kind: ...
def load_config(name: str | Config, kind: type[Config] = SatConfig, presets: Mapping[str, Config] = PRESETS) -> Config:
    """A preset by its name, or a JSON file by its path; a configuration is passed on.

    kind, presets  of the accelerator; by default SAT's
    Raises ValueError in one line that names rule and value, for an unknown name or key too.
    """
    if isinstance(name, kind):
        return name
    if isinstance(name, str) and name in presets:
        return presets[name]
    if not isinstance(name, str | PathLike) or not (path := Path(name)).is_file():
        raise ValueError(f"config must be one of {', '.join(presets)} or a JSON file, not {name!r}")
    try:
        return kind.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ValueError(f"{path}: {first_error(error, 'configuration')}") from None


def first_error(error: ValidationError, whole: str) -> str:
    """What pydantic found wrong first, in one line: where, or in the `whole`, the rule, and the value that it got."""
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"])) or whole
    got = "" if first["type"] in ("json_invalid", "missing") else f" (got {first['input']!r:.60})"
    return f"{where}: {first['msg']}{got}"

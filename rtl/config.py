"""The base of every accelerator's configuration: frozen, checked, a preset or read from a file."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError


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


Kind = TypeVar("Kind", bound=Config)


def load_config(name: str | Config, kind: type[Kind], presets: Mapping[str, Kind]) -> Kind:
    """A preset by its name, or a JSON file by its path; a configuration is passed on.

    kind, presets  type and presets of the accelerator that is meant
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
    """The first fault that pydantic found, in one line: the place, or the `whole`, the rule, and the value given."""
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"])) or whole
    got = "" if first["type"] in ("json_invalid", "missing") else f" (got {first['input']!r:.60})"
    return f"{where}: {first['msg']}{got}"

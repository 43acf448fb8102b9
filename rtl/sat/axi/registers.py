"""The register map of sat_axi, stated once: its hardware, the documentation's and Vivado's are made from it."""

from dataclasses import dataclass

from rtl.hdl.layout import Layout
from rtl.sat import layouts
from rtl.sat.config import SatConfig

WIDTH = 32  # bits of a register: AXI4-Lite's data
ADDRESS_BITS = 12  # a page, the least that Vivado gives an interface
WORD_BITS = ADDRESS_BITS - (WIDTH // 8 - 1).bit_length()  # of a register's number

IDENTIFICATION = int.from_bytes(b"SAT ", "big")
VERSION = 1, 0  # of this map and of what travels on the streams: another major number breaks software

# What a field takes: ro nothing, rw a value, w1 a one, which acts and reads back as 0.
ACCESS = {"ro": "read-only", "rw": "read-write", "w1": "read-write"}


@dataclass(frozen=True)
class Field:
    """Some bits of a register, from `low` on."""

    name: str
    low: int
    bits: int
    access: str
    meaning: str


@dataclass(frozen=True)
class Register:
    """A word of 32 bits.

    reset     its value after reset; the name of a parameter of the configuration means that parameter
    constant  it never has another value
    """

    name: str
    offset: int
    access: str
    reset: int | str
    meaning: str
    constant: bool = False
    fields: tuple[Field, ...] = ()

    @property
    def word(self) -> int:
        """Its number among the words of the map."""
        return self.offset // (WIDTH // 8)

    def value(self, config: SatConfig) -> int:
        """Its value after reset."""
        return getattr(config, self.reset) if isinstance(self.reset, str) else self.reset


def _parameter(name: str, offset: int) -> Register:
    return Register(name, offset, "ro", name, SatConfig.model_fields[name].description or name, constant=True)


def _counter(name: str, offset: int, meaning: str) -> tuple[Register, Register]:
    return (
        Register(f"{name}_low", offset, "ro", 0, f"{meaning}: bits 31 to 0"),
        Register(f"{name}_high", offset + 4, "ro", 0, f"{meaning}: bits 47 to 32"),
    )


# First those that are constant; without gaps, because the hardware counts words.
REGISTERS = (
    Register("identification", 0x00, "ro", IDENTIFICATION, "`SAT ` in ASCII", constant=True),
    Register(
        "version",
        0x04,
        "ro",
        VERSION[0] << 16 | VERSION[1],
        "of this map and of the streams' words",
        True,
        (Field("minor", 0, 16, "ro", "additions"), Field("major", 16, 16, "ro", "changes that break software")),
    ),
    _parameter("rows", 0x08),
    _parameter("columns", 0x0C),
    _parameter("interleave", 0x10),
    _parameter("largest_m", 0x14),
    _parameter("chunk", 0x18),
    _parameter("update_lanes", 0x1C),
    Register(
        "control",
        0x20,
        "rw",
        0,
        "what software asks for",
        fields=(
            Field("reset", 0, 1, "rw", "1 holds the accelerator in reset; what its input streams bring is thrown away"),
            Field("snapshot", 1, 1, "w1", "copies the counters into the registers below, all at one clock edge"),
        ),
    ),
    Register(
        "status",
        0x24,
        "ro",
        1,
        "what the accelerator is at",
        fields=(
            Field("resetting", 0, 1, "ro", "in reset; the streams may be used again when it is 0"),
            Field("working", 1, 1, "ro", "a command is given or under way, or a result waits"),
            Field("overflow", 2, 1, "ro", "an infinity or NaN has left as FP32 since reset"),
        ),
    ),
    Register("unscale", 0x28, "rw", 0, "weight update: 1 / loss scale, FP32"),
    Register("decay", 0x2C, "rw", 0, "weight update: weight decay, FP32"),
    Register("momentum", 0x30, "rw", 0, "weight update: momentum, FP32"),
    Register("rate", 0x34, "rw", 0, "weight update: learning rate, FP32"),
    *_counter("busy", 0x38, "cycles that issued a step or took a slice of an update"),
    *_counter("waiting", 0x40, "cycles with work under way, but none issued"),
    *_counter("idle", 0x48, "cycles without work; busy + waiting + idle = cycles since reset"),
    Register("tiles", 0x50, "ro", 0, "tiles whose last step was issued, or last slice of an update taken; modulo 2^32"),
)

NAMED = {register.name: register for register in REGISTERS}
RATES = tuple(NAMED[name] for name in layouts.rates().fields)


def layout(register: str) -> Layout:
    """The word of a register with fields, which follow each other; `unused` are the bits above them."""
    fields = {field.name: field.bits for field in NAMED[register].fields}
    unused = WIDTH - sum(fields.values())
    return Layout(**fields, **(dict(unused=unused) if unused else {}))


def bit(register: str, field: str) -> int:
    """The lowest bit of a field."""
    return layout(register)[field][1]


def table() -> str:
    """The map in Markdown, as the documentation has it."""
    lines = ["| offset | register | bits | access | reset | meaning |", "|---|---|---|---|---|---|"]
    for register in REGISTERS:
        reset = f"`{register.reset}`" if isinstance(register.reset, str) else f"{register.reset:#x}"
        lines.append(
            f"| {register.offset:#04x} | `{register.name}` | {WIDTH - 1}:0 | {register.access} | {reset} "
            f"| {register.meaning} |"
        )
        lines += [
            f"| | `{register.name}.{field.name}` | {_range(field)} | {field.access} | | {field.meaning} |"
            for field in register.fields
        ]
    return "\n".join(lines) + "\n"


def _range(field: Field) -> str:
    return str(field.low) if field.bits == 1 else f"{field.low + field.bits - 1}:{field.low}"

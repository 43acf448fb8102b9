"""A list of GEMMs in a file, each with the densities of both operands.

    layer, M, N, K, density_a, density_b
    attention, 1024, 4800, 1600, 0.2, 0.5

c (M, N) = a (M, K) @ b (K, N). Columns may stand in any order, their names in capitals or not. A row may end with a
comma, or with a remark that begins with #. Several rows may name the same layer.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from tlm.size import LARGEST
from tlm.workload.csv_rows import csv_rows, whole

COLUMNS = ("layer", "M", "N", "K", "density_a", "density_b")
SIZES, DENSITIES = ("m", "n", "k"), ("density_a", "density_b")
_SIZE, _DENSITY = "an integer from 1 to 2^27", "a decimal number from 0 to 1"
_DECIMAL = re.compile(r"(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)  # float() reads nan and 1_0, too


@dataclass(frozen=True)
class SparseGemm:
    """c (m, n) = a (m, k) @ b (k, n), of which so much is not zero.

    density_a, density_b    share of its elements that are not zero, 0 to 1; str() gives back up to 15 digits as written
    Raises ValueError for a size below 1 or above tlm.size.LARGEST, and a density below 0, above 1 or nan.
    """

    layer: str
    m: int
    n: int
    k: int
    density_a: float
    density_b: float

    def __post_init__(self):
        for name in SIZES:
            if not 1 <= (size := getattr(self, name)) <= LARGEST:
                raise ValueError(f"{name} must be {_SIZE}, not {size}")
        for name in DENSITIES:
            if not 0 <= (density := getattr(self, name)) <= 1:
                raise ValueError(f"{name} must be {_DENSITY}, not {density}")


def read_gemm_list(file: Path) -> list[SparseGemm]:
    """The GEMMs in a file, in its order.

    Raises ValueError, naming file, line, rule and value; OSError for a file that is not there.
    """
    rows = csv_rows(file)
    if not rows:
        raise ValueError(f"{file}: its first line must be '{', '.join(COLUMNS)}', not empty")
    columns = _columns(*rows[0])
    gemms = [_gemm(place, fields, columns) for place, fields in rows[1:]]
    if not gemms:
        raise ValueError(f"{file}: must have at least one GEMM below its header")
    return gemms


def _columns(place: str, fields: list[str]) -> list[str]:
    """The header's names in small letters, in the order of the file."""
    names = [field.lower() for field in fields]
    wrong = [
        f"unknown {field!r}" for field, name in zip(fields, names, strict=True) if name not in map(str.lower, COLUMNS)
    ]
    wrong += [f"{names.count(known.lower()) or 'no'} {known}" for known in COLUMNS if names.count(known.lower()) != 1]
    if wrong:
        raise ValueError(f"{place}: the header must name each of {', '.join(COLUMNS)} once, not {', '.join(wrong)}")
    return names


def _gemm(place: str, fields: list[str], columns: list[str]) -> SparseGemm:
    if len(fields) != len(columns):
        raise ValueError(f"{place}: must have {len(columns)} fields as the header, not {len(fields)}")
    given = dict(zip(columns, fields, strict=True))
    if not (given["layer"] and given["layer"].isprintable()):
        raise ValueError(f"{place}: layer must be a printable name, not {given['layer']!r}")
    try:
        m, n, k = (_size(name, given[name]) for name in SIZES)
        density_a, density_b = (_density(name, given[name]) for name in DENSITIES)
        return SparseGemm(given["layer"], m, n, k, density_a, density_b)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


def _size(name: str, field: str) -> int:
    if (number := whole(field)) is None:
        raise ValueError(f"{name} must be {_SIZE}, not {field!r}")
    return number


def _density(name: str, field: str) -> float:
    if not _DECIMAL.fullmatch(field):
        raise ValueError(f"{name} must be {_DENSITY}, not {field!r}")
    return float(field)

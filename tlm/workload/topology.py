"""A list of layers in a file: SCALE-Sim's topologies, of convolutions or of GEMMs, as its versions 2 and 3 read them.

    Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides, Sparsity,
    Conv1, 224, 224, 11, 11, 3, 96, 4, 2:8,

    Layer, M, N, K, Batch,
    Linear1, 1024, 4800, 1600, 8,

The header tells what a list is of (tlm/workload/topology_columns.py). The images of a convolution are already padded.
An output that a stride does not reach wholly is left out, as PyTorch does; SCALE-Sim counts it. A convolution with DP
in its name is depthwise, as in SCALE-Sim: one layer for each channel, each with all the filters of the row.

A row may end with a comma, or with a remark that begins with #. Rows of commas alone, titles and further headers are
left out; a further header holds from there on. Fields may be apart by tabs instead of commas.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Final, Literal

from rtl.sparsity import Sparsity
from tlm.workload.csv_rows import csv_rows, whole
from tlm.workload.layer import Conv
from tlm.workload.topology_columns import (
    BATCH,
    FEWEST,
    GEMMS,
    SPARSITY,
    STRIDE,
    Columns,
    columns_of,
    is_header,
    is_number,
)

LARGEST = 2**31
MOST_CHANNELS = 2**13  # of a depthwise row, which becomes as many layers
DENSE: Final = "dense"
_DEPTHWISE = "DP"

Pattern = Sparsity | Literal["dense"]


@dataclass(frozen=True)
class ListedLayer:
    """A layer as a topology lists it.

    pattern  its own N:M, or DENSE where the file has one with N = M; None: the file does not say
    batch    its own batch, in images; None: the file does not say
    """

    layer: Conv
    pattern: Pattern | None = None
    batch: int | None = None

    @property
    def scale_sim_macs(self) -> int:
        """Multiply-adds that SCALE-Sim counts for the forward pass of one image: all of a dense layer, with an output
        of ceil((size - kernel + stride) / stride) along height and width."""
        layer = self.layer
        sides = zip((layer.height, layer.width), layer.kernel, layer.stride, strict=True)
        out = [-(-(size - kernel + stride) // stride) for size, kernel, stride in sides]
        return prod(out) * layer.window.positions * layer.channels * layer.outputs


def read_topology(file: Path) -> list[ListedLayer]:
    """The layers in a file, in its order.

    Raises ValueError, naming file, line, rule and value; OSError for a file that is not there.
    A GEMM (M, K) x (K, N) is a linear layer from K to N channels on M rows.
    """
    layers, columns, rows = [], None, csv_rows(file)
    for place, fields in rows:
        try:
            fields = _apart(fields)
            words = whole(fields[0]) is None and not any(map(is_number, fields[1:]))
            if words and is_header(fields, columns):
                columns = columns_of(fields)
            elif not words and columns is None:
                break
            elif columns and not (words and _is_heading(fields)):
                layers += _layers(fields, columns)
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from None
    if columns is None:
        raise ValueError(
            f"{file}: its first line must be a header such as 'Layer, M, N, K' or 'Layer name, IFMAP Height, IFMAP "
            "Width, Filter Height, Filter Width, Channels, Num Filter, Strides', "
            f"not {', '.join(rows[0][1]) if rows else 'empty'!r}"
        )
    if not layers:
        raise ValueError(f"{file}: must have at least one layer below its header")
    return layers


def _apart(fields: list[str]) -> list[str]:
    return [field.strip() for field in fields[0].split("\t")] if len(fields) == 1 else fields


def _is_heading(fields: list[str]) -> bool:
    """Whether a row without numbers is a title or a line of units, and no layer's template: too short, or nameless."""
    return len(fields) < FEWEST or not fields[0]


def _layers(fields: list[str], columns: Columns) -> list[ListedLayer]:
    """The layers of a row: one, or those of a depthwise convolution."""
    if len(fields) <= max(columns.places):
        raise ValueError(f"must have a name and {len(columns.places)} numbers, not {len(fields)} fields")
    if not (fields[0] and fields[0].isprintable()):
        raise ValueError(f"a layer must have a printable name, not {fields[0]!r}")
    named = zip(columns.kind.sizes, columns.places, strict=True)
    sizes = [_number(size, fields[place]) for size, place in named]
    further = columns.further(fields)
    pattern = _pattern(further[SPARSITY]) if SPARSITY in further else None
    batch = _number(BATCH, further[BATCH]) if BATCH in further else None
    if columns.kind is GEMMS:
        m, n, k = sizes
        return [ListedLayer(Conv(fields[0], k, n, m, 1), pattern, batch)]
    stride = sizes.pop()
    strides = stride, _number(STRIDE, further[STRIDE]) if STRIDE in further else stride
    return [ListedLayer(layer, pattern, batch) for layer in _convolutions(fields[0], sizes, strides)]


def _convolutions(name: str, sizes: list[int], strides: tuple[int, int]) -> Iterator[Conv]:
    height, width, high, wide, channels, filters = sizes
    if _DEPTHWISE not in name:
        yield Conv(name, channels, filters, height, width, (high, wide), strides)
        return
    if channels > MOST_CHANNELS:
        raise ValueError(f"channels must be at most 2^13 in a depthwise row, one with DP in its name, not {channels}")
    for channel in range(channels):
        yield Conv(f"{name}Channel_{channel}", 1, filters, height, width, (high, wide), strides)


def _number(name: str, field: str) -> int:
    number = whole(field)
    if number is None or not 1 <= number < LARGEST:
        raise ValueError(f"{name} must be an integer from 1 to 2^31 - 1, not {field!r}")
    return number


def _pattern(field: str) -> Pattern:
    n, m = (whole(part.strip()) for part in ("1:1" if field == "1" else field).partition(":")[::2])
    if n is None or m is None:
        raise ValueError(f"sparsity must be N:M, such as 2:8, not {field!r}")
    return DENSE if n == m >= 1 else Sparsity(n, m)

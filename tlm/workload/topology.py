"""A list of layers in a file: SCALE-Sim's topologies, of convolutions or of GEMMs.

    Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,
    Conv1, 224, 224, 11, 11, 3, 96, 4,

    Layer, M, N, K,
    Linear1, 1024, 4800, 1600,

The images of a convolution are already padded. An output that a stride does not reach wholly is left out, as PyTorch
does. A row may end with a comma, or with a remark that begins with #.
"""

from collections.abc import Iterator
from pathlib import Path

from tlm.workload.csv_rows import csv_rows, whole
from tlm.workload.layer import Conv

CONVOLUTION = ("ifmap height", "ifmap width", "filter height", "filter width", "channels", "num filter", "strides")
TWO_STRIDES = (*CONVOLUTION[:-1], "stride height", "stride width")
GEMM = ("m", "n", "k")
LARGEST = 2**31


def read_topology(file: Path) -> list[Conv]:
    """The layers in a file. Raises ValueError, naming file, line, rule and value; OSError for a file that is not there.

    A GEMM (M, K) x (K, N) is a linear layer from K to N channels on M rows.
    """
    lines = csv_rows(file)
    columns = _columns(file, lines)
    layers = [_layer(place, fields, columns) for place, fields in lines[1:]]
    if not layers:
        raise ValueError(f"{file}: must have at least one layer below its header")
    return layers


def _columns(file: Path, lines: list[tuple[str, list[str]]]) -> tuple[str, ...]:
    header = tuple(field.lower() for field in lines[0][1][1:]) if lines else ()
    for known in (CONVOLUTION, TWO_STRIDES, GEMM):
        if header in (known, tuple(name.replace("stride ", "strides ") for name in known)):
            return known
    raise ValueError(
        f"{file}: its first line must be 'Layer name, {', '.join(CONVOLUTION)}' or 'Layer, M, N, K', "
        f"not {', '.join(lines[0][1]) if lines else 'empty'!r}"
    )


def _layer(place: str, fields: list[str], columns: tuple[str, ...]) -> Conv:
    if len(fields) != len(columns) + 1:
        raise ValueError(f"{place}: must have a name and {len(columns)} numbers, not {len(fields)} fields")
    if not fields[0]:
        raise ValueError(f"{place}: a layer must have a name")
    name, sizes = fields[0], dict(_numbers(place, fields[1:], columns))
    if columns == GEMM:
        return Conv(name, sizes["k"], sizes["n"], sizes["m"], 1)
    stride = sizes.get("strides")
    strides = (stride, stride) if stride else (sizes["stride height"], sizes["stride width"])
    try:
        return Conv(
            name,
            sizes["channels"],
            sizes["num filter"],
            sizes["ifmap height"],
            sizes["ifmap width"],
            (sizes["filter height"], sizes["filter width"]),
            strides,
        )
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


def _numbers(place: str, fields: list[str], columns: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    for name, field in zip(columns, fields, strict=True):
        number = whole(field)
        if number is None or not 1 <= number < LARGEST:
            raise ValueError(f"{place}: {name} must be an integer from 1 to 2^31 - 1, not {field!r}")
        yield name, number

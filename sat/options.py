"""Options that several commands share."""
from pathlib import Path
from typing import Annotated

import typer

from rtl.config import PRESETS
from rtl.sparsity import Sparsity

LARGEST_SEED = 2 ** 32 - 1

Config = Annotated[str, typer.Option(help=f"A preset ({', '.join(PRESETS)}) or a JSON file.")]
Engine = Annotated[str, typer.Option(help="functional, myhdl or icarus.")]
Model = Annotated[str, typer.Option(help="A built-in network: cnn.")]
Data = Annotated[str, typer.Option(help="A built-in data set: digits.")]
Method = Annotated[str, typer.Option(help="dense or bdwp.")]
Pattern = Annotated[str, typer.Option("--sparsity", help="N:M with N in 1, 2, 4 and M in 4, 8, 16; or dense.")]
Seed = Annotated[int, typer.Option(min=0, max=LARGEST_SEED,
                                   help="Of everything random: weights, order of the data, operands.")]
Batch = Annotated[int, typer.Option(min=1, max=10 ** 6, help="Images in a step.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write the same content as data to this file.")]


def scheme(method: str, sparsity: str) -> tuple[str, int | None, int | None]:
    """(method, N, M) as training takes them. Raises ValueError for a pattern the hardware does not know."""
    pattern = Sparsity.parse(sparsity)
    return (method, pattern.n, pattern.m) if pattern else (method, None, None)


def scheme_data(method: str, sparsity: str) -> dict[str, str]:
    """Method and pattern as data; a dense method has no other pattern, whatever the option says."""
    return dict(method=method, sparsity="dense" if method == "dense" else sparsity)


def title(method: str, sparsity: str) -> str:
    """What a method is called in a report."""
    return method if method == "dense" else f"{method} {sparsity}"

"""Options that several commands share."""

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from rtl.config import Config as HardwareConfig
from rtl.sparsity import Sparsity
from sat.terminal import to_standard_output
from tlm.accelerator import Accelerator
from tlm.accelerators import DEFAULT, TABLE
from tlm.workload.methods import METHODS, Scheme
from tlm.workload.networks import NETWORKS

LARGEST_SEED = 2**32 - 1
NONE = "none"


def presets(rows: Iterable[Accelerator], usable: Callable[[HardwareConfig], bool] = lambda _: True) -> str:
    """The names of the default accelerator's presets, and of usable ones that these have beside them."""
    known = TABLE[DEFAULT].presets
    more = {
        row.title: [name for name, config in row.presets.items() if name not in known and usable(config)]
        for row in rows
    }
    beside = [f"; of {title} also {', '.join(names)}" for title, names in more.items() if names]
    return ", ".join(known) + "".join(beside)


def config_option(rows: Iterable[Accelerator], usable: Callable[[HardwareConfig], bool] = lambda _: True) -> Any:
    """The option for a configuration of a command that runs on these accelerators, and on usable configurations."""
    return typer.Option("--config", help=f"A preset ({presets(rows, usable)}) or a JSON file.")


Config = Annotated[str, config_option(TABLE.values())]
ConfigOfDefault = Annotated[str, config_option([TABLE[DEFAULT]])]
Engine = Annotated[str, typer.Option(help="functional, myhdl, icarus or verilator.")]
Model = Annotated[str, typer.Option(help=f"A built-in network: {', '.join(NETWORKS)}.")]
Image = Annotated[
    int | None,
    typer.Option(min=1, help="Height and width of the images: 32, 64 or 224 (cnn: 8). By default the network's own."),
]
DataImage = Annotated[
    int | None,
    typer.Option(
        "--image",
        min=1,
        help="Height and width of the images: 32, 64 or 224 "
        "(cnn: 8). By default the data's own; digits are "
        "enlarged to the least that the network takes.",
    ),
]
Topology = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A list of layers instead of a built-in network: a CSV file of SCALE-Sim, with convolutions or GEMMs.",
    ),
]
Module = Annotated[
    str | None,
    typer.Option(metavar="PACKAGE:FACTORY", help="The nn.Module that this function makes, with --input."),
]
Input = Annotated[
    str | None, typer.Option("--input", metavar="B,C,H,W", help="Shape of the input of --module, batch included.")
]
Width = Annotated[float, typer.Option(help="Factor of the network's inner channels.")]
Classes = Annotated[int | None, typer.Option(help="Outputs of the network. By default its own.")]
Data = Annotated[str, typer.Option(help="digits, which are built in; or cifar10, cifar100, tinyimagenet, imagenet.")]
DataPath = Annotated[Path | None, typer.Option(help="The folder with the data set's files. Nothing is downloaded.")]
Method = Annotated[str, typer.Option(help=f"{', '.join(METHODS)}.")]
Pattern = Annotated[str, typer.Option("--sparsity", help="N:M with N in 1, 2, 4 and M in 4, 8, 16; or dense.")]
Dense = Annotated[
    str | None,
    typer.Option(
        help="Layers that stay dense, by names or patterns with commas between, "
        f"such as 'fc,layer1.*'; or {NONE}. By default the network's "
        "classifier; in cnn no layer."
    ),
]
Decay = Annotated[
    float | None, typer.Option(help="SR-STE's pull of pruned weights to zero. By default 2e-4 for srste, else 0.")
]
Rescale = Annotated[
    bool, typer.Option("--rescale", help="With sdgp: scale pruned gradients up to the sum that they had.")
]
Seed = Annotated[
    int, typer.Option(min=0, max=LARGEST_SEED, help="Of everything random: weights, order of the data, operands.")
]
Batch = Annotated[int, typer.Option(min=1, max=10**6, help="Images in a step.")]
Json = Annotated[
    Path | None,
    typer.Option(
        "--json",
        metavar="FILE",
        callback=to_standard_output,
        help="Write the same content as data to this file; with - to standard output, and all else to standard error.",
    ),
]

Columns = Annotated[
    str | None,
    typer.Option(
        metavar="KEYS",
        help="Columns of the table: keys of the report with commas between, or all. By default as many as fit the "
        "terminal; all, where standard output is none.",
    ),
]


def given(context: typer.Context, name: str) -> bool:
    """Whether an option was on the command line."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def refuse(context: typer.Context, option: str, names: Collection[str]) -> None:
    """Raise ValueError for parameters that cannot go with an option, and would silently do nothing."""
    for parameter in context.command.params:
        if parameter.name and parameter.name in names and given(context, parameter.name):
            raise ValueError(f"{parameter.opts[0]} cannot go with {option}")


def scheme(
    method: str,
    sparsity: str,
    model: str | None = None,
    dense: str | None = None,
    decay: float | None = None,
    rescale: bool = False,
) -> Scheme:
    """The scheme that the options ask for. Raises ValueError for an unknown method or pattern.

    model  the network whose own choice of dense layers holds where `dense` is not given
    """
    if dense is None:
        layers = NETWORKS[model].dense if model in NETWORKS else ()
    else:
        layers = () if dense == NONE else tuple(name.strip() for name in dense.split(","))
    pattern = Sparsity.parse(sparsity)
    n, m = (pattern.n, pattern.m) if pattern else (None, None)
    return Scheme.of(method, n, m, decay=decay, rescale=rescale, dense=layers)


def scheme_data(chosen: Scheme) -> dict[str, Any]:
    """A scheme as data; a dense method has no other pattern, whatever the option says."""
    return dict(
        method=chosen.method,
        sparsity=str(chosen.sparsity or "dense"),
        decay=chosen.strength,
        rescale=chosen.rescale,
        dense_layers=list(chosen.dense),
    )


def title(chosen: Scheme) -> str:
    """The name of a scheme in a report."""
    rescaled = ", rescaled" if chosen.rescale else ""
    return f"{chosen.method} {chosen.sparsity}{rescaled}" if chosen.sparsity else chosen.method

"""Options that several commands share."""

from collections.abc import Callable, Collection, Iterable, Sequence
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
USUAL = "2:8"  # N:M of all layers


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
    typer.Option(
        metavar="PACKAGE:FACTORY", help="The nn.Module that this function makes, with --input, or (module, inputs)."
    ),
]
Input = Annotated[
    list[str],
    typer.Option(
        "--input",
        metavar="[NAME:]SIZES[:DTYPE]",
        help="An input of --module, batch included, such as 1,3,224,224 or ids:2,128:int64; once for each input.",
    ),
]
Host = Annotated[
    list[str],
    typer.Option(
        "--host",
        metavar="PATTERN",
        help="Layers or modules of --module that stay in PyTorch, such as 'encoder.*'; may be given several times.",
    ),
]
Onnx = Annotated[
    Path | None,
    typer.Option(
        "--onnx", metavar="FILE", help="The network in an ONNX file, whose open batch is --batch; needs onnx."
    ),
]
Stage = Annotated[
    str | None, typer.Option(metavar="ff", help="ff: the forward pass alone. By default a whole training step.")
]
Width = Annotated[float, typer.Option(help="Factor of the network's inner channels.")]
Classes = Annotated[int | None, typer.Option(help="Outputs of the network. By default its own.")]
Data = Annotated[str, typer.Option(help="digits, which are built in; or cifar10, cifar100, tinyimagenet, imagenet.")]
DataPath = Annotated[Path | None, typer.Option(help="The folder with the data set's files. Nothing is downloaded.")]
Method = Annotated[str, typer.Option(help=f"{', '.join(METHODS)}.")]
Pattern = Annotated[str, typer.Option("--sparsity", help="N:M with N in 1, 2, 4 and M in 4, 8, 16; or dense.")]
Patterns = Annotated[
    list[str],
    typer.Option(
        "--sparsity",
        metavar="[PATTERN=]N:M",
        help="N:M with N in 1, 2, 4 and M in 4, 8, 16, or dense; after layers' names or a pattern it is theirs alone, "
        "such as 'fc,layer4.*=1:4', and may be given several times, of which the last one that fits holds.",
    ),
]
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
    sparsity: str | Sequence[str],
    model: str | None = None,
    dense: str | None = None,
    decay: float | None = None,
    rescale: bool = False,
) -> Scheme:
    """The scheme that the options ask for. Raises ValueError for an unknown method or pattern.

    sparsity  the pattern of all layers, and after 'NAMES=' those of some, whose others have the usual one
    model     the network whose own choice of dense layers holds where `dense` is not given
    """
    if dense is None:
        layers = NETWORKS[model].dense if model in NETWORKS else ()
    else:
        layers = () if dense == NONE else tuple(name.strip() for name in dense.split(","))
    pattern, by_layer = _patterns([sparsity] if isinstance(sparsity, str) else sparsity)
    n, m = (pattern.n, pattern.m) if pattern else (None, None)
    return Scheme.of(method, n, m, decay=decay, rescale=rescale, dense=layers, by_layer=by_layer)


def _patterns(texts: Sequence[str]) -> tuple[Sparsity | None, tuple[tuple[str, Sparsity | None], ...]]:
    """The pattern of all layers, and (names, pattern) of some."""
    whole, by_layer = [], []
    for text in texts:
        names, given, pattern = text.rpartition("=")
        if given and not names.strip():
            raise ValueError(f"sparsity must name layers before the =, not {text!r}")
        if given:
            by_layer += [(name.strip(), Sparsity.parse(pattern.strip())) for name in names.split(",")]
        else:
            whole.append(Sparsity.parse(text))
    if len(whole) > 1:
        raise ValueError(f"sparsity of all layers must be given once, not {', '.join(map(str, texts))}")
    return (whole[0] if whole else Sparsity.parse(USUAL)), tuple(by_layer)


def scheme_data(chosen: Scheme) -> dict[str, Any]:
    """A scheme as data; a dense method has no other pattern, whatever the option says."""
    return dict(
        method=chosen.method,
        sparsity=str(chosen.sparsity or "dense"),
        decay=chosen.strength,
        rescale=chosen.rescale,
        dense_layers=list(chosen.dense),
        sparsity_by_layer={names: str(pattern or "dense") for names, pattern in chosen.by_layer},
    )


def title(chosen: Scheme) -> str:
    """The name of a scheme in a report."""
    rescaled = ", rescaled" if chosen.rescale else ""
    own = "".join(f", {names} {pattern or 'dense'}" for names, pattern in chosen.by_layer)
    return f"{chosen.method} {chosen.sparsity or 'dense'}{own}{rescaled}" if chosen.sparsity or own else chosen.method

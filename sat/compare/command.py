"""`sat compare`: the same GEMMs on every accelerator of the table."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cosim.synthesis.synthesis import yosys
from sat import options, terminal
from sat.areas import COLUMNS as AREAS
from sat.areas import areas_of, check_areas, print_areas
from sat.columns import asked_for
from sat.compare import cases, heatmap, keys, paper
from sat.compare.comparison import Comparison
from sat.compare.table import heading_of, print_table
from sat.options import Batch, Columns, Json
from tlm.compare import Setup, setups

Paper = Annotated[bool, typer.Option("--paper", help=paper.HELP)]
Gemms = Annotated[Path | None, typer.Option(help="A CSV file of GEMMs: layer,M,N,K,density_a,density_b.")]
Models = Annotated[
    str, typer.Option(metavar="NAMES", help="Networks whose training steps are compared, with commas between.")
]
Setups = Annotated[
    str | None,
    typer.Option(
        "--config",
        help=f"One of {', '.join(setups())}: as many multipliers, the same memory and clock for all accelerators. "
        "By default vcu1525; with --paper paper.",
    ),
]
Grid = Annotated[
    str, typer.Option(help="Shares of values that are not zero, of either operand, with commas between, for --paper.")
]
Picture = Annotated[Path | None, typer.Option("--heatmap", help="Draw where each wins: a PNG or SVG file.")]
Synthesised = Annotated[
    bool, typer.Option("--area", help="Synthesise each accelerator with Yosys, too: a few minutes.")
]

NOT_FOR = {
    "--paper": ("gemms", "models", "batch"),
    "--gemms": ("models", "batch", "densities"),
    "training steps": ("densities",),
}
FIVE = "resnet9,vit,vgg19,resnet18,resnet50"


def compare_command(
    context: typer.Context,
    in_paper: Paper = False,
    gemms: Gemms = None,
    models: Models = FIVE,
    batch: Batch = 64,
    config: Setups = None,
    densities: Grid = "1,0.5,0.2,0.1",
    picture: Picture = None,
    synthesised: Synthesised = False,
    columns: Columns = None,
    json_file: Json = None,
) -> None:
    """Compare accelerators at equal multipliers, memory and clock: on the training steps of networks (the default), on
    the GEMMs of a paper, or on a list of your own.

    Each GEMM is mapped for the fewest cycles of each accelerator, which skips the zeros that it can.
    """
    with terminal.reading_input():
        heatmap.check(picture)
        asked = asked_for(columns, keys.columns(), AREAS)
        terminal.writable(json_file, picture)
        source = "--paper" if in_paper else "--gemms" if gemms else "training steps"
        options.refuse(context, source, NOT_FOR[source])
        if synthesised:
            yosys()
        name = config or ("paper" if in_paper else "vcu1525")
        setup = setup_of(name)
        if synthesised:
            check_areas(setup)
        if in_paper:
            jobs = paper.of_paper(paper.densities_of(densities), setup)
        else:
            jobs = cases.of_list(gemms, setup) if gemms else cases.of_networks(models, batch, setup)
        lines = cases.done(jobs)
    areas = areas_of(setup) if synthesised else {}
    content = dict(
        config={name: one.model_dump() for name, one in setup.configs.items()},
        rows=[line.as_data() for line in lines],
        **(dict(area=areas) if areas else {}),
    )
    terminal.write_json(json_file, content)
    if picture:
        heatmap.draw(picture, _cells(lines, one_column=gemms is not None))
    console = terminal.console()
    print_table(console, lines, heading_of(name, setup), asked)
    if in_paper:
        console.print(paper.NOTE)
    if areas:
        print_areas(console, areas, asked)
    if picture:
        console.print(f"heat map in {picture}")


def setup_of(name: str) -> Setup:
    """The configurations to compare. Raises ValueError for an unknown name."""
    known = setups()
    if name not in known:
        raise ValueError(f"config must be one of {', '.join(known)}, not {name!r}")
    return known[name]


def _cells(lines: Sequence[Comparison], one_column: bool) -> list[heatmap.Cell]:
    """The cells of the heat map; in one column, where no variant comes twice."""
    if one_column:
        return [(f"{line.case}: {line.variant}", "", line.panels) for line in lines]
    return [(line.case, line.variant, line.panels) for line in lines]

"""`sat compare`: the same GEMMs on every accelerator of the table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cosim.synthesis.synthesis import yosys
from sat import options, terminal
from sat.areas import COLUMNS as AREAS
from sat.areas import areas_of, check_areas, print_areas
from sat.commands import Panel, commands
from sat.compare import cases, heatmap, keys
from sat.compare import paper as published
from sat.compare.comparison import Comparison
from sat.compare.table import heading_of, print_table
from sat.panels import DATA, HARDWARE, NETWORK, Output
from tlm.compare import Setup, setups

FIVE = "resnet9,vit,vgg19,resnet18,resnet50"


@dataclass(frozen=True)
class Networks(Panel):
    """The networks that are compared."""

    TITLE = NETWORK
    models: Annotated[
        str, typer.Option(metavar="NAMES", help="Networks whose training steps are compared, with commas between.")
    ] = FIVE
    batch: options.Batch = 64
    stage: options.Stage = None


@dataclass(frozen=True)
class Grid(Panel):
    """The operands of the paper's GEMMs."""

    TITLE = DATA
    densities: Annotated[
        str, typer.Option(help="Shares of values that are not zero, of either operand, with commas between.")
    ] = "1,0.5,0.2,0.1"


@dataclass(frozen=True)
class ComparedHardware(Panel):
    """Configurations of equal size."""

    TITLE = HARDWARE
    config: Annotated[
        str,
        typer.Option(
            help=f"One of {', '.join(setups())}: as many multipliers, the same memory and clock for all accelerators."
        ),
    ] = "vcu1525"


@dataclass(frozen=True)
class PaperHardware(ComparedHardware):
    """The same, by default as large as the paper's."""

    config: Annotated[str, typer.Option(help=f"As in sat compare networks: one of {', '.join(setups())}.")] = "paper"


@dataclass(frozen=True)
class ComparedOutput(Output):
    """The same, with a picture and areas."""

    heatmap: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw where each wins: a PNG or SVG file.")] = (
        None
    )
    area: Annotated[
        bool, typer.Option("--area", help="Synthesise each accelerator with Yosys, too: a few minutes.")
    ] = False


def networks(network: Networks, hardware: ComparedHardware, output: ComparedOutput) -> None:
    """Compare accelerators at equal multipliers, memory and clock, on the training steps of networks.

    Each GEMM is mapped for the fewest cycles of each accelerator, which skips the zeros that it can.
    """
    made = partial(cases.of_networks, network.models, network.batch, stage=network.stage)
    note = "" if network.stage is None else f"of each network the forward pass alone (--stage {network.stage})"
    _compare(made, hardware.config, output, note, stage=network.stage)


def paper(grid: Grid, hardware: PaperHardware, output: ComparedOutput) -> None:
    """Compare them on the ten GEMMs of SIGMA's paper, over a grid of densities of both operands, beside the counts of
    the paper's latency model."""
    _compare(
        lambda setup: published.of_paper(published.densities_of(grid.densities), setup),
        hardware.config,
        output,
        published.NOTE,
    )


def gemms(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file of GEMMs: layer,M,N,K,density_a,density_b.")],
    hardware: ComparedHardware,
    output: ComparedOutput,
) -> None:
    """Compare them on a list of GEMMs of your own."""
    _compare(lambda setup: cases.of_list(file, setup), hardware.config, output, one_column=True)


app = commands(*((one, keys.keys()) for one in (networks, paper, gemms)))


def _compare(
    jobs_of: Callable[[Setup], list[cases.Job]],
    config: str,
    output: ComparedOutput,
    note: str = "",
    one_column: bool = False,
    stage: str | None = None,
) -> None:
    """Cost the jobs, and print and write what that gives."""
    with terminal.reading_input():
        heatmap.check(output.heatmap)
        asked = output.asked(keys.columns(), AREAS)
        terminal.writable(output.json, output.heatmap)
        setup = setup_of(config)
        if output.area:
            yosys()
            check_areas(setup)
        jobs = jobs_of(setup)
        lines = cases.done(jobs)
    areas = areas_of(setup) if output.area else {}
    content = dict(
        config={name: one.model_dump() for name, one in setup.configs.items()},
        rows=[line.as_data() for line in lines],
        **(dict(stage=stage) if stage else {}),
        **(dict(area=areas) if areas else {}),
    )
    terminal.write_json(output.json, content)
    if output.heatmap:
        heatmap.draw(output.heatmap, _cells(lines, one_column))
    console = terminal.console()
    print_table(console, lines, heading_of(config, setup), asked)
    if note:
        console.print(note)
    if areas:
        print_areas(console, areas, asked)
    if output.heatmap:
        console.print(f"heat map in {output.heatmap}")


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

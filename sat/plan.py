"""`sat plan`: offline scheduling, before a training run."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from sat import options, terminal
from sat.columns import asked_for, counted, show, worded
from sat.options import (
    Batch,
    Classes,
    Columns,
    ConfigOfDefault,
    Decay,
    Dense,
    Image,
    Json,
    Method,
    Model,
    Pattern,
    Rescale,
    Width,
)
from sat.planning import plan_for
from sat.report import STEP
from sat.workload import Input, Module, Topology, workload
from tlm.accelerators import DEFAULT, accelerator
from tlm.workload.step import whole_step

Output = Annotated[Path | None, typer.Option("--output", "-o", help="Save the plan to this file, for --plan.")]

COLUMNS = [
    STEP["layer"],
    STEP["stage"],
    *(replace(STEP[key], priority=4) for key in ("m", "k", "n")),
    STEP["sparsity"],
    replace(STEP["dataflow"], priority=1),
    counted("rows", "rows of a tile of the result", 2),
    counted("depth", "elements of k in a tile", 2),
    counted("columns", "columns of a tile of the result", 2),
    worded("order", "whether tiles of the result follow each other by rows or by columns", 5),
    worded("generation", "where N:M copies are made: update, with the weight update; use, before each use", 1),
    STEP["cycles"],
]


def plan(
    context: typer.Context,
    model: Model = "cnn",
    image: Image = None,
    classes: Classes = None,
    width: Width = 1.0,
    topology: Topology = None,
    module: Module = None,
    shape: Input = None,
    batch: Batch = 32,
    method: Method = "bdwp",
    sparsity: Pattern = "2:8",
    dense: Dense = None,
    decay: Decay = None,
    rescale: Rescale = False,
    config: ConfigOfDefault = "vcu1525",
    output: Output = None,
    columns: Columns = None,
    json_file: Json = None,
) -> None:
    """Choose dataflow, tile sizes and order of each GEMM, and where N:M copies are made, by the model's cycles."""
    with terminal.reading_input():
        terminal.writable(json_file, output)
        asked = asked_for(columns, COLUMNS)
        row = accelerator(DEFAULT)
        chosen = row.load(config)
        network = workload(context, model, image, classes, width, batch, topology, module, shape)
        scheme = options.scheme(method, sparsity, model if network.built_in else None, dense, decay, rescale)
        work = whole_step(network.calls, scheme)
        with terminal.spinner("scheduling"):
            made = plan_for(work, chosen)
            fixed = {name: plan_for(work, chosen, name).cycles for name in row.dataflows}
    if output:
        made.save(output)
    content = dict(
        model=network.name,
        **options.scheme_data(scheme),
        batch=network.batch,
        **made.model_dump(),
        cycles=made.cycles,
        fixed=fixed,
    )
    terminal.write_json(json_file, content)
    title = f"{network.name}, {options.title(scheme)}, batch {network.batch}, on {chosen.name}"
    _print(content, f"Plan of a training step of {title}", asked)


def _print(content: dict[str, Any], heading: str, asked: Sequence[str]) -> None:
    """A row for each GEMM and update, and the cycles beside those with one dataflow for all GEMMs."""
    console = terminal.console()
    show(console, heading, COLUMNS, [*content["gemms"], *content["updates"]], asked=asked)
    console.print(
        f"{content['cycles']:,} cycles; with one dataflow for all: "
        + ", ".join(f"{name} {cycles:,}" for name, cycles in content["fixed"].items())
    )

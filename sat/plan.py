"""`sat plan`: offline scheduling, before a training run."""

from pathlib import Path
from typing import Annotated

import typer

from sat import options, terminal
from sat.options import Batch, Classes, Config, Decay, Dense, Image, Json, Method, Model, Pattern, Rescale, Width
from sat.workload import Input, Module, Topology, workload
from tlm.accelerators import DEFAULT, accelerator
from tlm.dataflow import DATAFLOWS
from tlm.plan import Plan, make_plan
from tlm.workload.step import whole_step

Output = Annotated[Path | None, typer.Option("--output", "-o", help="Save the plan to this file, for --plan.")]


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
    config: Config = "vcu1525",
    output: Output = None,
    json_file: Json = None,
) -> None:
    """Choose dataflow, tile sizes and order of each GEMM, and where N:M copies are made, by the model's cycles."""
    with terminal.reading_input():
        terminal.writable(json_file, output)
        chosen = accelerator(DEFAULT).load(config)
        what = workload(context, model, image, classes, width, batch, topology, module, shape)
        scheme = options.scheme(method, sparsity, model if what.built_in else None, dense, decay, rescale)
        work = whole_step(what.calls, scheme)
        with terminal.working("scheduling"):
            made = make_plan(work, chosen)
            fixed = {name: make_plan(work, chosen, (name,)).cycles for name in DATAFLOWS}
    if output:
        made.save(output)
    terminal.write_json(
        json_file,
        dict(
            model=what.name,
            **options.scheme_data(scheme),
            batch=what.batch,
            **made.model_dump(),
            cycles=made.cycles,
            fixed=fixed,
        ),
    )
    _print(
        made,
        fixed,
        f"Plan of a training step of {what.name}, {options.title(scheme)}, batch {what.batch}, on {chosen.name}",
    )


def _print(made: Plan, fixed: dict[str, int], heading: str) -> None:
    console = terminal.console()
    rows = terminal.table(heading, ["layer", "stage", "m x k x n", "N:M", "dataflow", "tile", "order", "cycles"])
    for one in made.gemms:
        rows.add_row(
            one.layer,
            one.stage,
            f"{one.m} x {one.k} x {one.n}",
            one.sparsity,
            one.dataflow,
            f"{one.rows} x {one.depth} x {one.columns}",
            one.order,
            f"{one.cycles:,}",
        )
    for one in made.updates:
        rows.add_row(
            one.layer,
            one.stage,
            f"{one.k} x 0 x {one.n}",
            "",
            f"copies with {one.generation}",
            "",
            "",
            f"{one.cycles:,}",
        )
    console.print(rows)
    console.print(
        f"{made.cycles:,} cycles; with one dataflow for all: "
        + ", ".join(f"{name} {cycles:,}" for name, cycles in fixed.items())
    )

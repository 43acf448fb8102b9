"""`sat plan`: offline scheduling, before a training run."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sat import options, terminal
from sat.options import (
    Batch,
    Classes,
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
from sat.workload import Input, Module, Topology, workload
from tlm.accelerators import DEFAULT, accelerator
from tlm.workload.step import whole_step

Output = Annotated[Path | None, typer.Option("--output", "-o", help="Save the plan to this file, for --plan.")]

GEMM_COLUMNS = {  # heading -> format of a GEMM's choices
    "layer": "{layer}",
    "stage": "{stage}",
    "m x k x n": "{m} x {k} x {n}",
    "N:M": "{sparsity}",
    "dataflow": "{dataflow}",
    "tile": "{rows} x {depth} x {columns}",
    "order": "{order}",
    "cycles": "{cycles:,}",
}
UPDATE_COLUMNS = {  # of an update's; the rest is empty
    "layer": "{layer}",
    "stage": "{stage}",
    "m x k x n": "{k} x 0 x {n}",
    "dataflow": "copies with {generation}",
    "cycles": "{cycles:,}",
}


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
    json_file: Json = None,
) -> None:
    """Choose dataflow, tile sizes and order of each GEMM, and where N:M copies are made, by the model's cycles."""
    with terminal.reading_input():
        terminal.writable(json_file, output)
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
    _print(content, f"Plan of a training step of {title}")


def _print(content: dict[str, Any], heading: str) -> None:
    """A row for each GEMM and update, and the cycles beside those with one dataflow for all GEMMs."""
    console, rows = terminal.console(), terminal.table(heading, list(GEMM_COLUMNS))
    for columns, choices in ((GEMM_COLUMNS, content["gemms"]), (UPDATE_COLUMNS, content["updates"])):
        for choice in choices:
            rows.add_row(*(columns.get(column, "").format(**choice) for column in GEMM_COLUMNS))
    console.print(rows)
    console.print(
        f"{content['cycles']:,} cycles; with one dataflow for all: "
        + ", ".join(f"{name} {cycles:,}" for name, cycles in content["fixed"].items())
    )

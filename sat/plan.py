"""`sat plan`: offline scheduling, before a training run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from sat import options, terminal
from sat.columns import counted, defined, show, worded
from sat.commands import single
from sat.panels import DefaultHardware, Method, Network, Output
from sat.planning import plan_for
from sat.report import STEP, print_products, trace_data
from sat.workload import Workload, workload
from tlm.accelerators import DEFAULT, accelerator
from tlm.workload.step import whole_step


@dataclass(frozen=True)
class PlanOutput(Output):
    """The same, and the plan itself."""

    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Save the plan to this file, by which other commands run."),
    ] = None


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
    context: typer.Context, network: Network, method: Method, hardware: DefaultHardware, output: PlanOutput
) -> None:
    """Choose dataflow, tile sizes and order of each GEMM, and where N:M copies are made, by the model's cycles."""
    with terminal.reading_input():
        terminal.writable(output.json, output.output)
        asked = output.asked(COLUMNS)
        row = accelerator(DEFAULT)
        config, of = row.load(hardware.config), workload(context, network)
        scheme = method.scheme(of.own)
        work = whole_step(of.calls, scheme)
        with terminal.spinner("scheduling"):
            made = plan_for(work, config)
            fixed = {name: plan_for(work, config, name).cycles for name in row.dataflows}
    if output.output:
        made.save(output.output)
    content = dict(
        model=of.name,
        **options.scheme_data(scheme),
        batch=of.batch,
        **made.model_dump(),
        cycles=made.cycles,
        fixed=fixed,
        **trace_data(of.trace),
    )
    terminal.write_json(output.json, content)
    title = of.title(options.title(scheme))
    _print(content, f"Plan: {title[0].lower()}{title[1:]}, on {config.name}", of, asked)


app = single(plan, defined(COLUMNS))


def _print(content: dict[str, Any], heading: str, of: Workload, asked: Sequence[str]) -> None:
    """A row for each GEMM and update, and the cycles beside those with one dataflow for all GEMMs."""
    console = terminal.console()
    show(console, heading, COLUMNS, [*content["gemms"], *content["updates"]], asked=asked)
    console.print(
        f"{content['cycles']:,} cycles; with one dataflow for all: "
        + ", ".join(f"{name} {cycles:,}" for name, cycles in content["fixed"].items())
    )
    print_products(console, of.trace)
    for remark in of.remarks:
        console.print(remark, markup=False)

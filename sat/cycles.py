"""`sat cycles`: what a training step costs."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

import typer

from sat import ablation, accelerators, options, paper, terminal
from sat.options import Batch, Classes, Config, Decay, Dense, Image, Json, Method, Model, Pattern, Rescale, Width
from sat.planning import SCHEDULED, Dataflow, PlanFile
from sat.workload import Input, Module, Topology, Workload, workload
from tlm.accelerators import DEFAULT, TABLE
from tlm.accelerators import accelerator as accelerator_named
from tlm.work import Work
from tlm.workload.methods import Scheme
from tlm.workload.step import whole_step

Unused = Annotated[
    int,
    typer.Option("--seed", min=0, max=options.LARGEST_SEED, help="Echoed in --json: cycles do not depend on values."),
]
Ablate = Annotated[
    bool, typer.Option("--ablate", help="Show what interleaving, pre-generation, dataflow and N:M are worth.")
]
Paper = Annotated[
    bool,
    typer.Option(
        "--paper",
        help="The paper's five networks, dense and BDWP 2:8, beside its own figures; with --batch and --config.",
    ),
]


def cycles(
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
    accelerator: accelerators.Name = DEFAULT,
    config: Config = "vcu1525",
    dataflow: Dataflow = SCHEDULED,
    plan: PlanFile = None,
    ablate: Ablate = False,
    headline: Paper = False,
    seed: Unused = 0,
    json_file: Json = None,
) -> None:
    """Cost a training step by the transaction-level model, whose cycles are the RTL's: no data, no simulation."""
    with terminal.reading_input():
        terminal.writable(json_file)
        row = accelerator_named(accelerator)
        chosen = row.load(config)
        if headline:
            others = {parameter.name for parameter in context.command.params}
            options.refuse(context, "--paper", others - {"headline", "batch", "config", "json_file"})
            paper.run(terminal.console(), batch, chosen, json_file)
            return
        what = workload(context, model, image, classes, width, batch, topology, module, shape)
        scheme = options.scheme(method, sparsity, model if what.built_in else None, dense, decay, rescale)
        if ablate and not row.plans:
            raise ValueError(
                f"--ablate is about {TABLE[DEFAULT].title}'s choices, and cannot go with another --accelerator"
            )
        if ablate and (plan or dataflow != SCHEDULED):
            raise ValueError("--ablate shows every dataflow, and cannot go with --dataflow or --plan")
        with terminal.working("scheduling"):
            work = whole_step(what.calls, scheme)
            report, formula = accelerators.report(row, work, whole_step(what.calls, Scheme()), chosen, dataflow, plan)
            variants = (
                ablation.ablation(_patterns(what, scheme), str(scheme.sparsity or "dense"), chosen) if ablate else []
            )
    content = dict(
        model=what.name,
        **options.scheme_data(scheme),
        batch=what.batch,
        accelerator=accelerator,
        **terminal.report_data(report, seed, accelerators.on_host(row)),
    )
    if formula:
        content |= dict(formula_cycles=formula)
    if ablate:
        content |= dict(ablation=ablation.as_data(variants))
    terminal.write_json(json_file, content)
    method = f"{options.title(scheme)}{', its GEMMs dense' if scheme.sparsity and not row.skips_zeros else ''}"
    heading = f"One training step of {what.name}, {method}, batch {what.batch}, on {accelerators.title(row, chosen)}"
    console = terminal.console()
    if ablate:
        ablation.show(console, variants, f"{heading}: one choice made otherwise")
    else:
        terminal.print_report(console, report, heading, accelerators.on_host(row))
    if row.formula:
        console.print(f"by {row.formula.text}: {sum(formula):,} cycles")


def _patterns(what: Workload, scheme: Scheme) -> Callable[[str], list[Work]]:
    """The same step with other patterns; where the method has none, by BDWP."""

    def step(pattern: str) -> list[Work]:
        if pattern == "dense":
            return whole_step(what.calls, Scheme())
        other = options.scheme("bdwp" if scheme.method == "dense" else scheme.method, pattern)
        return whole_step(what.calls, replace(other, dense=scheme.dense))

    return step

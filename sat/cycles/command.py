"""`sat cycles`: the cycles of a training step."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated

import typer

from sat import accelerators, options, terminal
from sat.columns import asked_for
from sat.cycles import ablation, paper
from sat.options import (
    Batch,
    Classes,
    Columns,
    Config,
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
from sat.planning import SCHEDULED, Dataflow, PlanFile
from sat.report import COLUMNS, print_report, report_data
from sat.workload import Input, Module, Topology, Workload, workload
from tlm.accelerator import Accelerator
from tlm.accelerators import DEFAULT, accelerator_of
from tlm.accelerators import accelerator as accelerator_named
from tlm.report import StepReport
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
    columns: Columns = None,
    json_file: Json = None,
) -> None:
    """Cost a training step by the transaction-level model, whose cycles are the RTL's: no data, no simulation."""
    with terminal.reading_input():
        terminal.writable(json_file)
        row = accelerator_named(accelerator)
        chosen = row.load(config)
        if headline:
            _refuse_beside_paper(context)
            paper.run(terminal.console(), batch, chosen, json_file, asked_for(columns, paper.COLUMNS))
            return
        asked = asked_for(columns, ablation.COLUMNS if ablate else COLUMNS)
        network = workload(context, model, image, classes, width, batch, topology, module, shape)
        scheme = options.scheme(method, sparsity, model if network.built_in else None, dense, decay, rescale)
        if ablate:
            _check_ablation(row, plan is not None or dataflow != SCHEDULED)
        with terminal.spinner("scheduling"):
            work, dense_work = whole_step(network.calls, scheme), whole_step(network.calls, Scheme())
            report, formula = accelerators.report(row, work, dense_work, chosen, dataflow, plan)
            own = str(scheme.sparsity or "dense")
            variants = ablation.ablation(_patterns(network, scheme), own, chosen) if ablate else []
    content = dict(
        model=network.name,
        **options.scheme_data(scheme),
        batch=network.batch,
        accelerator=accelerator,
        **report_data(report, seed, accelerators.on_host(row)),
        **(dict(formula_cycles=formula) if formula else {}),
        **(dict(ablation=ablation.as_data(variants)) if ablate else {}),
    )
    terminal.write_json(json_file, content)
    _print(report, formula, variants, _heading(network, scheme, row, report), asked)


def _refuse_beside_paper(context: typer.Context) -> None:
    """Raise ValueError for an option that --paper would leave out."""
    others = {parameter.name for parameter in context.command.params if parameter.name}
    options.refuse(context, "--paper", others - {"headline", "batch", "config", "columns", "json_file"})


def _check_ablation(row: Accelerator, fixed: bool) -> None:
    """Raise ValueError for an accelerator without plans, and for a dataflow or plan that is given."""
    if not row.plans:
        raise ValueError(
            f"--ablate is about {accelerators.planners()}'s choices, and cannot go with another --accelerator"
        )
    if fixed:
        raise ValueError("--ablate shows every dataflow, and cannot go with --dataflow or --plan")


def _patterns(network: Workload, scheme: Scheme) -> Callable[[str], list[Work]]:
    """The same step with other patterns; where the method has none, by BDWP."""

    def step(pattern: str) -> list[Work]:
        if pattern == "dense":
            return whole_step(network.calls, Scheme())
        other = options.scheme("bdwp" if scheme.method == "dense" else scheme.method, pattern)
        return whole_step(network.calls, replace(other, dense=scheme.dense))

    return step


def _heading(network: Workload, scheme: Scheme, row: Accelerator, report: StepReport) -> str:
    method = f"{options.title(scheme)}{', its GEMMs dense' if scheme.sparsity and not row.skips_zeros else ''}"
    on = accelerators.title(row, report.config)
    return f"One training step of {network.name}, {method}, batch {network.batch}, on {on}"


def _print(
    report: StepReport, formula: list[int], variants: list[ablation.Variant], heading: str, asked: Sequence[str]
) -> None:
    """The ablation, where there is one, or the report; and the cycles by the accelerator's other formula."""
    console, row = terminal.console(), accelerator_of(report.config)
    if variants:
        ablation.print_ablation(console, variants, f"{heading}: one choice made otherwise", asked)
    else:
        print_report(console, report, heading, accelerators.on_host(row), asked)
    if row.formula:
        console.print(f"by {row.formula.text}: {sum(formula):,} cycles")

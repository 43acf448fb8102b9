"""`sat cycles`: what a training step costs."""
from typing import Annotated

import typer

from rtl.config import load_config
from sat import ablation, options, terminal
from sat.options import Batch, Config, Json, Method, Model, Pattern
from sat.planning import SCHEDULED, Dataflow, PlanFile, against_dense, plan_for
from tlm.report import cost

Unused = Annotated[int, typer.Option("--seed", min=0, max=options.LARGEST_SEED,
                                     help="Echoed in --json: cycles do not depend on values.")]
Ablate = Annotated[bool, typer.Option("--ablate", help="Show what interleaving, pre-generation, dataflow and N:M are "
                                                       "worth.")]


def cycles(model: Model = "cnn", batch: Batch = 32, method: Method = "bdwp", sparsity: Pattern = "2:8",
           config: Config = "vcu1525", dataflow: Dataflow = SCHEDULED, plan: PlanFile = None, ablate: Ablate = False,
           seed: Unused = 0, json_file: Json = None) -> None:
    """Cost a training step by the transaction-level model, whose cycles are the RTL's: no data, no simulation."""
    from training import models, whole_step
    with terminal.reading_input(), terminal.working("scheduling"):
        if ablate and (plan or dataflow != SCHEDULED):
            raise ValueError("--ablate shows every dataflow, and cannot go with --dataflow or --plan")
        terminal.writable(json_file)
        chosen, shape = load_config(config), (batch, *models.find(model).input_shape)
        module = models.build(model, seed)

        def step(method: str, pattern: str) -> list:
            return whole_step(module, shape, *options.scheme(method, pattern))

        work = step(method, sparsity)
        runs = cost(work, chosen, plan_for(work, chosen, dataflow, plan))
        report = against_dense(runs, step("dense", "dense"), chosen, dataflow)
        variants = ablation.ablation(lambda pattern: step("dense" if pattern == "dense" else "bdwp", pattern),
                                     "dense" if method == "dense" else sparsity, chosen) if ablate else []
    heading = f"One training step of {model}, {options.title(method, sparsity)}, batch {batch}, on {chosen.name}"
    console = terminal.console()
    if ablate:
        ablation.show(console, variants, f"{heading}: one choice made otherwise")
    else:
        terminal.print_report(console, report, heading)
    terminal.write_json(json_file, dict(model=model, **options.scheme_data(method, sparsity), batch=batch,
                                        **terminal.report_data(report, seed),
                                        **(dict(ablation=ablation.as_data(variants)) if ablate else {})))

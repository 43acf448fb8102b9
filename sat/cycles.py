"""`sat cycles`: what a training step costs."""
from typing import Annotated

import typer

from rtl.config import load_config
from sat import options, terminal
from sat.options import Batch, Config, Json, Method, Model, Pattern
from tlm.report import cost, step_report

Unused = Annotated[int, typer.Option("--seed", min=0, max=options.LARGEST_SEED,
                                     help="Echoed in --json: cycles do not depend on values.")]


def cycles(model: Model = "cnn", batch: Batch = 32, method: Method = "bdwp", sparsity: Pattern = "2:8",
           config: Config = "vcu1525", seed: Unused = 0, json_file: Json = None) -> None:
    """Cost a training step by the transaction-level model, whose cycles are the RTL's: no data, no simulation."""
    from training import models, training_step, update_step
    with terminal.reading_input():
        terminal.writable(json_file)
        chosen, shape = load_config(config), (batch, *models.find(model).input_shape)
        module = models.build(model, seed)
        scheme = options.scheme(method, sparsity)
        work = training_step(module, shape, *scheme) + update_step(module, *scheme)
        report = step_report(cost(work, chosen), training_step(module, shape) + update_step(module))
    heading = f"One training step of {model}, {options.title(method, sparsity)}, batch {batch}, on {chosen.name}"
    terminal.print_report(terminal.console(), report, heading)
    terminal.write_json(json_file, dict(model=model, **options.scheme_data(method, sparsity), batch=batch,
                                        **terminal.report_data(report, seed)))

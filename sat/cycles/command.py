"""`sat cycles`: the cycles of a training step."""

from dataclasses import dataclass

import typer

from sat import options, terminal
from sat.columns import defined
from sat.commands import Panel, commands
from sat.cycles import ablation
from sat.cycles import paper as headline
from sat.cycles.step import Step
from sat.panels import HARDWARE, Hardware, Method, Network, Output, ScheduledHardware, SeededOutput
from sat.report import COLUMNS, print_products, seen_share
from sat.workload import workload
from tlm.accelerators import DEFAULT, accelerator
from tlm.report import DEFINITIONS


@dataclass(frozen=True)
class PaperHardware(Panel):
    """The configuration and batch for the paper's networks."""

    TITLE = HARDWARE
    config: options.ConfigOfDefault = "vcu1525"
    batch: options.Batch = 32


def step(
    context: typer.Context, network: Network, method: Method, hardware: ScheduledHardware, output: SeededOutput
) -> None:
    """Cost a training step by the transaction-level model, whose cycles are the RTL's: no data, no simulation."""
    with terminal.reading_input():
        terminal.writable(output.json)
        asked = output.asked(COLUMNS)
        row = accelerator(hardware.accelerator)
        config, of = row.load(hardware.config), workload(context, network)
        scheme = method.scheme(of.own)
        with terminal.spinner("scheduling"):
            found = Step.of(of, scheme, row, config, hardware.dataflow, hardware.plan)
    terminal.write_json(output.json, found.as_data(output.seed))
    found.print(terminal.console(), asked)


def paper(hardware: PaperHardware, output: Output) -> None:
    """Cost the paper's five networks, dense and BDWP 2:8, beside its own figures."""
    with terminal.reading_input():
        terminal.writable(output.json)
        asked = output.asked(headline.COLUMNS)
        config = accelerator(DEFAULT).load(hardware.config)
        headline.run(terminal.console(), hardware.batch, config, output.json, asked)


def ablate(context: typer.Context, network: Network, method: Method, hardware: Hardware, output: SeededOutput) -> None:
    """Show what interleaving, pre-generation, dataflow and N:M are worth: a step with one choice made otherwise."""
    with terminal.reading_input():
        terminal.writable(output.json)
        asked = output.asked(ablation.COLUMNS)
        row = accelerator(hardware.accelerator)
        config, of = row.load(hardware.config), workload(context, network)
        scheme = method.scheme(of.own)
        with terminal.spinner("scheduling"):
            found = Step.of(of, scheme, row, config)
            own = scheme.by_layer or of.listed
            pattern = "N:M by layer" if own else str(scheme.sparsity or "dense")
            variants = ablation.ablation(found.work, found.patterns(), pattern, config)
    terminal.write_json(output.json, found.as_data(output.seed) | dict(ablation=ablation.as_data(variants)))
    console = terminal.console()
    ablation.print_ablation(console, variants, f"{found.heading}: one choice made otherwise", asked)
    console.print(f"worth: of {seen_share(of.trace)}; above 1 the step takes longer with that choice")
    print_products(console, of.trace)
    found.print_remarks(console)


app = commands((step, DEFINITIONS), (paper, defined(headline.COLUMNS)), (ablate, defined(ablation.COLUMNS)))

"""`sat verify`: an engine against the functional one and the model, bit by bit and cycle by cycle."""
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

import cosim
from cosim.checker import Checked, Checker, Mismatch
from sat import options, terminal
from sat.checks import gemm_check, step_check
from sat.options import Batch, Config, Data, Json, Method, Model, Pattern, Seed
from sat.planning import PlanFile
from tlm import Program

EQUAL = {True: Text("equal"), False: Text("different", "red")}

Shape = Annotated[tuple[int, int, int] | None,
                  typer.Option(metavar="M K N", help="GEMMs of this shape instead of training steps.")]
Steps = Annotated[int, typer.Option(min=1, help="Training steps: forward, backward, weight update.")]
Engine = Annotated[str, typer.Option(help="myhdl or icarus: what is compared with the functional engine.")]
Dataflow = Annotated[str | None, typer.Option(help="os, ws or scheduled; by default steps are scheduled, and --gemm "
                                                   "runs in both dataflows.")]
Waves = Annotated[Path | None, typer.Option(help="Write a VCD of the run; of the last GEMM, where there are several.")]
Keep = Annotated[Path | None, typer.Option(help="Keep the generated Verilog in this folder.")]
Verilog = Annotated[Path | None, typer.Option(help="Simulate this folder's Verilog, as --keep left it.")]


def verify(context: typer.Context, gemm: Shape = None, sparsity: Pattern = "2:8", engine: Engine = "icarus",
           config: Config = "small", seed: Seed = 0, steps: Steps = 2, batch: Batch = 16, model: Model = "cnn",
           data: Data = "digits", method: Method = "bdwp", dataflow: Dataflow = None, plan: PlanFile = None,
           waves: Waves = None, keep: Keep = None, verilog: Verilog = None, json_file: Json = None) -> None:
    """Compare an engine's bits with the functional engine's, and its cycles with the model's; exit 1 when they differ.

    Training steps (the default) compare every GEMM, every weight update with its N:M copies, and after each step all
    weights, buffers, gradients and momenta.
    With --gemm four GEMMs of the shape are compared, in each dataflow: of normal values; of values whose FP16 results
    are ties, subnormals, zeros and overflows; and of values with infinities and NaN among them, with FP32 and FP16
    results.
    """
    paths = {name: path for name, path in dict(waves=waves, keep=keep, verilog=verilog).items() if path}
    with terminal.reading_input(), terminal.working(f"preparing {engine}"):
        terminal.writable(json_file, waves, keep and keep / "configuration.json")
        if engine == "functional":
            raise ValueError("engine must be myhdl or icarus: the functional engine is what they are compared with")
        checker = Checker(cosim.engine(engine, config, **paths))
        if gemm:
            _refuse_options_for_steps(context)
            check, what = gemm_check(checker, gemm, sparsity, seed, dataflow), dict(gemm=gemm, sparsity=sparsity)
        else:
            scheme = options.scheme(method, sparsity, model)
            check = step_check(checker, model, data, scheme, seed, batch, steps, dataflow, plan)
            what = dict(model=model, data=data, **options.scheme_data(scheme), batch=batch, steps=steps)
    tensors, difference = _run(check.work, checker, check.total)
    console, checked = terminal.console(), [_data(row) for row in checker.checked]
    if checked:
        _print(console, checked, f"{engine} against functional, {checker.config.name}, seed {seed}")
    terminal.write_json(json_file, dict(config=checker.config.model_dump(), engine=engine, seed=seed, **what,
                                        checked=checked, tensors=tensors, equal=not difference, difference=difference))
    if difference:
        terminal.fail(f"not equal: {difference}", terminal.FAILED)
    _conclude(console, checker.checked)
    if not gemm:
        terminal.verdict(console, "equal", f": {tensors} tensors (weights, buffers, gradients, momenta) "
                                           f"after {steps} steps")


def _refuse_options_for_steps(context: typer.Context) -> None:
    """Raise ValueError for an option that would silently do nothing."""
    for name in ("steps", "batch", "model", "data", "method", "plan"):
        if context.get_parameter_source(name).name == "COMMANDLINE":
            raise ValueError(f"--{name} is for training steps, and cannot go with --gemm")


def _conclude(console: Console, checked: list[Checked]) -> None:
    """One line for the GEMMs and one for the updates, where there are any."""
    gemms = [row.program for row in checked if isinstance(row.program, Program)]
    others = [row.program for row in checked if not isinstance(row.program, Program)]
    updates = [program for program in others if program.update.momentum]
    reductions = f" and {len(others) - len(updates)} reductions" if len(others) > len(updates) else ""
    elements = sum(program.gemm.m * program.gemm.n for program in gemms)
    terminal.verdict(console, "equal", f": {elements:,} elements and all cycles of {len(gemms)} GEMMs")
    if updates:
        weights = sum(program.update.k * program.update.n for program in updates)
        terminal.verdict(console, "equal", f": {weights:,} weights with velocities and N:M copies, and all cycles, "
                                           f"of {len(updates)} updates{reductions}")


def _run(work: Iterator[int], checker: Checker, total: int) -> tuple[int, str]:
    """Do the work behind a progress bar. Returns the tensors compared, and the first difference in words or ''."""
    tensors = 0
    with terminal.progress() as bar:
        task = bar.add_task(f"GEMMs and updates on {checker.name}", total=total)
        checker.on_check = lambda _: bar.advance(task)
        try:
            for compared in work:
                tensors += compared
        except Mismatch as error:
            return tensors, str(error)
    return tensors, ""


def _data(row: Checked) -> dict[str, Any]:
    work, (m, k, n) = row.program.work, row.program.work.shape
    return dict(layer=work.layer, stage=work.stage, m=m, k=k, n=n, sparsity=str(work.sparsity or "dense"),
                dataflow=row.program.dataflow, bits_equal=row.bits_equal, cycles_equal=row.cycles_equal,
                cycles=row.cycles)


def _print(console: Console, checked: list[dict[str, Any]], heading: str) -> None:
    rows = terminal.table(heading, ["layer", "stage", "m x k x n", "N:M", "flow", "cycles", "bits", "as modelled"])
    for row in checked:
        rows.add_row(row["layer"], row["stage"], f"{row['m']} x {row['k']} x {row['n']}", row["sparsity"],
                     row["dataflow"], f"{row['cycles']:,}", EQUAL[row["bits_equal"]], EQUAL[row["cycles_equal"]])
    console.print(rows)

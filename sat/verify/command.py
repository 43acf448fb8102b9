"""`sat verify`: an engine against the functional one and the model, bit by bit and cycle by cycle."""

from math import floor, log10
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

import cosim
from cosim.accelerators import accelerator_of
from cosim.checker import Checked, Checker, Mismatch
from cosim.sampler import Sample
from rtl.config import Config as HardwareConfig
from sat import accelerators, options, terminal
from sat.options import (
    Batch,
    Config,
    Data,
    DataImage,
    DataPath,
    Decay,
    Dense,
    Json,
    Method,
    Model,
    Pattern,
    Rescale,
    Seed,
    Width,
)
from sat.planning import PlanFile
from sat.task import Task
from sat.verify.checks import Check, gemm_check
from tlm.accelerator import Accelerator
from tlm.accelerators import DEFAULT
from tlm.accelerators import accelerator as accelerator_named
from tlm.gemm import Gemm
from tlm.update import Update

EQUAL = {True: Text("equal"), False: Text("different", "red")}

Shape = Annotated[
    tuple[int, int, int] | None, typer.Option(metavar="M K N", help="GEMMs of this shape instead of training steps.")
]
Steps = Annotated[int, typer.Option(min=1, help="Training steps: forward, backward, weight update.")]
Pieces = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Check so many pieces of one training step, drawn from all layers and stages, instead of whole steps.",
    ),
]
Engine = Annotated[str, typer.Option(help="myhdl or icarus: what is compared with the functional engine.")]
Dataflow = Annotated[
    str | None,
    typer.Option(
        help="os, ws or scheduled, on SIGMA mk, kn or scheduled; by default "
        "steps are scheduled, and --gemm runs in both dataflows."
    ),
]
Density = Annotated[
    float,
    typer.Option(
        min=0, max=1, help="With --gemm: share of that operand's values that stay; the others are set to zero."
    ),
]
Waves = Annotated[Path | None, typer.Option(help="Write a VCD of the run; of the last GEMM, where there are several.")]
Keep = Annotated[Path | None, typer.Option(help="Keep the generated Verilog in this folder.")]
Verilog = Annotated[Path | None, typer.Option(help="Simulate this folder's Verilog, as --keep left it.")]


FOR_STEPS = (
    "steps",
    "sample",
    "batch",
    "model",
    "image",
    "width",
    "data",
    "data_path",
    "method",
    "dense",
    "decay",
    "rescale",
    "plan",
)
FOR_GEMMS = ("density_a", "density_b")
PATTERNS = ("sparsity", "method", "dense", "decay", "rescale")


def verify(
    context: typer.Context,
    gemm: Shape = None,
    sparsity: Pattern = "2:8",
    engine: Engine = "icarus",
    config: Config = "small",
    seed: Seed = 0,
    steps: Steps = 2,
    sample: Pieces = None,
    batch: Batch = 16,
    model: Model = "cnn",
    image: DataImage = None,
    width: Width = 1.0,
    data: Data = "digits",
    data_path: DataPath = None,
    method: Method = "bdwp",
    dense: Dense = None,
    decay: Decay = None,
    rescale: Rescale = False,
    accelerator: accelerators.Name = DEFAULT,
    density_a: Density = 1.0,
    density_b: Density = 1.0,
    dataflow: Dataflow = None,
    plan: PlanFile = None,
    waves: Waves = None,
    keep: Keep = None,
    verilog: Verilog = None,
    json_file: Json = None,
) -> None:
    """Compare an engine's bits with the functional engine's, and its cycles with the model's; exit 1 when they differ.

    Training steps (the default) compare every GEMM, every weight update with its N:M copies, and after each step all
    weights, buffers, gradients and momenta. SIGMA has no unit for updates: they are the host's.
    With --sample one step is taken by the functional engine, and pieces of its GEMMs and updates are compared, each
    with its real values: blocks of a result, and where a simulator would take too long for all of k, a stretch of it.
    With --gemm four GEMMs of the shape are compared, in each dataflow: of normal values; of values whose FP16 results
    are ties, subnormals, zeros and overflows; and of values with infinities and NaN among them, with FP32 and FP16
    results.
    """
    paths = {name: path for name, path in dict(waves=waves, keep=keep, verilog=verilog).items() if path}
    with terminal.reading_input(), terminal.working(f"preparing {engine}"):
        terminal.writable(json_file, waves, keep and keep / "configuration.json")
        row = accelerator_named(accelerator)
        hardware = row.load(config)
        _refuse(context, gemm, sample, engine, row, hardware)
        if not row.skips_zeros:
            sparsity, method = "dense", "dense"
        checker = Checker(cosim.engine(engine, hardware, **paths))
        if gemm:
            check = gemm_check(checker, gemm, sparsity, seed, dataflow, (density_a, density_b))
            what = dict(gemm=gemm, sparsity=sparsity, density_a=density_a, density_b=density_b)
        else:
            from sat.verify.step_checks import Training, sample_check, step_check  # PyTorch takes its time
            from training import Settings

            scheme = options.scheme(method, sparsity, model, dense, decay, rescale)
            training = Training(Task(model, data, data_path, image, width), scheme, Settings(seed, batch))
            check = (
                sample_check(checker, training, sample, dataflow, plan)
                if sample
                else step_check(checker, training, steps, dataflow, plan)
            )
            what = dict(
                model=model,
                image=image,
                width=width,
                data=data,
                **options.scheme_data(scheme),
                batch=batch,
                steps=1 if sample else steps,
            )
    tensors, difference = _run(check, checker)
    checked, console = _data(checker.checked, check.sample), terminal.console()
    what |= dict(sample=_sample_data(check.sample)) if sample else {}
    terminal.write_json(
        json_file,
        dict(
            config=checker.config.model_dump(),
            accelerator=accelerator,
            engine=engine,
            seed=seed,
            **what,
            checked=checked,
            tensors=tensors,
            equal=not difference,
            difference=difference,
        ),
    )
    if checked:
        on = accelerators.title(row, hardware)
        _print(console, checked, f"{engine} against functional, {on}, seed {seed}")
    if difference:
        terminal.fail(f"not equal: {difference}", terminal.FAILED)
    _conclude(console, checker.checked, "pieces of " if sample else "")
    if sample:
        _print_share(console, check.sample, seed)
    elif not gemm:
        terminal.verdict(
            console, "equal", f": {tensors} tensors (weights, buffers, gradients, momenta) after {steps} steps"
        )


def _refuse(
    context: typer.Context, gemm: Shape, sample: Pieces, engine: str, row: Accelerator, config: HardwareConfig
) -> None:
    """Raise ValueError for options that do not go together."""
    if engine == "functional":
        raise ValueError("engine must be myhdl or icarus: the functional engine is what they are compared with")
    for option, chosen, others in (("--gemm", gemm, FOR_STEPS), ("--sample", sample, ["steps"])):
        if chosen:
            options.refuse(context, option, others)
    if not gemm:
        options.refuse(context, "training steps", FOR_GEMMS)
    left_out = () if row.plans else ("plan",)
    left_out += ("sample",) if accelerator_of(config).for_operands else ()
    left_out += () if row.skips_zeros else PATTERNS
    options.refuse(context, f"--accelerator {row.name}", left_out)


def _conclude(console: Console, checked: list[Checked], pieces: str) -> None:
    """One line for the GEMMs and one for the updates, where there are any."""
    works = [row.program.work for row in checked]
    gemms = [work for work in works if isinstance(work, Gemm)]
    others = [work for work in works if isinstance(work, Update)]
    updates = [work for work in others if work.momentum]
    reductions = f" and {len(others) - len(updates)} {pieces}reductions" if len(others) > len(updates) else ""
    elements = sum(gemm.m * gemm.n for gemm in gemms)
    if gemms:
        terminal.verdict(console, "equal", f": {elements:,} elements and all cycles of {len(gemms)} {pieces}GEMMs")
    if updates:
        weights = sum(update.k * update.n for update in updates)
        terminal.verdict(
            console,
            "equal",
            f": {weights:,} weights with velocities and N:M copies, and all cycles, "
            f"of {len(updates)} {pieces}updates{reductions}",
        )


def _print_share(console: Console, sample: Sample, seed: int) -> None:
    """What of the step the sample is."""
    percent = 100 * sample.share
    digits = max(0, 1 - floor(log10(percent))) if percent else 0  # two that count
    left = sample.pairs - sample.pairs_covered
    fewer = f", all that there are of the {sample.asked} asked for" if len(sample.pieces) < sample.asked else ""
    without = f"; {left} are left out" if left else ""
    terminal.verdict(
        console,
        "sampled",
        f": {len(sample.pieces)} pieces{fewer}, of {sample.pairs_covered} of the "
        f"step's {sample.pairs} layers and stages{without}",
    )
    terminal.verdict(
        console,
        f"{percent:.{digits}f} %",
        f" of the step's multiply-adds: {sample.macs_covered:,} of {sample.macs:,}; seed {seed}",
    )


def _run(check: Check, checker: Checker) -> tuple[int, str]:
    """Do the work behind a progress bar. Returns the tensors compared, and the first difference in words or ''."""
    tensors = 0
    with terminal.progress() as bar:
        task = bar.add_task(f"GEMMs and updates on {checker.name}", total=check.total)
        checker.on_check = lambda _: bar.advance(task)
        try:
            for compared in check.work:
                tensors += compared
        except Mismatch as error:
            return tensors, str(error)
    return tensors, ""


def _data(checked: list[Checked], sample: Sample | None) -> list[dict[str, Any]]:
    """A row for each program; that of a piece says what of the whole it is."""
    rows = [_row(one) for one in checked]
    return [row | {"piece": piece.text} for row, piece in zip(rows, sample.pieces, strict=False)] if sample else rows


def _row(one: Checked) -> dict[str, Any]:
    work, (m, k, n) = one.program.work, one.program.work.shape
    return dict(
        layer=work.layer,
        stage=work.stage,
        m=m,
        k=k,
        n=n,
        sparsity=str(work.sparsity or "dense"),
        dataflow=one.program.dataflow,
        bits_equal=one.bits_equal,
        cycles_equal=one.cycles_equal,
        cycles=one.cycles,
    )


def _sample_data(sample: Sample) -> dict[str, Any]:
    return dict(
        asked=sample.asked,
        drawn=len(sample.pieces),
        pairs=sample.pairs,
        pairs_covered=sample.pairs_covered,
        macs=sample.macs,
        macs_covered=sample.macs_covered,
        share=sample.share,
    )


def _print(console: Console, checked: list[dict[str, Any]], heading: str) -> None:
    rows = terminal.table(heading, ["layer", "stage", "m x k x n", "N:M", "flow", "cycles", "bits", "as modelled"])
    for row in checked:
        rows.add_row(
            row["layer"],
            row["stage"],
            f"{row['m']} x {row['k']} x {row['n']}",
            row["sparsity"],
            row["dataflow"],
            f"{row['cycles']:,}",
            EQUAL[row["bits_equal"]],
            EQUAL[row["cycles_equal"]],
        )
    console.print(rows)

"""`sat verify`: an engine against the functional one and the model, bit by bit and cycle by cycle."""

from pathlib import Path
from typing import Annotated, Any

import typer

import cosim
from cosim.accelerators import execution_row_of
from cosim.check.checker import Checker, Mismatch
from rtl.config import Config as HardwareConfig
from sat import accelerators, options, terminal
from sat.columns import asked_for
from sat.options import (
    Batch,
    Columns,
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
from sat.planning import PlanFile, dataflow_names
from sat.task import Task
from sat.verify.checks import Check, gemm_check
from sat.verify.report import COLUMNS, PIECE, print_equal, print_rows, print_share, rows_of, sample_data
from tlm.accelerator import Accelerator
from tlm.accelerators import DEFAULT
from tlm.accelerators import accelerator as accelerator_named

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
Engine = Annotated[str, typer.Option(help="myhdl or icarus, which is compared with the functional engine.")]
Dataflow = Annotated[
    str | None,
    typer.Option(help=f"{dataflow_names()}; by default steps are scheduled, and --gemm runs in every dataflow."),
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
    columns: Columns = None,
    json_file: Json = None,
) -> None:
    """Compare an engine's bits with the functional engine's, and its cycles with the model's; exit 1 when they differ.

    Training steps (the default) compare every GEMM, every weight update with its N:M copies, and after each step all
    weights, buffers, gradients and momenta. Updates are the host's on an accelerator that has no unit for them.
    With --sample one step is taken by the functional engine, and pieces of its GEMMs and updates are compared, each
    with its real values: blocks of a result, and where a simulator would take too long for all of k, a stretch of it.
    With --gemm four GEMMs of the shape are compared, in each dataflow: of normal values; of values whose FP16 results
    are ties, subnormals, zeros and overflows; and of values with infinities and NaN among them, with FP32 and FP16
    results.
    """
    paths: dict[str, Any] = {name: path for name, path in dict(waves=waves, keep=keep, verilog=verilog).items() if path}
    with terminal.reading_input(), terminal.spinner(f"preparing {engine}"):
        terminal.writable(json_file, waves, keep and keep / "configuration.json")
        shown = asked_for(columns, COLUMNS, [PIECE] if sample else [])
        row = accelerator_named(accelerator)
        hardware = row.load(config)
        _refuse(context, gemm, sample, engine, row, hardware)
        if not row.skips_zeros:
            sparsity, method = "dense", "dense"
        checker = Checker(cosim.engine(engine, hardware, **paths))
        if gemm:
            check = gemm_check(checker, gemm, sparsity, seed, dataflow, (density_a, density_b))
            asked = dict(gemm=gemm, sparsity=sparsity, density_a=density_a, density_b=density_b)
        else:
            from sat.verify.step_checks import Training, training_check  # PyTorch takes its time
            from training import Settings

            scheme = options.scheme(method, sparsity, model, dense, decay, rescale)
            training = Training(Task(model, data, data_path, image, width), scheme, Settings(seed, batch))
            check = training_check(checker, training, steps, sample, dataflow, plan)
            asked = dict(model=model, image=image, width=width, data=data, **options.scheme_data(scheme))
            asked |= dict(batch=batch, steps=1 if sample else steps)
    tensors, difference = _run(check, checker)
    rows = rows_of(checker.checked, check.sample)
    content = dict(
        config=hardware.model_dump(),
        accelerator=accelerator,
        engine=engine,
        seed=seed,
        **asked,
        **(dict(sample=sample_data(check.sample)) if check.sample else {}),
        checked=rows,
        tensors=tensors,
        equal=not difference,
        difference=difference,
    )
    terminal.write_json(json_file, content)
    if rows:
        heading = f"{engine} against functional, {accelerators.title(row, hardware)}, seed {seed}"
        print_rows(terminal.console(), rows, heading, shown)
    if difference:
        terminal.fail(f"not equal: {difference}", terminal.FAILED)
    _conclude(checker, check, seed, "" if gemm else f"{tensors} tensors", steps)


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
    options.refuse(context, f"--accelerator {row.name}", _not_for(row, config))


def _not_for(row: Accelerator, config: HardwareConfig) -> list[str]:
    """The options that an accelerator cannot follow."""
    hardware = execution_row_of(config)
    # A sample is drawn from programs that are known before the step, and can be cut.
    sampled = not hardware.for_operands and all(kind.pieces for kind in hardware.programs.values())
    return [
        *([] if row.plans else ["plan"]),
        *([] if sampled else ["sample"]),
        *([] if row.skips_zeros else PATTERNS),
    ]


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


def _conclude(checker: Checker, check: Check, seed: int, tensors: str, steps: int) -> None:
    """Print that all is equal: GEMMs and updates; and of a sample its share, of whole steps the tensors after them."""
    console = terminal.console()
    print_equal(console, checker.checked, "pieces of " if check.sample else "")
    if check.sample:
        print_share(console, check.sample, seed)
    elif tensors:
        terminal.verdict(console, "equal", f": {tensors} (weights, buffers, gradients, momenta) after {steps} steps")

"""`sat verify`: an engine against the functional one and the model, bit by bit and cycle by cycle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import cosim
from cosim.accelerators import execution_row_of
from cosim.check.checker import Checker
from cosim.check.farm import Farm
from sat import accelerators, options, terminal
from sat.columns import defined
from sat.commands import Panel, commands
from sat.panels import DATA, HARDWARE, Data, Method, Output, TrainedNetwork
from sat.planning import PlanFile, dataflow_names
from sat.task import Task
from sat.verify.checks import gemm_check
from sat.verify.report import COLUMNS, PIECE
from sat.verify.run import verified
from tlm.accelerators import DEFAULT, TABLE, accelerator

if TYPE_CHECKING:  # PyTorch is loaded when it is needed
    from sat.verify.step_checks import Training

SIMULATORS = [name for name, kind in cosim.ENGINES.items() if not kind.is_reference]
_NAMED = f"{', '.join(SIMULATORS[:-1])} or {SIMULATORS[-1]}"
PATTERNS = ("sparsity", "method", "dense", "decay", "rescale")  # in vain on an accelerator that skips no zeros


@dataclass(frozen=True)
class SimulatedHardware(Panel):
    """The accelerator that is simulated, by which engine, and what is kept of that."""

    TITLE = HARDWARE
    engine: Annotated[str, typer.Option(help=f"{_NAMED}, which is compared with the functional engine.")] = "icarus"
    accelerator: accelerators.Name = DEFAULT
    config: Annotated[str, options.config_option(TABLE.values())] = "small"
    dataflow: Annotated[
        str | None,
        typer.Option(help=f"{dataflow_names()}. By default steps are scheduled, and a GEMM runs in every dataflow."),
    ] = None
    waves: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a VCD of the run; of the last GEMM, where there are several."),
    ] = None
    keep: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Keep the generated Verilog in this folder.")] = (
        None
    )
    verilog: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Simulate this folder's Verilog, as --keep left it.")
    ] = None

    initial: Annotated[
        int | None,
        typer.Option(
            metavar="SEED",
            min=1,
            help="Registers and memories start from random values of this seed, not from zeros; verilator alone.",
        ),
    ] = None
    jobs: Annotated[int, typer.Option(min=1, help="Processes that simulate beside each other.")] = 1

    def checker(self, context: typer.Context, output: Output) -> Checker:
        """A checker on it. Raises ValueError for an engine or files that cannot be, and for options in vain."""
        terminal.writable(output.json, self.waves, self.keep and self.keep / "configuration.json")
        row = accelerator(self.accelerator)
        config = row.load(self.config)
        if self.engine == "functional":
            raise ValueError(f"engine must be {_NAMED}: the functional engine is what they are compared with")
        in_vain = [*([] if row.plans else ["plan"]), *([] if row.skips_zeros else PATTERNS)]
        options.refuse(context, f"--accelerator {row.name}", in_vain)
        if self.jobs > 1:
            options.refuse(context, "--jobs", ["waves"])
        files: dict[str, Any] = dict(waves=self.waves, keep=self.keep, verilog=self.verilog, initial=self.initial)
        engine = cosim.engine(self.engine, config, **{name: one for name, one in files.items() if one is not None})
        if self.jobs == 1:
            return Checker(engine)
        others: dict[str, Any] = dict(verilog=self.verilog or self.keep, initial=self.initial)
        given = {name: one for name, one in others.items() if one is not None}
        return Checker(engine, farm=Farm(self.jobs, partial(cosim.engine, self.engine, config, **given)))


@dataclass(frozen=True)
class StepData(Data):
    """What a step is on, and of which seed."""

    batch: options.Batch = 16
    seed: options.Seed = 0


@dataclass(frozen=True)
class PlannedHardware(SimulatedHardware):
    """The same, for steps."""

    plan: PlanFile = None


def steps(
    context: typer.Context,
    network: TrainedNetwork,
    data: StepData,
    method: Method,
    hardware: PlannedHardware,
    output: Output,
    steps: Annotated[
        int, typer.Option(rich_help_panel=DATA, min=1, help="Training steps: forward, backward, weight update.")
    ] = 2,
) -> None:
    """Compare an engine's bits with the functional engine's, and its cycles with the model's; exit 1 when they differ.

    Training steps (the default) compare every GEMM, every weight update with its N:M copies, and after each step all
    weights, buffers, gradients and momenta. Updates are the host's on an accelerator that has no unit for them.
    """
    with terminal.reading_input(), terminal.spinner(f"preparing {hardware.engine}"):
        asked = output.asked(COLUMNS)
        checker = hardware.checker(context, output)
        from sat.verify.step_checks import step_check

        training, told = _training(checker, network, data, method)
        check = step_check(checker, training, steps, hardware.dataflow, hardware.plan)
    verified(checker, check, dict(engine=hardware.engine, **told, steps=steps), output, asked, steps)


@dataclass(frozen=True)
class ForwardData(StepData):
    """The same, for a forward pass."""

    batch: options.Batch = 1


def forward(
    context: typer.Context,
    network: TrainedNetwork,
    data: ForwardData,
    method: Method,
    hardware: PlannedHardware,
    output: Output,
) -> None:
    """Compare the forward pass of a batch, as in evaluation: every GEMM, and the network's outputs.

    Weights are pruned by the method, as in training.
    """
    with terminal.reading_input(), terminal.spinner(f"preparing {hardware.engine}"):
        asked = output.asked(COLUMNS)
        checker = hardware.checker(context, output)
        from sat.verify.step_checks import forward_check

        training, told = _training(checker, network, data, method)
        check = forward_check(checker, training, hardware.dataflow, hardware.plan)
    verified(checker, check, dict(engine=hardware.engine, **told), output, asked)


def sample(
    context: typer.Context,
    pieces: Annotated[int, typer.Argument(metavar="PIECES", min=1, help="Pieces, of all layers and stages.")],
    network: TrainedNetwork,
    data: StepData,
    method: Method,
    hardware: PlannedHardware,
    output: Output,
) -> None:
    """Compare pieces of one training step, which the functional engine takes, with their real values.

    Pieces are blocks of the results of its GEMMs and updates, and where a simulator would take too long for all of k,
    a stretch of it. Updates are the host's on an accelerator that has no unit for them.
    """
    with terminal.reading_input(), terminal.spinner(f"preparing {hardware.engine}"):
        asked = output.asked(COLUMNS, [PIECE])
        checker = hardware.checker(context, output)
        if not all(kind.pieces for kind in execution_row_of(checker.config).programs.values()):
            raise ValueError(f"no sample is drawn on --accelerator {hardware.accelerator}")
        from sat.verify.step_checks import sample_check

        training, told = _training(checker, network, data, method)
        check = sample_check(checker, training, pieces, hardware.dataflow, hardware.plan)
    verified(checker, check, dict(engine=hardware.engine, **told, steps=1), output, asked)


@dataclass(frozen=True)
class Operands(Panel):
    """The operands of a GEMM."""

    TITLE = DATA
    sparsity: options.Pattern = "2:8"
    density_a: Annotated[
        float, typer.Option(min=0, max=1, help="Share of a's values that stay; the others are set to zero.")
    ] = 1.0
    density_b: Annotated[float, typer.Option(min=0, max=1, help="The same of b's.")] = 1.0
    seed: options.Seed = 0


def gemm(
    context: typer.Context,
    m: Annotated[int, typer.Argument(metavar="M", help="Rows of a (M, K).")],
    k: Annotated[int, typer.Argument(metavar="K", help="Length of the sums.")],
    n: Annotated[int, typer.Argument(metavar="N", help="Columns of b (K, N).")],
    operands: Operands,
    hardware: SimulatedHardware,
    output: Output,
) -> None:
    """Compare four GEMMs of a shape, in each dataflow.

    They are of normal values; of values whose FP16 results are ties, subnormals, zeros and overflows; and of values
    with infinities and NaN among them, with FP32 and FP16 results.
    """
    with terminal.reading_input(), terminal.spinner(f"preparing {hardware.engine}"):
        asked = output.asked(COLUMNS)
        checker = hardware.checker(context, output)
        sparsity = operands.sparsity if checker.accelerator.skips_zeros else "dense"
        densities, shape = (operands.density_a, operands.density_b), (m, k, n)
        check = gemm_check(checker, shape, sparsity, operands.seed, hardware.dataflow, densities)
    told: dict[str, Any] = dict(engine=hardware.engine, seed=operands.seed, gemm=shape, sparsity=sparsity)
    verified(checker, check, told | dict(zip(("density_a", "density_b"), densities, strict=True)), output, asked)


def _training(
    checker: Checker, network: TrainedNetwork, data: StepData, method: Method
) -> tuple[Training, dict[str, Any]]:
    """The training whose step is checked, and the same as data. Raises ValueError for a scheme that cannot be."""
    from sat.verify.step_checks import Training
    from training import Settings

    if not checker.accelerator.skips_zeros:
        method = replace(method, sparsity=["dense"], method="dense")
    scheme = method.scheme(network.model)
    task = Task(network.model, data.data, data.data_path, data.image, network.width)
    told = dict(seed=data.seed, model=network.model, image=data.image, width=network.width, data=data.data)
    told |= options.scheme_data(scheme) | dict(batch=data.batch)
    return Training(task, scheme, Settings(data.seed, data.batch)), told


app = commands(
    (steps, defined(COLUMNS)),
    (forward, defined(COLUMNS)),
    (sample, defined([*COLUMNS, PIECE])),
    (gemm, defined(COLUMNS)),
)

"""`sat train`: training whose GEMMs run on an engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sat import options, terminal
from sat.columns import defined
from sat.commands import Panel, commands
from sat.panels import Data, DefaultHardware, Method, Output, Pruning, TrainedNetwork
from sat.planning import SCHEDULED, DataflowOfDefault, PlanFile
from sat.report import COLUMNS
from sat.task import Task
from sat.train import methods as several
from sat.train.single import Hardware, Kept, single
from tlm.accelerators import DEFAULT, accelerator
from tlm.report import DEFINITIONS

if TYPE_CHECKING:  # PyTorch is loaded when it is needed
    from training import Settings


@dataclass(frozen=True)
class TrainingData(Data):
    """What it is trained on, as it is or in random views."""

    no_augment: Annotated[
        bool, typer.Option("--no-augment", help="Train on pictures as they are, not on random views.")
    ] = False

    def task(self, network: TrainedNetwork) -> Task:
        """The task of a network on it."""
        return Task(network.model, self.data, self.data_path, self.image, network.width, not self.no_augment)


@dataclass(frozen=True)
class Training(Panel):
    """How the network is trained."""

    TITLE = "Training"
    epochs: Annotated[int, typer.Option(min=1, help="Times through the data.")] = 8
    steps: Annotated[int | None, typer.Option(min=1, help="Steps, instead of epochs.")] = None
    lr: Annotated[float, typer.Option(help="Learning rate.")] = 0.05
    momentum: Annotated[float, typer.Option(help="Of SGD.")] = 0.9
    weight_decay: Annotated[float, typer.Option(help="Of SGD, for all parameters.")] = 5e-4
    schedule: Annotated[
        str,
        typer.Option(
            help="How the learning rate falls: constant (not), cosine, or step (to a tenth after half, a hundredth "
            "after three quarters)."
        ),
    ] = "constant"
    warm_up: Annotated[float, typer.Option(help="Epochs in which the learning rate first rises.")] = 0.0
    label_smoothing: Annotated[float, typer.Option(help="Share of a label that is spread over all classes.")] = 0.0
    evaluate_every: Annotated[
        int, typer.Option(min=1, help="Epochs between evaluations; there is one at the end in any case.")
    ] = 1
    seed: options.Seed = 0

    def settings(self, context: typer.Context, batch: int) -> Settings:
        """The settings of a run. Raises ValueError as training.Settings does, and for both steps and epochs."""
        from training import Settings

        if self.steps:
            options.refuse(context, "--steps", ["epochs"])
        return Settings(
            self.seed,
            batch,
            self.lr,
            self.momentum,
            self.weight_decay,
            self.schedule,
            self.warm_up,
            self.epochs,
            self.steps,
            self.label_smoothing,
        )


@dataclass(frozen=True)
class ScheduledHardware(DefaultHardware):
    """The hardware of a training, small by default, and how its work is laid on it."""

    config: options.ConfigOfDefault = "small"
    dataflow: DataflowOfDefault = SCHEDULED


@dataclass(frozen=True)
class RunHardware(ScheduledHardware):
    """The same of a single run, which may be simulated."""

    plan: PlanFile = None
    engine: options.Engine = "functional"


@dataclass(frozen=True)
class RunOutput(Output):
    """The same, and what a single run keeps."""

    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder for checkpoint.pt and log.jsonl, a line an epoch; at the end weights.pt and report.json.",
        ),
    ] = None
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the checkpoint in --out, with the same bits as without a stop.")
    ] = False
    checkpoint_every: Annotated[
        int | None, typer.Option(min=1, help="Steps between checkpoints, beside those at each epoch's end.")
    ] = None
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write the log to a folder tensorboard in --out, too.")
    ] = False


def run(
    context: typer.Context,
    network: TrainedNetwork,
    data: TrainingData,
    method: Method,
    training: Training,
    hardware: RunHardware,
    output: RunOutput,
) -> None:
    """Train a network whose GEMMs run on an engine; print its accuracy, and where a step's cycles go."""
    with terminal.reading_input():
        settings = training.settings(context, data.batch)
        terminal.writable(output.json)
        asked = output.asked(COLUMNS)
        on = Hardware(hardware.engine, hardware.config, hardware.dataflow, hardware.plan)
        kept = Kept(output.out, output.resume, output.checkpoint_every, output.tensorboard, training.evaluate_every)
        single(data.task(network), method.scheme(network.model), settings, on, kept, output.json, asked)


def compare(
    context: typer.Context,
    methods: Annotated[str, typer.Argument(metavar="METHODS", help="The methods, with commas between.")],
    network: TrainedNetwork,
    data: TrainingData,
    pruning: Pruning,
    training: Training,
    hardware: ScheduledHardware,
    output: Output,
    seeds: Annotated[
        int, typer.Option(rich_help_panel="Training", min=1, help="Runs of each method, from --seed on.")
    ] = 5,
) -> None:
    """Train several methods, each from several seeds, and compare their accuracy and their cost."""
    with terminal.reading_input():
        settings = training.settings(context, data.batch)
        terminal.writable(output.json)
        asked = output.asked(several.COLUMNS)
        chosen = several.schemes(
            methods, pruning.sparsity, network.model, pruning.dense, pruning.decay, pruning.rescale
        )
        config = accelerator(DEFAULT).load(hardware.config)
        comparison = several.Comparison(
            data.task(network), chosen, settings, seeds, config, hardware.dataflow, training.evaluate_every
        )
        several.compare_methods(comparison, output.json, asked)


app = commands((run, DEFINITIONS), (compare, defined(several.COLUMNS)))

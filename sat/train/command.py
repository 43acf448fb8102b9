"""`sat train`: training whose GEMMs run on an engine."""

from pathlib import Path
from typing import Annotated

import typer

from sat import options, terminal
from sat.columns import asked_for
from sat.options import (
    Batch,
    Columns,
    ConfigOfDefault,
    Data,
    DataImage,
    DataPath,
    Decay,
    Dense,
    Engine,
    Json,
    Method,
    Model,
    Pattern,
    Rescale,
    Seed,
    Width,
)
from sat.planning import SCHEDULED, DataflowOfDefault, PlanFile
from sat.report import COLUMNS
from sat.task import Task
from sat.train.methods import COLUMNS as METHODS
from sat.train.methods import Comparison, compare_methods, schemes
from sat.train.single import Hardware, Kept, single
from tlm.accelerators import DEFAULT, accelerator

Out = Annotated[
    Path | None,
    typer.Option(
        help="Folder for checkpoint.pt and log.jsonl, a line an epoch; at the end weights.pt and report.json."
    ),
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on from the checkpoint in --out, with the same bits as without a stop.")
]
Often = Annotated[int | None, typer.Option(min=1, help="Steps between checkpoints, beside those at each epoch's end.")]
Tried = Annotated[int, typer.Option(min=1, help="Epochs between evaluations; there is one at the end in any case.")]
Board = Annotated[bool, typer.Option("--tensorboard", help="Write the log to --out/tensorboard, too.")]
Epochs = Annotated[int, typer.Option(min=1, help="Times through the data.")]
Steps = Annotated[int | None, typer.Option(min=1, help="Steps, instead of epochs.")]
Rate = Annotated[float, typer.Option(help="Learning rate.")]
Momentum = Annotated[float, typer.Option(help="Of SGD.")]
WeightDecay = Annotated[float, typer.Option(help="Of SGD, for all parameters.")]
Falling = Annotated[
    str,
    typer.Option(
        help="How the learning rate falls: constant (not), cosine, or step (to a tenth "
        "after half, a hundredth after three quarters)."
    ),
]
WarmUp = Annotated[float, typer.Option(help="Epochs in which the learning rate first rises.")]
Smoothing = Annotated[float, typer.Option(help="Share of a label that is spread over all classes.")]
Plain = Annotated[bool, typer.Option("--no-augment", help="Train on pictures as they are, not on random views.")]
Compare = Annotated[
    str | None,
    typer.Option(
        metavar="METHODS", help="Train these methods, with commas between, from several --seeds, and compare them."
    ),
]
Seeds = Annotated[
    int | None, typer.Option(min=1, help="Runs of each method in --compare, from --seed on. By default 5.")
]

# What a single run has, and a comparison has not: its engine is functional, and it keeps nothing.
NOT_COMPARED = ("method", "engine", "plan", "out", "resume", "checkpoint_every", "tensorboard")


def train(
    context: typer.Context,
    model: Model = "cnn",
    data: Data = "digits",
    data_path: DataPath = None,
    image: DataImage = None,
    width: Width = 1.0,
    no_augment: Plain = False,
    method: Method = "bdwp",
    sparsity: Pattern = "2:8",
    dense: Dense = None,
    decay: Decay = None,
    rescale: Rescale = False,
    engine: Engine = "functional",
    config: ConfigOfDefault = "small",
    dataflow: DataflowOfDefault = SCHEDULED,
    plan: PlanFile = None,
    batch: Batch = 32,
    seed: Seed = 0,
    epochs: Epochs = 8,
    steps: Steps = None,
    lr: Rate = 0.05,
    momentum: Momentum = 0.9,
    weight_decay: WeightDecay = 5e-4,
    schedule: Falling = "constant",
    warm_up: WarmUp = 0.0,
    label_smoothing: Smoothing = 0.0,
    out: Out = None,
    resume: Resume = False,
    checkpoint_every: Often = None,
    evaluate_every: Tried = 1,
    tensorboard: Board = False,
    compare: Compare = None,
    seeds: Seeds = None,
    columns: Columns = None,
    json_file: Json = None,
) -> None:
    """Train a network whose GEMMs run on an engine; print its accuracy, and where a step's cycles go."""
    with terminal.reading_input():
        for option, given, others in (("--steps", steps, ["epochs"]), ("--compare", compare, NOT_COMPARED)):
            if given:
                options.refuse(context, option, others)
        if compare is None and seeds is not None:
            raise ValueError("--seeds is for --compare; a single run has --seed")
        from training import Settings

        terminal.writable(json_file)
        asked = asked_for(columns, COLUMNS if compare is None else METHODS)
        task = Task(model, data, data_path, image, width, not no_augment)
        settings = Settings(seed, batch, lr, momentum, weight_decay, schedule, warm_up, epochs, steps, label_smoothing)
        if compare is None:
            scheme = options.scheme(method, sparsity, model, dense, decay, rescale)
            kept = Kept(out, resume, checkpoint_every, tensorboard, evaluate_every)
            single(task, scheme, settings, Hardware(engine, config, dataflow, plan), kept, json_file, asked)
        else:
            chosen = schemes(compare, sparsity, model, dense, decay, rescale)
            hardware = accelerator(DEFAULT).load(config)
            compare_methods(
                Comparison(task, chosen, settings, seeds or 5, hardware, dataflow, evaluate_every), json_file, asked
            )

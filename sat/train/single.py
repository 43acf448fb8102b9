"""A single training run: its progress, its report, and its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console

from cosim.check.recorder import Recorder
from rtl.config import Config
from sat import options, terminal
from sat.planning import against_dense, plan_for
from sat.report import print_report, report_data
from sat.task import Task, batch_shape
from tlm.accelerator import OfflinePlan
from tlm.report import StepReport
from tlm.step import Costed, cost
from tlm.work import Work
from tlm.workload.methods import Scheme
from tlm.workload.step import whole_step
from tlm.workload.trace import Trace

if TYPE_CHECKING:
    from cosim import Engine
    from training import Run, Settings, Trainer


@dataclass(frozen=True)
class Hardware:
    """The names of an engine, a configuration and a dataflow, and the file of a plan, as options give them."""

    engine: str
    config: str
    dataflow: str
    plan: Path | None = None


@dataclass(frozen=True)
class Kept:
    """The folder that a run writes to, and what it keeps there (training.Run)."""

    folder: Path | None = None
    resume: bool = False
    checkpoint_every: int | None = None
    board: bool = False
    evaluate_every: int = 1


def single(
    task: Task,
    scheme: Scheme,
    settings: Settings,
    hardware: Hardware,
    kept: Kept,
    json_file: Path | None,
    asked: Sequence[str] = (),
) -> None:
    """Train by one scheme, and report the first step. Raises ValueError for options that do not fit."""
    import cosim
    from training import Run
    from training.checkpoint import save

    out = kept.folder
    weights, reported = (out / "weights.pt", out / "report.json") if out else (None, None)
    terminal.writable(weights, reported)
    engine = cosim.engine(hardware.engine, hardware.config)
    trainer = task.trainer(task.load(settings.seed), engine, scheme, settings)
    first_step = _FirstStep.of(trainer, hardware)
    trainer.follow(first_step.plan)
    # An evaluation has the same bits on every engine, and is soonest done on the functional one.
    soonest = None if engine.is_reference else cosim.engine("functional", engine.config)
    run = Run(trainer, evaluator=soonest, **vars(kept))
    report = first_step.report(_watched(run, engine, options.title(scheme)))
    content = _content(task, run, hardware.engine, report, first_step.trace)
    for file in (json_file, reported):
        terminal.write_json(file, content)
    if weights:
        save(weights, trainer.module.state_dict())
    _print(terminal.console(), task, run, hardware.engine, report, first_step.trace, asked)


@dataclass(frozen=True)
class _FirstStep:
    """The work of a training's first step, the same by method dense, and the plan by which it runs."""

    trace: Trace
    work: list[Work]
    dense: list[Work]
    config: Config
    dataflow: str
    plan: OfflinePlan

    @classmethod
    def of(cls, trainer: Trainer, hardware: Hardware) -> Self:
        """That of a new trainer. Raises ValueError for an unknown dataflow, and a plan that does not fit."""
        from training import trace

        found, config = trace(trainer.module, batch_shape(trainer)), trainer.engine.config
        work, dense = (whole_step(found.calls, scheme) for scheme in (trainer.scheme, Scheme()))
        return cls(
            found, work, dense, config, hardware.dataflow, plan_for(work, config, hardware.dataflow, hardware.plan)
        )

    def report(self, recorded: list[Costed]) -> StepReport:
        """The report of the step as it was recorded; where it was not, as the model costs it."""
        costed = recorded or cost(self.work, self.config, self.plan)
        return against_dense(costed, self.dense, self.config, self.dataflow)


def _watched(run: Run, hardware: Engine, name: str) -> list[Costed]:
    """Train to the end, with a progress bar and a line for each epoch. Returns the programs of the first step with
    their cost on the hardware; nothing where a checkpoint has been taken up, after it."""
    recorder, trainer, console = Recorder(hardware), run.trainer, terminal.console()
    if not trainer.steps:
        trainer.use(recorder)
    with terminal.simulating(), terminal.progress() as bar:
        task = bar.add_task(f"training {name}", total=trainer.total, completed=trainer.steps)

        def stepped(done: int, _: int, loss: float) -> None:
            bar.update(task, completed=done, description=f"training {name}, loss {loss:.3f}")
            if trainer.engine is recorder:
                trainer.use(hardware)  # one recorded step is enough for the report

        run.go(stepped, lambda line: console.print(_sentence(line)))
    return list(recorder.runs)


def _sentence(line: dict[str, Any]) -> str:
    """An epoch's line of the log as a sentence."""
    loss, accuracy = line["loss"], line["accuracy"]
    return (
        f"epoch {line['epoch']}, {line['steps']:,} steps: loss {'not finite' if loss is None else f'{loss:.4f}'}, "
        f"{'' if accuracy is None else f'{accuracy:.1%} recognised, '}learning rate {line['lr']:.3g}"
    )


def _content(task: Task, run: Run, engine: str, report: StepReport, trace: Trace) -> dict[str, Any]:
    """The run as data."""
    trainer = run.trainer
    return dict(
        **task.as_data(trainer.data),
        **options.scheme_data(trainer.scheme),
        engine=engine,
        **asdict(trainer.settings) | dict(steps=trainer.steps),
        accuracy=run.log[-1]["accuracy"],
        log=run.log,
        losses=[loss if isfinite(loss) else None for loss in run.losses],
    ) | report_data(report, trainer.settings.seed, trace)


def _print(
    to: Console, task: Task, run: Run, engine: str, report: StepReport, trace: Trace, asked: Sequence[str]
) -> None:
    """The report of the first step, and the accuracy at the end."""
    trainer, name, on = run.trainer, options.title(run.trainer.scheme), report.config.name
    batch = batch_shape(trainer)[0]
    heading = f"First training step of {task.model}, {name}, batch {batch}, on {on}, engine {engine}"
    print_report(to, report, heading, trace, asked=asked)
    terminal.verdict(
        to,
        f"{name}: {run.log[-1]['accuracy']:.1%}",
        f" of {trainer.data.test_size} test images recognised after "
        f"{trainer.steps} steps, {trainer.loss_scale.skipped} of them skipped for overflow; "
        f"seed {trainer.settings.seed}",
    )

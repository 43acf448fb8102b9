"""A single training run: what is printed on the way, its report, and its files."""

from __future__ import annotations

from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cosim.recorder import Recorder
from sat import options, terminal
from sat.planning import against_dense, plan_for
from sat.task import Task, batch_shape
from tlm.step import cost
from tlm.workload.methods import Scheme

if TYPE_CHECKING:
    from cosim import Engine
    from training import Run, Settings


def single(
    task: Task,
    scheme: Scheme,
    settings: Settings,
    engine: str,
    config: str,
    dataflow: str,
    plan: Path | None,
    json_file: Path | None,
    kept: dict[str, Any],
) -> None:
    """Train by one scheme, and report the first step. `kept` is what Run takes: the folder, and what it keeps there."""
    import cosim
    from training import Run, whole_step
    from training.checkpoint import save

    out = kept["folder"]
    files = (out / "weights.pt", out / "report.json") if out else ()
    terminal.writable(*files)
    hardware = cosim.engine(engine, config)
    trainer = task.trainer(task.load(settings.seed), hardware, scheme, settings)
    shape = batch_shape(trainer)
    step = whole_step(trainer.module, shape, scheme)
    by = plan_for(step, hardware.config, dataflow, plan)
    trainer.follow(by)
    # An evaluation has the same bits on every engine, and is soonest done on the functional one.
    soonest = None if engine == "functional" else cosim.engine("functional", hardware.config)
    run, name, console = Run(trainer, evaluator=soonest, **kept), options.title(scheme), terminal.console()
    runs = _watched(run, hardware, name) or cost(step, hardware.config, by)
    report = against_dense(runs, whole_step(trainer.module, shape), hardware.config, dataflow)
    accuracy = run.log[-1]["accuracy"]
    content = dict(
        **task.as_data(trainer.data),
        **options.scheme_data(scheme),
        engine=engine,
        **asdict(settings) | dict(steps=trainer.steps),
        accuracy=accuracy,
        log=run.log,
        losses=[loss if isfinite(loss) else None for loss in run.losses],
    )
    content |= terminal.report_data(report, settings.seed)
    for file in (json_file, *files[1:]):
        terminal.write_json(file, content)
    if out:
        save(files[0], trainer.module.state_dict())
    terminal.print_report(
        console,
        report,
        f"First training step of {task.model}, {name}, batch {shape[0]}, on {hardware.config.name}, engine {engine}",
    )
    terminal.verdict(
        console,
        f"{name}: {accuracy:.1%}",
        f" of {trainer.data.test_size} test images recognised after "
        f"{trainer.steps} steps, {trainer.loss_scale.skipped} of them skipped for overflow; "
        f"seed {settings.seed}",
    )


def _watched(run: Run, hardware: Engine, name: str) -> list[tuple]:
    """Train to the end, with a progress bar and a line for each epoch. Returns what the first step took on the
    hardware; nothing where a checkpoint has been taken up, after it."""
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
    return recorder.runs


def _sentence(line: dict[str, Any]) -> str:
    """An epoch's line of the log, to be read."""
    loss, accuracy = line["loss"], line["accuracy"]
    return (
        f"epoch {line['epoch']}, {line['steps']:,} steps: loss {'not finite' if loss is None else f'{loss:.4f}'}, "
        f"{'' if accuracy is None else f'{accuracy:.1%} recognised, '}learning rate {line['lr']:.3g}"
    )

"""`sat train`: training whose GEMMs run on an engine."""
from math import isfinite
from pathlib import Path
from typing import Annotated

import typer

from sat import options, terminal
from sat.options import Batch, Config, Data, Engine, Json, Method, Model, Pattern, Seed
from sat.planning import SCHEDULED, Dataflow, PlanFile, against_dense, plan_for

Out = Annotated[Path | None, typer.Option(help="Folder for weights.pt and report.json.")]
Epochs = Annotated[int, typer.Option(min=1, help="Times through the data.")]
Steps = Annotated[int | None, typer.Option(min=1, help="Steps, instead of epochs.")]
Rate = Annotated[float, typer.Option(help="Learning rate.")]


def train(model: Model = "cnn", data: Data = "digits", method: Method = "bdwp", sparsity: Pattern = "2:8",
          engine: Engine = "functional", config: Config = "small", dataflow: Dataflow = SCHEDULED,
          plan: PlanFile = None, batch: Batch = 32, seed: Seed = 0,
          epochs: Epochs = 8, steps: Steps = None, lr: Rate = 0.05, out: Out = None, json_file: Json = None) -> None:
    """Train a network whose GEMMs run on an engine; print its accuracy, and where a step's cycles go."""
    import torch

    import cosim
    from cosim.recorder import Recorder
    from training import Settings, Trainer, whole_step
    from training.data import load
    files = (out / "weights.pt", out / "report.json") if out else ()
    with terminal.reading_input():
        terminal.writable(json_file, *files)
        hardware = cosim.engine(engine, config)
        recorder = Recorder(hardware)
        scheme = options.scheme(method, sparsity, model)
        trainer = Trainer(model, load(data, seed), recorder, scheme, settings=Settings(seed, batch, lr))
        images = (min(batch, trainer.data.train_size), *trainer.data.image_shape)
        step = whole_step(trainer.module, images, scheme)
        trainer.follow(plan_for(step, hardware.config, dataflow, plan))
    console, name = terminal.console(), options.title(scheme)
    total = steps or epochs * trainer.steps_per_epoch
    with terminal.simulating(), terminal.progress() as bar:
        task = bar.add_task(f"training {name}", total=total)

        def told(done: int, _: int, loss: float) -> None:
            bar.update(task, completed=done, description=f"training {name}, loss {loss:.3f}")
            if done == 1:
                trainer.use(hardware)           # one recorded step is enough for the report

        losses = trainer.train(steps=total, progress=told)
        bar.update(task, description="evaluating")
        accuracy = trainer.evaluate(cosim.engine("functional", hardware.config))      # the same bits, sooner
    report = against_dense(recorder.runs, whole_step(trainer.module, images), hardware.config, dataflow)
    terminal.print_report(console, report, f"First training step of {model}, {name}, batch {images[0]}, "
                                           f"on {hardware.config.name}, engine {engine}")
    terminal.verdict(console, f"{name}: {accuracy:.1%}", f" of {trainer.data.test_size} test images recognised after "
                     f"{total} steps, {trainer.loss_scale.skipped} of them skipped for overflow; seed {seed}")
    content = dict(model=model, data=data, **options.scheme_data(scheme), engine=engine, batch=batch, lr=lr,
                   steps=total, losses=[loss if isfinite(loss) else None for loss in losses], accuracy=accuracy,
                   **terminal.report_data(report, seed))
    for file in (json_file, *files[1:]):
        terminal.write_json(file, content)
    if out:
        torch.save(trainer.module.state_dict(), out / "weights.pt")

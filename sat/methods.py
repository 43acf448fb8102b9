"""Several methods on one task, each from several seeds: what they recognise, and what they cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from rich.console import Console

from rtl.sat_config import SatConfig
from sat import options, terminal
from sat.planning import against_dense, plan_for
from sat.task import Task, batch_shape
from tlm.accelerators import DEFAULT, accelerator
from tlm.report import StepReport
from tlm.step import cost
from tlm.workload.methods import METHODS, Method, Scheme

if TYPE_CHECKING:
    from training import Settings, Trainer

COLUMNS = ("method", "accuracy", "+-", "lowest", "highest", "macs", "removed", "cycles", "speed-up", "epochs", "time s")


@dataclass(frozen=True)
class Trained:
    """A method: the report of its step, the steps of an epoch, and for each seed the log of its run."""

    scheme: Scheme
    report: StepReport
    steps_per_epoch: int
    logs: list[list[dict[str, Any]]]

    @property
    def accuracies(self) -> list[float]:
        """At the end, of each seed."""
        return [log[-1]["accuracy"] for log in self.logs]

    def row(self, target: float) -> dict[str, Any]:
        """Its row of the comparison, for an accuracy that the mean of its seeds reaches."""
        accuracies, totals = self.accuracies, self.report.totals
        macs, skipped = totals["macs"], totals["macs_skipped"]
        steps = self._reached(target)
        seconds = steps * totals["cycles"] / (self.report.config.clock_mhz * 1e6)
        return dict(
            **options.scheme_data(self.scheme),
            accuracy=fmean(accuracies),
            deviation=stdev(accuracies) if len(accuracies) > 1 else 0.0,
            lowest=min(accuracies),
            highest=max(accuracies),
            accuracies=accuracies,
            macs=macs,
            removed=skipped / (macs + skipped),
            cycles=totals["cycles"],
            speedup=totals["speedup"],
            epochs_to_target=steps / self.steps_per_epoch,
            seconds_to_target=seconds,
            logs=self.logs,
        )

    def _reached(self, target: float) -> int:
        """Steps after which the mean of the seeds is as high for the first time."""
        return next(
            lines[0]["steps"]
            for lines in zip(*self.logs, strict=True)
            if lines[0]["accuracy"] is not None and fmean(line["accuracy"] for line in lines) >= target
        )


def schemes(
    methods: str, sparsity: str, model: str, dense: str | None = None, decay: float | None = None, rescale: bool = False
) -> list[Scheme]:
    """Of names with commas between; a decay or rescaling is for those methods that have it. Raises ValueError."""
    names = [name.strip() for name in methods.split(",")]
    if len(set(names)) < len(names):
        raise ValueError(f"--compare must name each method once, not {methods}")
    return [_scheme(name, METHODS.get(name, Method()), sparsity, model, dense, decay, rescale) for name in names]


def _scheme(
    name: str, method: Method, sparsity: str, model: str, dense: str | None, decay: float | None, rescale: bool
) -> Scheme:
    gradients = any(rule.operand == "gradients" for rule in method.rules.values())
    return options.scheme(name, sparsity, model, dense, decay if method.prunes_weights else None, rescale and gradients)


def compare(
    task: Task,
    chosen: Sequence[Scheme],
    settings: Settings,
    seeds: int,
    config: SatConfig,
    dataflow: str,
    evaluate_every: int,
    progress: Callable[[str, int, int], None],
) -> list[Trained]:
    """Train every scheme from each of so many seeds, from the settings' own on, on the functional engine.

    progress  called after each step with (what is trained, steps done, steps in all)
    Raises ValueError as Trainer does, and for data that cannot be read.
    """
    import cosim
    from training import Run

    replace(settings, seed=settings.seed + seeds - 1)  # refuses a seed that is too large, before the first run
    logs: list[list] = [[] for _ in chosen]
    done, results = 0, []
    for seed in range(settings.seed, settings.seed + seeds):
        data = task.load(seed)
        for scheme, own in zip(chosen, logs, strict=True):
            trainer = task.trainer(data, cosim.engine("functional", config), scheme, replace(settings, seed=seed))
            if seed == settings.seed:
                results.append(Trained(scheme, _report(trainer, config, dataflow), trainer.steps_per_epoch, own))
            run, before = Run(trainer, evaluate_every=evaluate_every), done
            run.go(
                lambda step, total, _: progress(
                    f"{options.title(scheme)}, seed {seed}", before + step, total * len(chosen) * seeds
                )
            )
            own.append(run.log)
            done += trainer.total
    return results


def _report(trainer: Trainer, config: SatConfig, dataflow: str) -> StepReport:
    from training import whole_step

    shape = batch_shape(trainer)
    work = whole_step(trainer.module, shape, trainer.scheme)
    return against_dense(
        cost(work, config, plan_for(work, config, dataflow)), whole_step(trainer.module, shape), config, dataflow
    )


def target_of(results: Sequence[Trained]) -> float:
    """The accuracy that all methods reach: the lowest of their means over the seeds at the end."""
    return min(fmean(result.accuracies) for result in results)


def show(to: Console, rows: Sequence[dict[str, Any]], heading: str) -> None:
    """A row for each method."""
    table = terminal.table(heading, list(COLUMNS))
    for row in rows:
        name = row["method"] if row["sparsity"] == "dense" else f"{row['method']} {row['sparsity']}"
        table.add_row(
            name,
            f"{row['accuracy']:.2%}",
            f"{row['deviation']:.2%}",
            f"{row['lowest']:.2%}",
            f"{row['highest']:.2%}",
            f"{row['macs']:,}",
            f"{row['removed']:.1%}",
            f"{row['cycles']:,}",
            f"{row['speedup']:.2f}x",
            f"{row['epochs_to_target']:.3g}",
            f"{row['seconds_to_target']:.3f}",
        )
    to.print(table)


def comparison(
    task: Task,
    chosen: list[Scheme],
    settings: Settings,
    seeds: int,
    config: str,
    dataflow: str,
    evaluate_every: int,
    json_file: Path | None,
) -> None:
    """Train, print one table, write its data. Raises ValueError as `compare` does."""
    hardware, last, to = accelerator(DEFAULT).load(config), settings.seed + seeds - 1, terminal.console()
    with terminal.progress() as bar:
        everything = bar.add_task("training")
        results = compare(
            task,
            chosen,
            settings,
            seeds,
            hardware,
            dataflow,
            evaluate_every,
            lambda what, done, total: bar.update(
                everything, completed=done, total=total, description=f"training {what}"
            ),
        )
    target = target_of(results)
    rows = [result.row(target) for result in results]
    terminal.write_json(
        json_file,
        dict(
            **task.as_data(task.load(settings.seed)),
            **asdict(settings),
            seeds=list(range(settings.seed, last + 1)),
            config=hardware.model_dump(),
            dataflow=dataflow,
            target=target,
            methods=rows,
        ),
    )
    show(
        to,
        rows,
        f"{task.model} on {task.data}, batch {settings.batch}, seeds {settings.seed} to {last}, on "
        f"{hardware.name}: accuracy, and operations and cycles of a step",
    )
    to.print(
        f"+- is the standard deviation; the last two columns: until the mean of the seeds is {target:.2%}, the "
        f"lowest of the methods' means at the end, for the first time, in the model's cycles at "
        f"{hardware.clock_mhz:g} MHz"
    )

"""`sat train compare`: several methods on one task, each from several seeds: their accuracy, and their cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from rtl.config import Config
from sat import options, terminal
from sat.columns import Column, counted, named, shared, show, timed, worded
from sat.planning import against_dense, plan_for
from sat.report import print_products, seen_share, trace_data
from sat.task import Task, batch_shape
from tlm.report import StepReport
from tlm.step import cost
from tlm.workload.methods import METHODS, Method, Scheme
from tlm.workload.step import whole_step
from tlm.workload.trace import Trace

if TYPE_CHECKING:
    from training import Settings


def _percent(key: str, definition: str, priority: int = 0) -> Column:
    """A share with a hundredth of a per cent: accuracies are close."""
    return Column(key, definition, priority, "{:.2%}".format)


COLUMNS = [
    named("method", "the method of training"),
    worded("sparsity", "its N:M pattern; dense without"),
    _percent("accuracy", "test images recognised at the end, mean of the seeds"),
    _percent("deviation", "standard deviation of that over the seeds", 1),
    _percent("lowest", "of the seeds", 5),
    _percent("highest", "of the seeds", 5),
    counted("macs", "multiply-adds of a training step", 4),
    shared("removed", "multiply-adds that pruning removes, of those of the dense step", 2),
    counted("cycles", "clock cycles of a training step, by the model"),
    timed("speedup", "cycles of the same step with method dense / cycles"),
    Column(
        "epochs_to_target",
        "until the mean of the seeds reaches the target, the lowest of the methods' means at "
        "the end, for the first time",
        3,
        "{:.3g}".format,
    ),
    Column("seconds_to_target", "the same in seconds of the model's cycles", 3, "{:.3f}".format),
]


@dataclass(frozen=True)
class Comparison:
    """Methods to train on one task, each from several seeds, on the functional engine.

    settings        those of the first seed's runs
    seeds           runs of each method, from the settings' seed on
    evaluate_every  epochs between evaluations
    """

    task: Task
    schemes: Sequence[Scheme]
    settings: Settings
    seeds: int
    config: Config
    dataflow: str
    evaluate_every: int

    @property
    def every_seed(self) -> range:
        """The seeds of the runs."""
        return range(self.settings.seed, self.settings.seed + self.seeds)


@dataclass(frozen=True)
class Trained:
    """A method: its products and report of a step, the steps of an epoch, and the log of each seed's run."""

    scheme: Scheme
    trace: Trace
    report: StepReport
    steps_per_epoch: int
    logs: list[list[dict[str, Any]]]

    @property
    def accuracies(self) -> list[float]:
        """Accuracy at the end of the run, for each seed."""
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
    methods: str,
    sparsity: str | Sequence[str],
    model: str,
    dense: str | None = None,
    decay: float | None = None,
    rescale: bool = False,
) -> list[Scheme]:
    """Of names with commas between; a decay or rescaling is for those methods that have it. Raises ValueError."""
    names = [name.strip() for name in methods.split(",")]
    if len(set(names)) < len(names):
        raise ValueError(f"each method must be named once, not {methods}")
    return [_scheme(name, METHODS.get(name, Method()), sparsity, model, dense, decay, rescale) for name in names]


def _scheme(
    name: str,
    method: Method,
    sparsity: str | Sequence[str],
    model: str,
    dense: str | None,
    decay: float | None,
    rescale: bool,
) -> Scheme:
    gradients = any(rule.operand == "gradients" for rule in method.rules.values())
    return options.scheme(name, sparsity, model, dense, decay if method.prunes_weights else None, rescale and gradients)


def train_all(comparison: Comparison, progress: Callable[[str, int, int], None]) -> list[Trained]:
    """Train every scheme from each seed.

    progress  called after each step with (scheme and seed in words, steps done, steps in all)
    Raises ValueError as Trainer does, and for data that cannot be read.
    """
    import cosim
    from training import Run, trace

    task, settings = comparison.task, comparison.settings
    replace(settings, seed=comparison.every_seed[-1])  # refuses a seed that is too large, before the first run
    done, results = 0, []
    for seed in comparison.every_seed:
        data = task.load(seed)
        for number, scheme in enumerate(comparison.schemes):
            engine = cosim.engine("functional", comparison.config)
            trainer = task.trainer(data, engine, scheme, replace(settings, seed=seed))
            total = trainer.total * len(comparison.schemes) * comparison.seeds
            if seed == settings.seed:
                found = trace(trainer.module, batch_shape(trainer))
                report = _report(found, scheme, comparison.config, comparison.dataflow)
                results.append(Trained(scheme, found, report, trainer.steps_per_epoch, []))
            run, name = Run(trainer, evaluate_every=comparison.evaluate_every), f"{options.title(scheme)}, seed {seed}"
            run.go(_within(progress, name, done, total))
            results[number].logs.append(run.log)
            done += trainer.total
    return results


def _within(
    progress: Callable[[str, int, int], None], name: str, before: int, total: int
) -> Callable[[int, int, float], None]:
    """The progress of one run as that of all, of which `before` steps are done."""
    return lambda step, _, __: progress(name, before + step, total)


def _report(of: Trace, scheme: Scheme, config: Config, dataflow: str) -> StepReport:
    work = whole_step(of.calls, scheme)
    costed = cost(work, config, plan_for(work, config, dataflow))
    return against_dense(costed, whole_step(of.calls, Scheme()), config, dataflow)


def target_of(results: Sequence[Trained]) -> float:
    """The accuracy that all methods reach: the lowest of their means over the seeds at the end."""
    return min(fmean(result.accuracies) for result in results)


def compare_methods(comparison: Comparison, json_file: Path | None, asked: Sequence[str] = ()) -> None:
    """Train, print one table, write its data. Raises ValueError as `train_all` does."""
    task, settings, config = comparison.task, comparison.settings, comparison.config
    with terminal.progress() as bar:
        everything = bar.add_task("training")
        results = train_all(
            comparison,
            lambda name, done, total: bar.update(
                everything, completed=done, total=total, description=f"training {name}"
            ),
        )
    target = target_of(results)
    rows = [result.row(target) for result in results]
    content = dict(
        **task.as_data(task.load(settings.seed)),
        **asdict(settings),
        seeds=list(comparison.every_seed),
        config=config.model_dump(),
        dataflow=comparison.dataflow,
        target=target,
        methods=rows,
        **trace_data(results[0].trace),
    )
    terminal.write_json(json_file, content)
    console, seeds = terminal.console(), f"seeds {settings.seed} to {comparison.every_seed[-1]}"
    on = f"{task.model} on {task.data}, batch {settings.batch}, {seeds}, on {config.name}"
    show(console, f"{on}: accuracy, and operations and cycles of a step", COLUMNS, rows, asked=asked)
    console.print(
        f"target: {target:.2%}, the lowest of the methods' means at the end; to_target: until the mean of the seeds is "
        f"as high for the first time, in the model's cycles at {config.clock_mhz:g} MHz"
    )
    console.print(f"speedup and removed: of {seen_share(results[0].trace)}")
    print_products(console, results[0].trace)

"""The report of a training step (tlm.report), printed and as data."""

from collections.abc import Sequence
from math import floor
from typing import Any

from rich.console import Console

from rtl.config import Config
from sat.columns import counted, named, plain, shared, show, sized, worded
from tlm.report import DEFINITIONS, StepReport
from tlm.workload.trace import Trace

COLUMNS = [
    make(key, DEFINITIONS[key], priority)
    for key, make, priority in (
        ("layer", named, 0),
        ("stage", worded, 0),
        ("m", counted, 5),
        ("k", counted, 5),
        ("n", counted, 5),
        ("count", counted, 11),
        ("sparsity", worded, 3),
        ("dataflow", worded, 6),
        ("tile", sized, 12),
        ("macs", counted, 8),
        ("macs_skipped", counted, 9),
        ("cycles", counted, 0),
        ("share", shared, 1),
        ("utilisation", shared, 2),
        ("filled", shared, 7),
        ("busy", counted, 10),
        ("memory_wait", counted, 4),
        ("bytes", counted, 10),
        ("bytes_values", counted, 11),
        ("bytes_indices", counted, 11),
        ("bytes_results", counted, 11),
    )
]
STEP = {column.key: column for column in COLUMNS}  # for reports of the same rows
ON_HOST = (  # parts of a step that run on the host for every accelerator
    "normalisation",
    "activation functions",
    "pooling",
    "loss",
    "biases and their gradients",
    "rounding to FP16",
    "scatter-add of a strided bp",
    "check for overflow",
    "srste's decay, and zeros in its bp",
    "rescaling of pruned gradients",
    "padding by other values than zeros",
)
PRODUCTS_SHOWN = 12


def print_report(
    to: Console,
    report: StepReport,
    heading: str,
    trace: Trace,
    on_host: Sequence[str] = ON_HOST,
    asked: Sequence[str] = (),
) -> None:
    """A row for each GEMM and update, the totals, the step against dense, and the host's parts of it.

    trace  the multiply-adds of the step: those in its rows, and the host's
    asked  keys of the columns; () for as many as fit the terminal
    """
    totals = report.totals
    show(to, heading, COLUMNS, report.rows, [totals | dict(layer="total", share=1)], asked)
    time = duration(totals["cycles"], report.config)
    to.print(
        f"{totals['cycles']:,} cycles ({time} at {report.config.clock_mhz:g} MHz); dense {totals['dense_cycles']:,}"
    )
    to.print(f"speed-up {totals['speedup']:.2f}x, of {seen_share(trace)}")
    to.print(f"on the host, and not in these cycles: {', '.join(on_host)}")
    print_products(to, trace)


def seen_share(trace: Trace) -> str:
    """The share of the network's multiply-adds that a speed-up speaks of, in words; cut, never rounded up."""
    seen, of = trace.macs_seen, trace.macs_seen + trace.macs_unseen
    percent = floor(1000 * seen / of) / 10 if of else 0.0
    share = f"{'100' if seen == of else f'{percent:.1f}'} % of {of:,} multiply-adds"
    if trace.unknown:
        return f"at most {share}: those of {len(trace.unknown)} more products are not known"
    return share


def print_products(to: Console, trace: Trace) -> None:
    """The matrix products that the host does, the largest first."""
    products = sorted(trace.on_host, key=lambda one: -(one.macs or 0))
    if not products:
        return
    share = trace.macs_unseen / (trace.macs_seen + trace.macs_unseen)
    to.print(
        f"products on the host: {trace.macs_unseen:,} multiply-adds, {share:.1%}, which cycles and speed-up leave out:"
    )
    for one in products[:PRODUCTS_SHOWN]:
        where = one.module or ("the module itself" if one.forward else "in the backward pass")
        macs = "not known" if one.macs is None else f"{one.macs:,}"
        to.print(f"- {plain(where)}: {plain(one.call)}, {macs}", markup=False)
    if rest := products[PRODUCTS_SHOWN:]:
        to.print(f"- {len(rest)} more, {sum(one.macs or 0 for one in rest):,}: all of them are in --json")


def duration(cycles: float, config: Config) -> str:
    """The time that cycles take at the configuration's clock, in a unit that suits."""
    microseconds = cycles / config.clock_mhz
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if microseconds >= size:
            return f"{microseconds / size:,.{0 if microseconds >= 1000 * size else 2}f} {unit}"
    return f"{microseconds:.2f} µs"


def report_data(report: StepReport, seed: int, trace: Trace, on_host: Sequence[str] = ON_HOST) -> dict[str, Any]:
    """A report as data: config, seed, rows, totals, on_host, and the multiply-adds of the network."""
    return dict(
        config=report.config.model_dump(),
        seed=seed,
        rows=report.rows,
        totals=report.totals,
        on_host=list(on_host),
        **trace_data(trace),
    )


def trace_data(trace: Trace) -> dict[str, Any]:
    """The multiply-adds of a step as data: `macs_seen` of the accelerator, as if all its products were dense,
    `macs_unseen` of the host, and the host's products."""
    unseen = [dict(module=one.module, call=one.call, macs=one.macs) for one in trace.on_host]
    return dict(macs_seen=trace.macs_seen, macs_unseen=trace.macs_unseen, unseen=unseen)

"""A verification that runs: its checks behind a progress bar, its data, and what is said at the end."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from cosim.check.checker import Checker, Mismatch
from sat import accelerators, terminal
from sat.panels import Output
from sat.report import print_products, trace_data
from sat.verify.checks import Check
from sat.verify.report import print_equal, print_rows, print_share, rows_of, sample_data


def verified(
    checker: Checker,
    check: Check,
    asked_of: Mapping[str, Any],
    output: Output,
    columns: Sequence[str],
    steps: int = 0,
) -> None:
    """Run the checks; write and print what they gave. Raises typer.Exit where something is not equal.

    asked_of  what was asked for, as data: engine and seed among it
    columns   keys of the table's columns; () for as many as fit the terminal
    steps     training steps that are checked whole, after each of which all tensors are compared
    """
    with checker.farm or nullcontext():
        tensors, difference = _run(check, checker)
    rows = rows_of(checker.checked, check.sample)
    content = dict(
        config=checker.config.model_dump(),
        accelerator=checker.accelerator.name,
        **asked_of,
        **(dict(sample=sample_data(check.sample)) if check.sample else {}),
        **(trace_data(check.trace) if check.trace else {}),
        checked=rows,
        tensors=tensors,
        equal=not difference,
        difference=difference,
    )
    terminal.write_json(output.json, content)
    console, seed = terminal.console(), asked_of["seed"]
    if rows:
        on = accelerators.title(checker.accelerator, checker.config)
        print_rows(console, rows, f"{asked_of['engine']} against functional, {on}, seed {seed}", columns)
    if difference:
        terminal.fail(f"not equal: {difference}", terminal.FAILED)
    print_equal(console, checker.checked, "pieces of " if check.sample else "")
    if check.sample:
        print_share(console, check.sample, seed)
    if check.trace:
        print_products(console, check.trace)
    if steps:
        rest = f": {tensors} tensors (weights, buffers, gradients, momenta) after {steps} steps"
        terminal.verdict(console, "equal", rest)


def _run(check: Check, checker: Checker) -> tuple[int, str]:
    """Do the work behind a progress bar. Returns the tensors compared, and the first difference in words or ''."""
    tensors = 0
    with terminal.progress() as bar:
        task = bar.add_task(f"GEMMs and updates on {checker.name}", total=check.total)
        checker.on_check = lambda _: bar.advance(task)
        try:
            for compared in check.work:
                tensors += compared
            checker.finish()
        except Mismatch as error:
            return tensors, str(error)
    return tensors, ""

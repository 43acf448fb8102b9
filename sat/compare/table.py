"""The table of a comparison: cycles and utilisation of each accelerator; the rest is in --json."""

from collections.abc import Sequence

from rich.console import Console

from sat import terminal
from sat.compare.comparison import Comparison
from tlm.accelerators import accelerator
from tlm.compare import Setup


def heading_of(name: str, setup: Setup) -> str:
    """The heading of the table: accelerators, setup, multipliers and clock."""
    config = next(iter(setup.configs.values()))
    titles = ", ".join(accelerator(one).title for one in setup.configs)
    return f"{titles}: {name}, {config.elements:,} multipliers, {config.clock_mhz:g} MHz"


def print_table(to: Console, lines: Sequence[Comparison], heading: str) -> None:
    """Print a row for each line, and the peak of which `used` is a share."""
    first = lines[0]
    names, published, challengers = list(first.costs), list(first.published), first.challengers
    formulas = [name for name, cost in first.costs.items() if cost.formula is not None]
    bounds = [f"{name}\nbound by" for name in challengers]
    columns = [
        "case",
        "method" if "method" in first.described else "densities",
        *(f"{name}\ncycles" for name in names),
        *(f"{name}\nformula" for name in formulas),
        *(f"paper's\n{name}" for name in published),
        *(f"{name}\nused" for name in names),
        *bounds,
        "fastest",
    ]
    table = terminal.table(heading, columns, bounds)
    for line in lines:
        table.add_row(*_cells(line, names, formulas, published, challengers))
    to.print(table)
    config = next(iter(first.costs.values())).config
    to.print(
        f"used: products of two values that are not zero; 100% of them are "
        f"{2e-6 * config.elements * config.clock_mhz:.3g} TFLOP/s"
    )


def _cells(
    line: Comparison,
    names: Sequence[str],
    formulas: Sequence[str],
    published: Sequence[str],
    challengers: Sequence[str],
) -> list[str]:
    """The row of a line, in the order of the columns."""
    costs = line.costs
    counts = [
        *(costs[name].cycles for name in names),
        *(costs[name].formula for name in formulas),
        *(line.published[name] for name in published),
    ]
    return [
        line.case,
        line.variant,
        *(f"{count:,}" for count in counts),
        *(f"{costs[name].utilisation:.1%}" for name in names),
        *(costs[name].bound for name in challengers),
        line.fastest,
    ]

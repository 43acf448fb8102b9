"""The table of a comparison, and its heading."""

from collections.abc import Sequence

from rich.console import Console

from sat.columns import show
from sat.compare.comparison import Comparison
from sat.compare.keys import columns
from tlm.accelerators import accelerator
from tlm.compare import Setup


def heading_of(name: str, setup: Setup) -> str:
    """The heading of the table: accelerators, setup, multipliers and clock."""
    config = next(iter(setup.configs.values()))
    titles = ", ".join(accelerator(one).title for one in setup.configs)
    return f"{titles}: {name}, {config.elements:,} multipliers, {config.clock_mhz:g} MHz"


def print_table(to: Console, lines: Sequence[Comparison], heading: str, asked: Sequence[str] = ()) -> None:
    """Print a row for each line, with the keys that are asked for, or as many as fit; and the peak of utilisation."""
    show(to, heading, columns(), [line.as_data() | dict(fastest=line.fastest) for line in lines], asked=asked)
    config = next(iter(lines[0].costs.values())).config
    peak = 2e-6 * config.elements * config.clock_mhz
    to.print(f"utilisation: products of two values that are not zero; 100% of them are {peak:.3g} TFLOP/s")

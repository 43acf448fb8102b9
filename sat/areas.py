"""`sat compare --area`: what each accelerator takes of an FPGA."""

import tempfile
from pathlib import Path

from rich.console import Console

from cosim.area import RESOURCES
from rtl import sat as sat_device
from rtl.sigma import sigma as sigma_device
from sat import terminal
from sat.area import area
from tlm.compare import Setup

UPDATER = "updater"  # SAT's weight update, which the others have no unit for


def areas_of(setup: Setup) -> dict[str, dict[str, float]]:
    """Resources of each accelerator by Yosys, without AXI ports and without the weight update."""
    found = {}
    with terminal.simulating():
        for name, config in setup.configs.items():
            with tempfile.TemporaryDirectory(prefix="sat-area-") as folder:
                whole = area((sigma_device if name == "sigma" else sat_device).write(config, Path(folder)))
            found[name] = whole.total if name == "sigma" else whole.without(UPDATER)
    return found


def print_areas(to: Console, areas: dict[str, dict[str, float]]) -> None:
    """A line for each accelerator."""
    columns = [resource for resource in RESOURCES if any(of[resource] for of in areas.values())]
    table = terminal.table(
        "Area by Yosys, without AXI ports and weight update",
        ["accelerator", *(RESOURCES[column] for column in columns)],
    )
    for name, of in areas.items():
        table.add_row(name, *(f"{of[column]:,.10g}" for column in columns))
    to.print(table)

"""`sat compare --area`: what each accelerator takes of an FPGA."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from cosim.accelerators import verilog_of
from cosim.synthesis.area import RESOURCES
from rtl.hdl.prefix import Prefix
from sat import terminal
from sat.area import area, number
from sat.columns import Column, named, show
from tlm.compare import Setup

COLUMNS = [
    named("accelerator", "its name"),
    *(Column(key, name, form=number) for key, name in RESOURCES.items()),
]


def check_areas(setup: Setup) -> None:
    """Raise ValueError for an accelerator without Verilog."""
    for config in setup.configs.values():
        verilog_of(config)


def areas_of(setup: Setup) -> dict[str, dict[str, float]]:
    """Resources of each accelerator by Yosys, without AXI ports and without the weight update."""
    found = {}
    with terminal.simulating():
        for name, config in setup.configs.items():
            writer, prefix = verilog_of(config), f"{name}_"
            with tempfile.TemporaryDirectory(prefix="sat-area-") as folder:
                whole = area(writer.write(config, Path(folder), prefix))
            update = writer.update_block and Prefix(writer.block, prefix).module(writer.update_block)
            found[name] = whole.without(update) if update else whole.total
    return found


def print_areas(to: Console, areas: dict[str, dict[str, float]], asked: Sequence[str] = ()) -> None:
    """A line for each accelerator, with the keys that are asked for; () for as many as fit the terminal."""
    used = [resource for resource in RESOURCES if any(of[resource] for of in areas.values())]
    rows = [dict(accelerator=name, **{key: of[key] for key in used}) for name, of in areas.items()]
    show(to, "Area by Yosys, without AXI ports and weight update", COLUMNS, rows, asked=asked)

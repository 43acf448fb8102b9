"""`sat verilog --area`: what each module takes of an FPGA, and whether all of it fits."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from cosim.synthesis.area import RESOURCES, SPARE, Area
from cosim.synthesis.synthesis import STAGES, synthesise
from sat import terminal


def area(files: Mapping[str, Path]) -> Area:
    """Synthesise the design of these modules, the top last, behind a progress bar. Raises ToolMissing, ToolFailed."""
    with terminal.progress() as bar:
        task = bar.add_task("synthesis", total=len(STAGES))
        netlist = synthesise(
            files, list(files)[-1], lambda stage: bar.update(task, advance=1, description=f"Yosys: {stage}")
        )
    return Area(netlist)


def shown(found: Area) -> list[str]:
    """The resources worth a column: UltraRAM is one only where it is used."""
    return [resource for resource in RESOURCES if resource != "uram" or found.total[resource]]


def area_data(found: Area) -> dict[str, Any]:
    """An area as data: modules (each without those below it), total, device, left (as shares), fits, tool."""

    def of(values: Mapping[str, float]) -> dict[str, float]:
        return {resource: values[resource] for resource in shown(found)}

    return dict(
        modules=[dict(module=row.module, instances=row.instances, **of(row.own)) for row in found.rows],
        total=of(found.total),
        device=dict(name=found.device.name, **of(found.device.has)),
        left=of(found.left),
        spare=SPARE,
        fits=not found.short,
        tool=found.netlist.tool,
    )


def print_area(to: Console, found: Area, heading: str) -> None:
    """A row for each module: one without the modules below it, then all of its instances; the sum, and the device."""
    columns = shown(found)
    heads = [RESOURCES[resource] for resource in columns]
    rows = terminal.table(heading, ["module", "instances", *heads, *(f"all {head}" for head in heads)])
    for row in found.rows:
        rows.add_row(
            row.module,
            f"{row.instances:,}",
            *(_number(row.own[column]) for column in columns),
            *(_number(row.all[column]) for column in columns),
        )
    rows.add_section()
    beside = [""] * (1 + len(columns))
    rows.add_row("sum", *beside, *(_number(found.total[column]) for column in columns))
    rows.add_row(found.device.name, *beside, *(_number(found.device.has[column]) for column in columns))
    rows.add_row("used", *beside, *(f"{found.used[column]:.1%}" for column in columns))
    rows.add_row("left", *beside, *(f"{found.left[column]:.1%}" for column in columns))
    to.print(rows)
    to.print(f"{found.netlist.tool}: cells before placement, each module by itself; LUTRAM is among LUT; no latches")
    if found.short:
        lacking = ", ".join(f"{RESOURCES[resource]} {found.left[resource]:.1%}" for resource in found.short)
        terminal.verdict(to, "does not fit", f" a {found.device.name} with {SPARE:.0%} left of each: {lacking}")
    else:
        terminal.verdict(to, "fits", f" a {found.device.name} with at least {SPARE:.0%} left of each")


def _number(value: float) -> str:
    """With the half of a block RAM."""
    return f"{value:,.1f}".removesuffix(".0")

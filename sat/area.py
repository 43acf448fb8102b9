"""`sat verilog --area`: what each module takes of an FPGA, and whether all of it fits."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from cosim.synthesis.area import RESOURCES, SPARE, Area
from cosim.synthesis.synthesis import STAGES, synthesise
from sat import terminal
from sat.columns import Column, counted, named, show


def number(value: float | str) -> str:
    """A count, with the half of a block RAM; shares are text already."""
    return value if isinstance(value, str) else f"{value:,.1f}".removesuffix(".0")


COLUMNS = [
    named("module", "a module of the design"),
    counted("instances", "how many of it there are", 1),
    *(Column(key, f"{name} of one, without the modules below it", 2, number) for key, name in RESOURCES.items()),
    *(Column(f"all.{key}", f"{name} of all instances", 0, number) for key, name in RESOURCES.items()),
]


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
        return _some(values, shown(found))

    return dict(
        modules=[dict(module=row.module, instances=row.instances, **of(row.own)) for row in found.rows],
        total=of(found.total),
        device=dict(name=found.device.name, **of(found.device.has)),
        left=of(found.left),
        spare=SPARE,
        fits=not found.short,
        tool=found.netlist.tool,
    )


def print_area(to: Console, found: Area, heading: str, asked: Sequence[str] = ()) -> None:
    """A row for each module: one without the modules below it, then all of its instances; the sum, and the device.

    asked  keys of the columns; () for as many as fit the terminal
    """
    of = shown(found)
    rows = [
        dict(module=row.module, instances=row.instances, **_some(row.own, of), all=_some(row.all, of))
        for row in found.rows
    ]
    sums = {"sum": found.total, found.device.name: found.device.has}
    parts = {"used": found.used, "left": found.left}
    foot = [dict(module=name, all=_some(values, of)) for name, values in sums.items()]
    foot += [
        dict(module=name, all={key: f"{share:.1%}" for key, share in _some(values, of).items()})
        for name, values in parts.items()
    ]
    show(to, heading, COLUMNS, rows, foot, asked)
    to.print(f"{found.netlist.tool}: cells before placement, each module by itself; LUTRAM is among LUT; no latches")
    if found.short:
        lacking = ", ".join(f"{RESOURCES[resource]} {found.left[resource]:.1%}" for resource in found.short)
        terminal.verdict(to, "does not fit", f" a {found.device.name} with {SPARE:.0%} left of each: {lacking}")
    else:
        terminal.verdict(to, "fits", f" a {found.device.name} with at least {SPARE:.0%} left of each")


def _some(values: Mapping[str, float], of: Collection[str]) -> dict[str, float]:
    return {resource: values[resource] for resource in of}

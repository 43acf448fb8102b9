"""`sat verilog`: the accelerator as hierarchical Verilog, what Vivado needs beside it, and what it takes of an FPGA."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from cosim.accelerators import TABLE as EXECUTED
from cosim.accelerators import verilog_of
from cosim.synthesis.synthesis import yosys
from rtl.hdl.prefix import Prefix
from sat import accelerators, terminal
from sat.area import COLUMNS as AREA
from sat.area import area, area_data, print_area
from sat.columns import counted, defined, named, show
from sat.commands import Panel, single
from sat.options import config_option
from sat.panels import HARDWARE, Output
from tlm.accelerators import DEFAULT, TABLE, accelerator

WRITTEN = [TABLE[name] for name, row in EXECUTED.items() if row.verilog]  # accelerators that have RTL


@dataclass(frozen=True)
class WrittenHardware(Panel):
    """An accelerator that has RTL, and its configuration."""

    TITLE = HARDWARE
    accelerator: accelerators.Name = DEFAULT
    config: Annotated[str, config_option(WRITTEN)] = "vcu1525"


@dataclass(frozen=True)
class VerilogOutput(Output):
    """The same, the files, and the area."""

    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the files; made when it does not exist.")
    ] = Path("build/verilog")
    prefix: Annotated[
        str | None,
        typer.Option(
            help="In front of each module's name, so that several accelerators fit one library: by default "
            f"{', '.join(f'{row.name}_' for row in WRITTEN)}; with big_ the tops are big and big_axi.",
        ),
    ] = None
    area: Annotated[
        bool,
        typer.Option(
            "--area",
            help="Synthesise it with Yosys: LUT, FF, BRAM and DSP of each module, and their sum beside a VCU1525's.",
        ),
    ] = False


COLUMNS = [named("module", "a module of the design, and a file"), counted("lines", "of its Verilog")]


def verilog(hardware: WrittenHardware, output: VerilogOutput) -> None:
    """Write the Verilog of a configuration, one module a file, with AXI ports around it where the accelerator has them.

    Beside it are the configuration, and with AXI ports a script and constraints for Vivado.
    """
    with terminal.reading_input():
        asked = output.asked(COLUMNS, AREA)
        row = accelerator(hardware.accelerator)
        chosen = row.load(hardware.config)
        writer = verilog_of(chosen)
        names = Prefix(writer.block, f"{row.name}_" if output.prefix is None else output.prefix)
        terminal.writable(output.json, output.output / "configuration.json")
        if output.area:
            yosys()
        files = (writer.write_ports or writer.write)(chosen, output.output, names.text)
        scripts = writer.scripts(chosen, output.output, files.values()) if writer.scripts else []
        (output.output / "configuration.json").write_text(chosen.model_dump_json(indent=2) + "\n")
    lines = {name: len(file.read_text().splitlines()) for name, file in files.items()}
    rows, total = [dict(module=name, lines=count) for name, count in lines.items()], sum(lines.values())
    with terminal.simulating():
        found = area(files) if output.area else None
    terminal.write_json(
        output.json,
        dict(
            config=chosen.model_dump(),
            modules=rows,
            lines=total,
            vivado=[script.name for script in scripts],
            **(dict(area=area_data(found)) if found else {}),
        ),
    )
    console, title = terminal.console(), accelerators.title(row, chosen)
    title += f", {' x '.join(map(str, chosen.size))}"
    show(console, f"Verilog of {title}", COLUMNS, rows, asked=asked)
    top = f"{names.top}, or with AXI ports {list(files)[-1]}" if writer.write_ports else names.top
    console.print(f"{len(lines)} modules, {total:,} lines in {output.output}; the top is {top}")
    if scripts:
        console.print(f"For Vivado: {', '.join(script.name for script in scripts)}")
    if found:
        print_area(console, found, f"Area of {title}", asked)


app = single(verilog, defined(COLUMNS, AREA))

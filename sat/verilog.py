"""`sat verilog`: the accelerator as hierarchical Verilog, what Vivado needs beside it, and what it takes of an FPGA."""

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
from sat.columns import asked_for, counted, named, show
from sat.options import Columns, Json, config_option
from tlm.accelerators import DEFAULT, TABLE
from tlm.accelerators import accelerator as accelerator_named

WRITTEN = [TABLE[name] for name, row in EXECUTED.items() if row.verilog]  # accelerators that have RTL
Config = Annotated[str, config_option(WRITTEN)]
Folder = Annotated[Path, typer.Option("--output", "-o", help="Folder for the files; made when it does not exist.")]
ModulePrefix = Annotated[
    str | None,
    typer.Option(
        "--prefix",
        help="In front of each module's name, so that several accelerators fit one library: by default "
        f"{', '.join(f'{row.name}_' for row in WRITTEN)}; with big_ the tops are big and big_axi.",
    ),
]
Synthesised = Annotated[
    bool,
    typer.Option(
        "--area",
        help="Synthesise it with Yosys: LUT, FF, BRAM and DSP of each module, and their sum beside a VCU1525's.",
    ),
]

COLUMNS = [named("module", "a module of the design, and a file"), counted("lines", "of its Verilog")]


def verilog(
    accelerator: accelerators.Name = DEFAULT,
    config: Config = "vcu1525",
    output: Folder = Path("build/verilog"),
    prefix: ModulePrefix = None,
    synthesised: Synthesised = False,
    columns: Columns = None,
    json_file: Json = None,
) -> None:
    """Write the Verilog of a configuration, one module a file, with AXI ports around it where the accelerator has them.

    Beside it are the configuration, and with AXI ports a script and constraints for Vivado.
    """
    with terminal.reading_input():
        asked = asked_for(columns, COLUMNS, AREA)
        row = accelerator_named(accelerator)
        chosen = row.load(config)
        writer = verilog_of(chosen)
        names = Prefix(writer.block, f"{row.name}_" if prefix is None else prefix)
        terminal.writable(json_file, output / "configuration.json")
        if synthesised:
            yosys()
        files = (writer.write_ports or writer.write)(chosen, output, names.text)
        scripts = writer.scripts(chosen, output, files.values()) if writer.scripts else []
        (output / "configuration.json").write_text(chosen.model_dump_json(indent=2) + "\n")
    lines = {name: len(file.read_text().splitlines()) for name, file in files.items()}
    rows, total = [dict(module=name, lines=count) for name, count in lines.items()], sum(lines.values())
    with terminal.simulating():
        found = area(files) if synthesised else None
    terminal.write_json(
        json_file,
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
    console.print(f"{len(lines)} modules, {total:,} lines in {output}; the top is {top}")
    if scripts:
        console.print(f"For Vivado: {', '.join(script.name for script in scripts)}")
    if found:
        print_area(console, found, f"Area of {title}", asked)

"""`sat verilog`: the accelerator as hierarchical Verilog, what Vivado needs beside it, and what it takes of an FPGA."""

from pathlib import Path
from typing import Annotated

import typer

from cosim.synthesis import yosys
from rtl import sat_axi
from rtl.sigma import sigma
from sat import accelerators, terminal, vivado
from tlm.accelerators import DEFAULT
from tlm.accelerators import accelerator as accelerator_named
from sat.area import area, area_data, print_area
from sat.options import Config, Json

Folder = Annotated[Path, typer.Option("--output", "-o", help="Folder for the files; made when it does not exist.")]
Synthesised = Annotated[
    bool,
    typer.Option(
        "--area",
        help="Synthesise it with Yosys: LUT, FF, BRAM and DSP of each module, and their sum beside a VCU1525's.",
    ),
]


def verilog(
    accelerator: accelerators.Name = DEFAULT,
    config: Config = "vcu1525",
    output: Folder = Path("build/verilog"),
    synthesised: Synthesised = False,
    json_file: Json = None,
) -> None:
    """Write the Verilog of a configuration, one module a file: `sat`, around it `sat_axi` with AXI ports; or `sigma`.

    Beside it are the configuration, and a script and constraints for Vivado, which are SAT's alone. A systolic array is
    SAT with the shortest groups that it can have.
    """
    with terminal.reading_input():
        row = accelerator_named(accelerator)
        chosen = row.load(config)
        terminal.writable(json_file, output / "configuration.json")
        if synthesised:
            yosys()
        files = (sigma if accelerator == "sigma" else sat_axi).write(chosen, output)
        scripts = [] if accelerator == "sigma" else vivado.write(chosen, output, files.values())
        (output / "configuration.json").write_text(chosen.model_dump_json(indent=2) + "\n")
    modules = [dict(module=name, lines=len(file.read_text().splitlines())) for name, file in files.items()]
    lines = sum(row["lines"] for row in modules)
    with terminal.simulating():
        found = area(files) if synthesised else None
    terminal.write_json(
        json_file,
        dict(
            config=chosen.model_dump(),
            modules=modules,
            lines=lines,
            vivado=[script.name for script in scripts],
            **(dict(area=area_data(found)) if found else {}),
        ),
    )
    console, title = terminal.console(), accelerators.title(row, chosen)
    title += f", {' x '.join(map(str, chosen.size))}"
    rows = terminal.table(f"Verilog of {title}", ["module", "lines"])
    for row in modules:
        rows.add_row(row["module"], str(row["lines"]))
    console.print(rows)
    top = "sigma" if accelerator == "sigma" else "sat, or with AXI ports sat_axi"
    console.print(f"{len(modules)} modules, {lines:,} lines in {output}; the top is {top}")
    if scripts:
        console.print(f"For Vivado: {', '.join(script.name for script in scripts)}")
    if found:
        print_area(console, found, f"Area of {title}")

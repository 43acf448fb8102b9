"""`sat verilog`: the accelerator as hierarchical Verilog."""
from pathlib import Path
from typing import Annotated

import typer

from rtl import sat
from rtl.config import load_config
from sat import terminal
from sat.options import Config, Json

Folder = Annotated[Path, typer.Option("--output", "-o", help="Folder for the files; made when it does not exist.")]


def verilog(config: Config = "vcu1525", output: Folder = Path("build/verilog"), json_file: Json = None) -> None:
    """Write the Verilog of a configuration: one module a file, `sat` on top, and the configuration beside it."""
    with terminal.reading_input():
        chosen = load_config(config)
        terminal.writable(json_file, output / "configuration.json")
        files = sat.write(chosen, output)
        (output / "configuration.json").write_text(chosen.model_dump_json(indent=2) + "\n")
    modules = [dict(module=name, lines=len(file.read_text().splitlines())) for name, file in files.items()]
    lines = sum(row["lines"] for row in modules)
    console = terminal.console()
    rows = terminal.table(f"Verilog of {chosen.name}, {chosen.rows} x {chosen.columns}", ["module", "lines"])
    for row in modules:
        rows.add_row(row["module"], str(row["lines"]))
    console.print(rows)
    console.print(f"{len(modules)} modules, {lines:,} lines in {output}; the top is sat")
    terminal.write_json(json_file, dict(config=chosen.model_dump(), modules=modules, lines=lines))

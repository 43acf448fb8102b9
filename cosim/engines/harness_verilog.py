"""The converted Verilog of a harness, as every engine that simulates it has it: in a folder, with its configuration."""

import tempfile
from pathlib import Path
from typing import Any

from myhdl import Signal

from cosim.accelerators import device_of
from cosim.build_cache import scratch
from cosim.harness.harness import harness
from cosim.harness.messages import ToDevice, ToHost
from rtl.config import Config, load_config
from rtl.hdl.hierarchy import write_verilog
from rtl.hdl.prefix import Prefix

CONFIGURATION = "configuration.json"


def check_paths(**paths: Path | str | None) -> None:
    """Raise ValueError for an option that is neither a path nor None."""
    for name, path in paths.items():
        if path is not None and not isinstance(path, str | Path):
            raise ValueError(f"{name} must be a path, not {path!r}")


def harness_verilog(config: Config, keep: Path | None = None, verilog: Path | None = None) -> Path:
    """The folder with a harness's Verilog, converted for this hardware unless `verilog` is that folder already.

    keep     folder for it, instead of one that is removed
    Raises ValueError for a folder with something else, and for keep with verilog.
    """
    if keep and verilog:
        raise ValueError("keep and verilog exclude each other: what is given is not generated")
    if verilog:
        _check(verilog, config)
        return verilog
    folder = keep or Path(tempfile.mkdtemp(dir=scratch()))
    write_verilog(folder, harness, **ports(config), config=config, prefix=prefix(config))
    (folder / CONFIGURATION).write_text(config.model_dump_json(indent=2) + "\n")
    return folder


def _check(verilog: Path, config: Config) -> None:
    """Raise ValueError for a folder that does not hold the harness of this hardware, under whatever name."""
    written, top = verilog / CONFIGURATION, verilog / f"{top_module(config)}.v"
    if not top.is_file() or not written.is_file():
        raise ValueError(f"verilog folder {verilog} must hold {top.name} and {CONFIGURATION}, as keep leaves them")
    found = load_config(str(written), type(config), {})
    hardware, wanted = (one.hardware.model_copy(update=dict(name="")) for one in (found, config))
    if hardware != wanted:
        raise ValueError(f"verilog folder {verilog} holds another configuration than {config.name}")


def prefix(config: Config) -> Prefix:
    """The accelerator's own: a module is called as `sat verilog` calls it, and the harness likewise."""
    name = device_of(config).name
    return Prefix(name, f"{name}_")


def top_module(config: Config) -> str:
    """The name of the harness's module."""
    return prefix(config).module("harness")


def ports(config: Config) -> dict[str, Any]:
    """Fresh ports of the harness, by name."""
    return dict(
        clk=Signal(bool(0)),
        update_clk=Signal(bool(0)) if device_of(config).updates else None,
        rst=Signal(bool(0)),
        run=Signal(bool(0)),
        host=ToDevice(config),
        device_out=ToHost(config),
    )

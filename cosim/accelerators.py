"""The table of accelerators, as engines know them: a row for each one that runs on them.

Engines, host, checker and sampler ask a row, and never which accelerator they have before them.
"""

from cosim.accelerator import ExecutionRow, ProgramKind, Verilog
from cosim.device import Device
from cosim.sat.row import SAT
from cosim.sigma.row import SIGMA
from rtl.config import Config
from tlm.transactions import Program

TABLE: dict[str, ExecutionRow] = {"sat": SAT, "sigma": SIGMA, "systolic": SAT}


def execution_row_of(config: Config) -> ExecutionRow:
    """The row of a configuration. Raises ValueError for one of an accelerator that runs on no engine."""
    row = TABLE.get(getattr(config, "accelerator", ""))
    if row is None:
        name = getattr(config, "accelerator", type(config).__name__)
        raise ValueError(f"a configuration must be of one of {', '.join(TABLE)}, not of {name}")
    return row


def kind_of(program: Program) -> ProgramKind:
    """How engines treat a program. Raises ValueError for one that is no program of its configuration's accelerator."""
    if not isinstance(program, Program):
        raise ValueError(f"a program must be a tlm.transactions.Program, not a {type(program).__name__}")
    return execution_row_of(program.config).kind_of(program)


def verilog_of(config: Config) -> Verilog:
    """How a configuration's RTL is written. Raises ValueError for an accelerator that has none."""
    if (verilog := execution_row_of(config).verilog) is None:
        raise ValueError(f"accelerator {config.accelerator} has no RTL")
    return verilog


def device_of(config: Config) -> Device:
    """The RTL of a configuration. Raises ValueError for an accelerator that has none."""
    return execution_row_of(config).device_of(config)


def check_hardware(have: Config, want: Config) -> None:
    """Raise ValueError, naming the first field that differs, unless two configurations are one hardware: under whatever
    name and clock, which nothing depends on, and beside whatever memory, which a program has of its own."""
    wrong = "the program is for another configuration"
    if type(have) is not type(want):
        raise ValueError(f"{wrong}: it must be a {type(want).__name__}, not a {type(have).__name__}")
    for name in type(want).model_fields:
        if name not in Config.model_fields and getattr(have, name) != getattr(want, name):
            raise ValueError(f"{wrong}: {name} must be {getattr(want, name)!r}, not {getattr(have, name)!r}")

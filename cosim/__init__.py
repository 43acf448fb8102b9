"""Engines that run a program: `cosim.engine(name, config)` gives one.

import cosim, numpy as np
a, b = np.ones((8, 64), np.float16), np.ones((64, 8), np.float16)
result = cosim.engine("icarus", "small").gemm(a, b, "2:8")
result.c, result.cycles, result.tiles       # float32 accumulators; DUT cycles, in all and of each tile
"""

import inspect
from typing import Any

from cosim.engines.engine import Engine
from cosim.engines.functional import Functional
from cosim.engines.icarus_engine import IcarusEngine
from cosim.engines.myhdl_engine import MyhdlEngine
from cosim.engines.verilator_engine import VerilatorEngine
from cosim.exchange import Copy, GemmResult, Operands, Report, Updated, UpdateResult, Weights
from cosim.harness.simulation import SimulationError
from cosim.tools import ToolFailed, ToolMissing
from rtl.config import Config
from tlm.accelerators import configuration

__all__ = [
    "ENGINES",
    "Copy",
    "Engine",
    "GemmResult",
    "Operands",
    "Report",
    "SimulationError",
    "ToolFailed",
    "ToolMissing",
    "UpdateResult",
    "Updated",
    "Weights",
    "engine",
]

ENGINES: dict[str, type[Engine]] = {
    kind.name: kind for kind in (Functional, MyhdlEngine, IcarusEngine, VerilatorEngine)
}


def engine(name: str, config: Config | str = "small", accelerator: str | None = None, **options: Any) -> Engine:
    """The engine of that name for a configuration, a preset by its name, or a JSON file by its path.

    accelerator  a name in tlm.accelerators.TABLE: whose presets and files they are; None: SAT's
    options      memory, a tlm.Memory instead of the configuration's; IcarusEngine has
                 waves, keep, verilog and patience, VerilatorEngine waves, keep, verilog and initial
    Raises ValueError for an unknown name, configuration or option, and ToolMissing where a program is not installed.
    """
    if not isinstance(name, str) or name not in ENGINES:
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}, not {name!r}")
    for option in options.keys() - inspect.signature(ENGINES[name]).parameters.keys():
        raise ValueError(f"engine {name} has no option {option!r}")
    return ENGINES[name](configuration(config, accelerator), **options)

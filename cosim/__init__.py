"""Engines that run a program: `cosim.engine(name, config)` is the one door."""
from cosim.engine import Engine, GemmResult, Operands, Report
from cosim.functional import Functional
from cosim.icarus_engine import IcarusEngine
from cosim.myhdl_engine import MyhdlEngine
from rtl.config import PRESETS, SatConfig

__all__ = ["ENGINES", "Engine", "GemmResult", "Operands", "Report", "engine"]

ENGINES = {kind.name: kind for kind in (Functional, MyhdlEngine, IcarusEngine)}


def engine(name: str, config: SatConfig | str = "small") -> Engine:
    """The engine of that name for a configuration, or for a preset by its name. Raises ValueError."""
    if name not in ENGINES:
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}, not {name!r}")
    if isinstance(config, str):
        if config not in PRESETS:
            raise ValueError(f"config must be one of {', '.join(PRESETS)}, not {config!r}")
        config = PRESETS[config]
    return ENGINES[name](config)

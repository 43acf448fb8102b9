"""The table of accelerators, as the model knows them.

Whoever costs, compares or reports asks a row, and never which accelerator it has before it. A further accelerator is
its own folder and a row here; where it is to run on engines, another row in cosim/accelerators.py.
"""

from rtl.config import Config
from tlm.accelerator import Accelerator
from tlm.sat.row import SAT, SYSTOLIC
from tlm.sigma.row import SIGMA

DEFAULT = SAT.name
TABLE: dict[str, Accelerator] = {row.name: row for row in (SAT, SIGMA, SYSTOLIC)}


def accelerator(name: str) -> Accelerator:
    """The row of a name. Raises ValueError for an unknown one."""
    if not isinstance(name, str) or name not in TABLE:
        raise ValueError(f"accelerator must be one of {', '.join(TABLE)}, not {name!r}")
    return TABLE[name]


def configuration(config: Config | str, name: str | None = None) -> Config:
    """A configuration; a preset of an accelerator by its name, or a JSON file of it by its path.

    name  of the accelerator; None: that of the configuration, or else SAT
    Raises ValueError for an unknown name or key, and for a configuration of another accelerator.
    """
    row = (
        accelerator_of(config)
        if isinstance(config, Config) and name is None
        else accelerator(DEFAULT if name is None else name)
    )
    if isinstance(config, Config) and type(config) is not row.config_type:
        raise ValueError(f"accelerator {row.name} takes a {row.config_type.__name__}, not a {type(config).__name__}")
    return row.load(config)


def accelerator_of(config: Config) -> Accelerator:
    """The row of a configuration. Raises ValueError for one that is no accelerator's."""
    row = TABLE.get(getattr(config, "accelerator", ""))
    if row is None or type(config) is not row.config_type:
        known = ", ".join(row.config_type.__name__ for row in TABLE.values())
        raise ValueError(f"a configuration must be one of {known}, not a {type(config).__name__}")
    return row

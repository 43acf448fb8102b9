"""Transaction-level model: a GEMM becomes a program of tiles, and a timeline gives its cycles."""

from typing import Any

from rtl.config import Config
from rtl.sparsity import Sparsity
from tlm.accelerators import accelerator_of, configuration
from tlm.gemm import Gemm
from tlm.memory import Memory
from tlm.sat.mapping import Mapping
from tlm.sat.plan import Plan, load_plan, make_plan
from tlm.sat.program import GemmProgram
from tlm.sat.tile import Tile
from tlm.sat.update_program import UpdateProgram, UpdateTile
from tlm.timeline import Timeline, simulate
from tlm.transactions import Program
from tlm.update import Update

__all__ = [
    "Gemm",
    "GemmProgram",
    "Mapping",
    "Memory",
    "Plan",
    "Program",
    "Tile",
    "Timeline",
    "Update",
    "UpdateProgram",
    "UpdateTile",
    "load_plan",
    "make_plan",
    "predict",
    "schedule",
    "schedule_update",
    "simulate",
]


def schedule(
    gemm: Gemm, config: Config, mapping: Any = None, *, zeros: Any = None, memory: Memory | None = None
) -> Program:
    """The program of a GEMM on any accelerator's configuration (tlm.accelerator.Schedule, which says more)."""
    if not isinstance(gemm, Gemm):
        raise ValueError(f"a Gemm is scheduled, not a {type(gemm).__name__}")
    return accelerator_of(config).schedule(gemm, config, mapping, zeros=zeros, memory=memory)


def schedule_update(update: Update, config: Config, memory: Memory | None = None) -> Program:
    """The program of an update on a configuration; memory None: the configuration's.

    Raises ValueError for a pattern that the hardware does not know, and an accelerator that updates no weights.
    """
    if not isinstance(update, Update):
        raise ValueError(f"an Update is scheduled, not a {type(update).__name__}")
    return accelerator_of(config).program_of(update, config, memory)


def predict(
    m: int,
    k: int,
    n: int,
    sparsity: str | Sparsity | None = None,
    config: Config | str = "small",
    output: str = "fp32",
    mapping: Any = None,
    *,
    accelerator: str | None = None,
    memory: Memory | None = None,
) -> Timeline:
    """Cycles of an (m, k) x (k, n) GEMM, total and tile by tile, without any values.

    sparsity  None, 'dense' or 'N:M'
    config    a configuration, a preset's name or a JSON file's
    output    'fp32' or 'fp16'
    mapping   a dataflow's name (of SAT 'os' or 'ws') or a mapping of the accelerator's; None: its default
    accelerator  whose configuration, preset or file it is; None: the configuration's, or else SAT's
    memory    None: the configuration's
    Raises ValueError for sizes, patterns and configurations that the hardware does not know.
    """
    gemm = Gemm(m, k, n, Sparsity.parse(sparsity), output)
    return simulate(schedule(gemm, configuration(config, accelerator), mapping, memory=memory))

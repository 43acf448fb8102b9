"""Transaction-level model of SAT: a GEMM becomes a program of tiles, and a timeline says what it costs."""

from rtl.config import SatConfig, load_config
from rtl.sparsity import Sparsity
from tlm.gemm import Gemm
from tlm.mapping import Mapping
from tlm.plan import Plan, load_plan, make_plan
from tlm.program import Program, Tile, schedule
from tlm.timeline import Timeline, simulate
from tlm.update import Update, UpdateProgram, UpdateTile, schedule_update

__all__ = [
    "Gemm",
    "Mapping",
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


def predict(
    m: int,
    k: int,
    n: int,
    sparsity: str | Sparsity | None = None,
    config: SatConfig | str = "small",
    output: str = "fp32",
    mapping: Mapping | str = "os",
) -> Timeline:
    """Cycles of an (m, k) x (k, n) GEMM, total and tile by tile, without any values.

    sparsity  None, 'dense' or 'N:M'; config a SatConfig, a preset's name or a JSON file's; output 'fp32' or 'fp16'
    mapping   'os' or 'ws', the dataflow, with the largest tiles that fit; or a Mapping
    Raises ValueError for sizes, patterns and configurations that the hardware does not know.
    """
    gemm = Gemm(m, k, n, Sparsity.parse(sparsity), output)
    return simulate(schedule(gemm, load_config(config), mapping))

"""SAT's row in the table of accelerators, and that of its array with sparsity off: a plain systolic one."""

from collections.abc import Mapping, Sequence
from typing import Any

from rtl.sat.config import PRESETS, SatConfig, SystolicConfig
from rtl.sparsity import Sparsity
from tlm.accelerator import Accelerator, Formula, Planner
from tlm.gemm import Gemm
from tlm.memory import Memory
from tlm.published.tpu import systolic_cycles
from tlm.sat.dataflow import DATAFLOWS
from tlm.sat.plan import Plan, load_plan, make_plan
from tlm.sat.program import GemmProgram, schedule_gemm
from tlm.sat.scheduler import best_mapping
from tlm.sat.update_program import schedule_update
from tlm.work import Work


def schedule(
    gemm: Gemm, config: SatConfig, mapping: Any = None, *, zeros: Any = None, memory: Memory | None = None
) -> GemmProgram:
    """tlm.accelerator.Schedule: a dataflow's name stands for its largest tiles, by default output-stationary."""
    if zeros is not None:
        raise ValueError(f"no program of SAT depends on its operands' zeros: they cannot be {type(zeros).__name__}")
    return schedule_gemm(gemm, config, mapping, memory)


def best(
    gemm: Gemm,
    config: SatConfig,
    dataflows: Sequence[str] = (),
    *,
    densities: tuple[float, float] | None = None,
    by_chance: bool = False,
    memory: Memory | None = None,
) -> tuple[GemmProgram, int]:
    """tlm.accelerator.Best: zeros that are no N:M pattern are multiplied as everything else."""
    mapping, cycles = best_mapping(gemm, config, tuple(dataflows or DATAFLOWS), memory)
    return schedule_gemm(gemm, config, mapping, memory), cycles


def plan(work: Sequence[Work], config: SatConfig, dataflows: Sequence[str] = ()) -> Plan:
    """tlm.accelerator.Planner.make."""
    return make_plan(work, config, tuple(dataflows or DATAFLOWS))


def plan_without_interleaving(work: Sequence[Work], config: SatConfig) -> Plan:
    """The best plan where each processing element holds one output, whose steps wait for the adder."""
    return make_plan(work, config.model_copy(update=dict(interleave=1)))


def plan_without_pregeneration(work: Sequence[Work], config: SatConfig) -> Plan:
    """The best plan where N:M copies are made before each use, and never with the update."""
    return make_plan(work, config, generations=("use",))


def takes(pattern: Sparsity, config: SatConfig) -> bool:
    """tlm.accelerator.Planner.takes."""
    return pattern.m <= config.largest_m


def array(config: SatConfig) -> str:
    """Its processing elements, in words."""
    return f"{config.rows} x {config.columns} elements, {config.interleave} interleaved"


def _tpu_cycles(program: GemmProgram) -> int:
    (m, k, n), config = program.gemm.shape, program.config
    return program.gemm.count * systolic_cycles(m=m, n=n, k=k, rows=config.rows, columns=config.columns).cycles


def _plain(configs: Mapping[str, SatConfig]) -> dict[str, SystolicConfig]:
    return {name: SystolicConfig.of(config) for name, config in configs.items()}


# As large, and with the same memory and clock, as the configuration of SIGMA's paper; SAT's paper has none so large.
_PAPER = SatConfig(
    name="paper",
    rows=128,
    columns=128,
    chunk=1024,
    update_lanes=16,
    clock_mhz=500,
    buffer_kib=32768,
    memory_latency=64,
    read_bytes_per_cycle=256,
    write_bytes_per_cycle=256,
)
_COMPARABLE = {**PRESETS, "paper": _PAPER}
_MEANINGS = {name: flow.meaning for name, flow in DATAFLOWS.items()}

SAT = Accelerator(
    name="sat",
    title="SAT",
    summary="N:M sparse weights, weight updates in hardware",
    config_type=SatConfig,
    presets=PRESETS,
    dataflows=_MEANINGS,
    schedule=schedule,
    best=best,
    schedule_update=schedule_update,
    planner=Planner(
        plan,
        load_plan,
        {"interleaving": plan_without_interleaving, "pre-generation": plan_without_pregeneration},
        takes,
    ),
    array=array,
    comparable=_COMPARABLE,
)

SYSTOLIC = Accelerator(
    name="systolic",
    title="systolic",
    summary="SAT's array with sparsity off, as a TPU's",
    config_type=SystolicConfig,
    derived_from=SatConfig,
    derive=SystolicConfig.of,
    presets=_plain(PRESETS),
    dataflows=_MEANINGS,
    schedule=schedule,
    best=best,
    schedule_update=schedule_update,
    counts_updates=False,
    skips_zeros=False,
    formula=Formula(_tpu_cycles, "the formula for a TPU's array, without memory", compared=True),
    comparable=_plain(_COMPARABLE),
)

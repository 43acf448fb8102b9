"""SIGMA's row in the table of accelerators."""

from collections.abc import Sequence

from rtl.sigma.config import PRESETS, SigmaConfig
from tlm.accelerator import Accelerator, Formula
from tlm.gemm import Gemm
from tlm.memory import Memory
from tlm.published.sigma import sigma_cycles
from tlm.sigma.mapping import STATIONARY, SigmaMapping, mapping_of
from tlm.sigma.program import SigmaProgram, schedule_sigma
from tlm.sigma.scheduler import MARGIN, best_sigma_mapping
from tlm.sigma.zeros import UniformDensity, ZeroPattern


def schedule(
    gemm: Gemm,
    config: SigmaConfig,
    mapping: SigmaMapping | str | None = None,
    *,
    zeros: ZeroPattern | None = None,
    memory: Memory | None = None,
) -> SigmaProgram:
    """tlm.accelerator.Schedule: without zeros, a name or None stands for the best blocks; with them, a name for the
    largest."""
    if mapping is not None:
        mapping_of(config, mapping)  # refuses what is no mapping, or does not fit
    if zeros is None:
        if not isinstance(mapping, SigmaMapping):
            return best(gemm, config, () if mapping is None else (mapping,), memory=memory)[0]
        own, streamed = gemm.densities if mapping.stationary == "mk" else reversed(gemm.densities)
        zeros = UniformDensity(own, streamed)
    if mapping is None:
        raise ValueError(
            f"a program for given zeros needs a mapping: one of {', '.join(STATIONARY)}, or a SigmaMapping"
        )
    return schedule_sigma(gemm, config, zeros, mapping, memory)


def best(
    gemm: Gemm,
    config: SigmaConfig,
    dataflows: Sequence[str] = (),
    *,
    densities: tuple[float, float] | None = None,
    by_chance: bool = False,
    memory: Memory | None = None,
) -> tuple[SigmaProgram, int]:
    """tlm.accelerator.Best: with the margin of zeros that fall by chance."""
    margin = MARGIN if by_chance else 0.0
    return best_sigma_mapping(gemm, config, densities, tuple(dataflows or STATIONARY), margin, memory)


def _published_cycles(program: SigmaProgram) -> int:
    """By the latency model of SIGMA's paper, for the operand that stays."""
    rows, k, columns = program.shape
    lanes, elements = program.config.lanes, program.config.elements
    cycles = sigma_cycles(
        m=rows, n=columns, k=k, density=program.zeros.shares[0], words_per_cycle=lanes, elements=elements
    )
    return program.gemm.count * cycles.total


SIGMA = Accelerator(
    name="sigma",
    title="SIGMA",
    summary="zeros of either operand, anywhere",
    config_type=SigmaConfig,
    presets=PRESETS,
    dataflows=STATIONARY,
    schedule=schedule,
    best=best,
    counts_updates=False,
    formula=Formula(
        _published_cycles, "the latency model of SIGMA's paper, which counts no memory, no results and no settings"
    ),
    challenger=True,
    definitions={
        "dataflow": "the operand that stays, mk or kn",
        "tile": "rows are the stationary operand's",
        "macs": "of two values other than zero",
        "bytes_indices": "bitmaps and settings",
    },
    compared={
        "bytes": "where zeros come by chance, as its cycles, of two standard deviations above the mean",
        "mapping": "the operand that stays, sizes of blocks, and their order",
    },
)

"""What a training step's GEMMs take on SIGMA."""

from collections.abc import Iterable

from rtl.sigma.config import SigmaConfig
from tlm.gemm import Gemm
from tlm.plan import Work
from tlm.report import Run
from tlm.sigma.program import SigmaProgram
from tlm.sigma.scheduler import best_sigma_mapping
from tlm.timeline import Timeline


def cost_on_sigma(work: Iterable[Work], config: SigmaConfig, stationary: str | None = None) -> list[Run]:
    """The best program of each GEMM, activations and gradients dense, and what it takes by the model.

    stationary  'mk' or 'kn', the operand that stays; None: in each GEMM the one that takes fewer cycles
    Weight updates are left out, which SIGMA has no unit for. Raises ValueError for an unknown operand.
    """
    runs = []
    for gemm in work:
        if isinstance(gemm, Gemm):
            program, cycles = best_sigma_mapping(gemm, config, densities(gemm), stationary)
            # The program is that of an equal GEMM, which may be another layer's.
            runs.append((SigmaProgram(gemm, config, program.mapping, program.occupancy), Timeline(program, cycles)))
    return runs


def densities(gemm: Gemm) -> tuple[float, float]:
    """Shares of values other than zero of a and b: of N:M sparse weights what is kept, which is more of a last group
    that is not whole; and all of the rest."""
    return 1.0, gemm.kept / gemm.k

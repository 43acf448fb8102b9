"""From a GEMM and its operands to SIGMA's program for them, which depends on their zeros."""

import numpy as np

from cosim.exchange import Factors, Operands
from rtl.sigma.config import SigmaConfig
from tlm.gemm import Gemm
from tlm.memory import Memory
from tlm.sigma.mapping import STATIONARY, SigmaMapping
from tlm.sigma.program import SigmaProgram, schedule_sigma
from tlm.sigma.zeros import ExactZeros
from tlm.timeline import simulate


def schedule(
    gemm: Gemm, operands: Operands, config: SigmaConfig, mapping: SigmaMapping | str | None, memory: Memory
) -> SigmaProgram:
    """The program of a GEMM with these operands, b pruned.

    mapping  'mk', 'kn' or a SigmaMapping; None: the operand of fewer cycles, 'mk' where there is no difference
    Raises ValueError for a mapping that does not fit.
    """
    if mapping is not None:
        return _with_mapping(gemm, operands, config, mapping, memory)
    programs = [_with_mapping(gemm, operands, config, name, memory) for name in STATIONARY]
    bounds = [cycles_at_least(program) for program in programs]
    likely = programs[bounds.index(min(bounds))]
    cycles = simulate(likely).cycles
    # One whose steps alone take longer need not be looked at: it has many tiles.
    others = [program for program, bound in zip(programs, bounds, strict=True) if bound <= cycles or program is likely]
    return min(others, key=lambda program: simulate(program).cycles)


def cycles_at_least(program: SigmaProgram) -> int:
    """Cycles of a program's steps, were all its folds full but for the last one of each chunk."""
    config, mapping = program.config, program.mapping
    values = zeros_of(program).values(mapping.rows, mapping.columns, config.lanes)
    starts = np.arange(0, program.shape[2], mapping.columns)
    widths = np.maximum(np.minimum(mapping.columns, program.shape[2] - starts), config.turn)
    return int((-(-values // config.elements) * widths[:, None]).sum())


def sides(stationary: str, operands: Operands | Factors) -> tuple[np.ndarray, np.ndarray]:
    """The stationary operand (rows, k), and the streamed one (k, columns), or with their count in front."""
    a, b = operands.arrays
    return (a, b) if stationary == "mk" else (b.swapaxes(-1, -2), a.swapaxes(-1, -2))


def zeros_of(program: SigmaProgram) -> ExactZeros:
    """The zeros of the operands that the program was made for. Raises ValueError for one that is costed alone."""
    if not isinstance(program.zeros, ExactZeros):
        raise ValueError(
            "a program that runs must be made for the zeros of its operands (ExactZeros), not for densities: "
            f"{type(program.zeros).__name__}"
        )
    return program.zeros


def check_zeros(program: SigmaProgram, operands: Operands) -> None:
    """Raise ValueError unless the program was made for the zeros of these operands."""
    if zeros_of(program) != ExactZeros.of(*sides(program.mapping.stationary, operands)):
        raise ValueError("the program must be made for the zeros of its operands, not for zeros in other places")


def _with_mapping(
    gemm: Gemm, operands: Operands, config: SigmaConfig, mapping: SigmaMapping | str, memory: Memory
) -> SigmaProgram:
    stationary = mapping.stationary if isinstance(mapping, SigmaMapping) else mapping
    zeros = ExactZeros.of(*sides(stationary, operands))
    return schedule_sigma(gemm, config, zeros, mapping, memory)

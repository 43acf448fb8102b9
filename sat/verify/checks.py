"""The single GEMMs of `sat verify gemm`; sat/verify/step_checks.py is about training steps."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from cosim.check.checker import Checker
from cosim.check.sampler import Sample
from rtl.sparsity import Sparsity
from sat.planning import SCHEDULED, check_dataflow
from sat.verify.operands import KINDS, Kind
from tlm.gemm import Gemm
from tlm.workload.trace import Trace


@dataclass(frozen=True)
class Check:
    """Programs to run on a checker.

    total   how many run
    work    runs them, and yields with each item how many tensors were compared
    sample  the pieces that are drawn, where they are all that runs
    trace   the matrix products of the step that is checked, those of the host among them
    """

    total: int
    work: Iterator[int]
    sample: Sample | None = None
    trace: Trace | None = None


def gemm_check(
    checker: Checker,
    shape: tuple[int, int, int],
    sparsity: str,
    seed: int,
    dataflow: str | None,
    densities: tuple[float, float] = (1.0, 1.0),
) -> Check:
    """GEMMs of each kind of operands, in every dataflow with the largest tiles, or in one, or as scheduled.

    densities  of a and b: shares of the values drawn that are not set to zero
    Raises ValueError for a shape, pattern or dataflow that the hardware does not know.
    """
    pattern = Sparsity.parse(sparsity)
    if dataflow is not None:
        check_dataflow(dataflow, checker.config)
    names = tuple(checker.accelerator.dataflows) if dataflow is None else (dataflow,)
    gemms = [(kind, Gemm(*shape, pattern, kind.output, "gemm", kind.name)) for kind in KINDS]
    runs = [(kind, gemm, _mapping(gemm, checker, name)) for kind, gemm in gemms for name in names]
    return Check(len(runs), _each(checker, runs, seed, densities))


def _mapping(gemm: Gemm, checker: Checker, name: str) -> Any:
    """The mapping that a dataflow's name stands for. Raises ValueError for a pattern that the hardware does not know.

    Where programs are made for the operands' zeros, scheduling is the engine's, which knows them.
    """
    row, config = checker.accelerator, checker.config
    if checker.programs_depend_on_zeros:
        return None if name == SCHEDULED else name
    program = row.best(gemm, config)[0] if name == SCHEDULED else row.schedule(gemm, config, name)
    return program.mapping


def _each(
    checker: Checker, runs: list[tuple[Kind, Gemm, Any]], seed: int, densities: tuple[float, float]
) -> Iterator[int]:
    rng = np.random.default_rng(seed)
    (_, first, _), *_ = runs
    operands = {kind: kind.draw(rng, *first.shape) for kind in KINDS}
    for sides in operands.values():
        for side, density in zip(sides, densities, strict=True):
            side[rng.random(side.shape) >= density] = 0
    for kind, gemm, mapping in runs:
        a, b = (_formatted(side, checker.operand_format) for side in operands[kind])
        checker.execute(gemm, a, b, mapping)
        yield 0


def _formatted(values: np.ndarray, form: str) -> np.ndarray:
    """float16 values in the form that an engine takes: as bfloat16 without their last bits, but a NaN stays one."""
    if form == "fp16":
        return values
    bits = values.astype(np.float32).view(np.uint32) & 0xFFFF0000
    bits[np.isnan(values)] |= 0x00400000
    return bits.view(np.float32)

"""What `sat verify --gemm` runs: single GEMMs in both dataflows. sat/verify/step_checks.py is about training steps."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from cosim.checker import Checker
from cosim.sampler import Sample
from rtl.sparsity import Sparsity
from sat.planning import SCHEDULED, check_dataflow, dataflows
from sat.verify.operands import KINDS
from tlm import Gemm
from tlm.accelerators import accelerator_of


@dataclass(frozen=True)
class Check:
    """How many programs run, and an iterator that runs them and yields the tensors compared with each item.

    sample  what is drawn, where that is all that runs
    """

    total: int
    work: Iterator[int]
    sample: Sample | None = None


def gemm_check(
    checker: Checker,
    shape: tuple[int, int, int],
    sparsity: str,
    seed: int,
    dataflow: str | None,
    densities: tuple[float, float] = (1.0, 1.0),
) -> Check:
    """GEMMs of each kind of operands, in both dataflows with the largest tiles, or in one, or as scheduled.

    densities  of a and b: shares of the values drawn that are not set to zero
    Raises ValueError for a shape, pattern or dataflow that the hardware does not know.
    """
    pattern, config = Sparsity.parse(sparsity), checker.config
    if dataflow is not None:
        check_dataflow(dataflow, config)
    runs = []
    for kind in KINDS:
        for name in dataflows(config) if dataflow is None else (dataflow,):
            gemm = Gemm(*shape, pattern, kind.output, "gemm", kind.name)
            runs.append((kind, gemm, _mapping(gemm, checker, name)))
    return Check(len(runs), _each(checker, runs, seed, densities))


def _mapping(gemm: Gemm, checker: Checker, name: str) -> Any:
    """The mapping that a dataflow's name stands for. Raises ValueError for a pattern that the hardware does not know.

    Where programs are made for the operands' zeros, scheduling is the engine's, which knows them.
    """
    if checker.programs_depend_on_zeros:
        return None if name == SCHEDULED else name
    row = accelerator_of(checker.config)
    return (
        row.best(gemm, checker.config)[0].mapping
        if name == SCHEDULED
        else row.schedule(gemm, checker.config, name).mapping
    )


def _each(checker: Checker, runs: list[tuple], seed: int, densities: tuple[float, float]) -> Iterator[int]:
    rng = np.random.default_rng(seed)
    operands = {kind: kind.draw(rng, *runs[0][1].shape) for kind in KINDS}
    for sides in operands.values():
        for side, density in zip(sides, densities, strict=True):
            side[rng.random(side.shape) >= density] = 0
    for kind, gemm, mapping in runs:
        checker.execute(gemm, *(_formatted(side, checker.operand_format) for side in operands[kind]), mapping)
        yield 0


def _formatted(values: np.ndarray, form: str) -> np.ndarray:
    """float16 values in the form that an engine takes: as bfloat16 without their last bits, but a NaN stays one."""
    if form == "fp16":
        return values
    bits = values.astype(np.float32).view(np.uint32) & 0xFFFF0000
    bits[np.isnan(values)] |= 0x00400000
    return bits.view(np.float32)

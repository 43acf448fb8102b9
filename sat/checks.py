"""What `sat verify --gemm` runs: single GEMMs in both dataflows. sat/step_checks.py is about training steps."""
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cosim.checker import Checker
from cosim.sampler import Sample
from rtl.sparsity import Sparsity
from sat.operands import KINDS
from sat.planning import SCHEDULED, check_dataflow
from tlm import Gemm, schedule
from tlm.mapping import DATAFLOWS
from tlm.scheduler import best_mapping


@dataclass(frozen=True)
class Check:
    """How many programs run, and an iterator that runs them and yields the tensors compared with each item.

    sample  what is drawn, where that is all that runs
    """

    total: int
    work: Iterator[int]
    sample: Sample | None = None


def gemm_check(checker: Checker, shape: tuple[int, int, int], sparsity: str, seed: int, dataflow: str | None) -> Check:
    """GEMMs of each kind of operands, in both dataflows with the largest tiles, or in one, or as scheduled.

    Raises ValueError for a shape, pattern or dataflow that the hardware does not know.
    """
    pattern, names = Sparsity.parse(sparsity), DATAFLOWS if dataflow is None else (dataflow,)
    runs = []
    if dataflow is not None:
        check_dataflow(dataflow)
    for kind in KINDS:
        for name in names:
            gemm = Gemm(*shape, pattern, kind.output, "gemm", kind.name)
            mapping = best_mapping(gemm, checker.config)[0] if name == SCHEDULED else name
            schedule(gemm, checker.config, mapping)
            runs.append((kind, gemm, mapping))
    return Check(len(runs), _each(checker, runs, seed))


def _each(checker: Checker, runs: list[tuple], seed: int) -> Iterator[int]:
    rng = np.random.default_rng(seed)
    operands = {kind: kind.draw(rng, *runs[0][1].shape) for kind in KINDS}
    for kind, gemm, mapping in runs:
        checker.execute(gemm, *operands[kind], mapping)
        yield 0

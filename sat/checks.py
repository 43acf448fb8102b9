"""What `sat verify` runs: single GEMMs in both dataflows, or whole training steps."""
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import cosim
from cosim.checker import Checker
from rtl.sparsity import Sparsity
from sat.operands import KINDS
from sat.planning import SCHEDULED, check_dataflow, plan_for
from tlm import Gemm, schedule
from tlm.mapping import DATAFLOWS
from tlm.plan import programs
from tlm.scheduler import best_mapping
from tlm.workload.methods import Scheme


@dataclass(frozen=True)
class Check:
    """How many programs run, and an iterator that runs them and yields the tensors compared with each item."""

    total: int
    work: Iterator[int]


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


def step_check(checker: Checker, model: str, data: str, scheme: Scheme, seed: int, batch: int, steps: int,
               dataflow: str | None, plan: Path | None) -> Check:
    """Training steps on the checker and on the functional engine. Raises ValueError."""
    from training import Settings, Trainer, whole_step
    from training.data import load
    from training.lockstep import lockstep
    images, settings = load(data, seed), Settings(seed, batch)
    trial, reference = (Trainer(model, images, engine, scheme, settings=settings)
                        for engine in (checker, cosim.engine("functional", checker.config)))
    step = whole_step(trial.module, (batch, *images.image_shape), scheme)
    chosen = plan_for(step, checker.config, dataflow or SCHEDULED, plan)
    trial.follow(chosen)
    return Check(steps * len(list(programs(step, checker.config, chosen))), lockstep(trial, reference, steps))

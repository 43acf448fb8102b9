"""The training steps of `sat verify`: whole ones, or a sample of one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cosim import Engine
from cosim.accelerator import Piece
from cosim.check.checker import Checker, Mismatch
from cosim.check.sampler import Sampler, draw
from cosim.engines.functional import Functional
from sat.planning import SCHEDULED, step_plan_for
from sat.task import Task, batch_shape
from sat.verify.checks import Check
from tlm.gemm import Gemm
from tlm.step import programs
from tlm.work import Work
from tlm.workload.methods import Scheme
from training import DataSet, Settings, Trainer, whole_step
from training.lockstep import lockstep

MOST_STEPS = 20  # until one has updates: one whose gradients overflow has none, and halves the loss scale


@dataclass(frozen=True)
class Training:
    """A network and its data, the scheme by which a step trains it, and the settings of the training."""

    task: Task
    scheme: Scheme
    settings: Settings

    def trainer(self, data: DataSet, engine: Engine) -> Trainer:
        """A new trainer on an engine. Raises ValueError for a network that does not exist, or for other images."""
        return self.task.trainer(data, engine, self.scheme, self.settings)

    def step(self, trainer: Trainer) -> list[Work]:
        """The work of the trainer's first step."""
        return whole_step(trainer.module, batch_shape(trainer), self.scheme)


def step_check(checker: Checker, training: Training, steps: int, dataflow: str | None, plan: Path | None) -> Check:
    """Training steps on the checker and on the functional engine; where programs are made for the operands' zeros there
    is no plan. Raises ValueError for what cannot be trained, and a dataflow or plan that does not fit."""
    data = training.task.load(training.settings.seed)
    trial, reference = (training.trainer(data, engine) for engine in (checker, Functional(checker.config)))
    step = training.step(trial)
    if checker.programs_depend_on_zeros:
        if dataflow:
            title = checker.accelerator.title
            raise ValueError(f"--dataflow on {title} is for sat verify gemm: in a step it depends on operands' zeros")
        gemms = [one for one in step if isinstance(one, Gemm)]
        return Check(steps * len(gemms), lockstep(trial, reference, steps))
    chosen = step_plan_for(step, checker.config, dataflow or SCHEDULED, plan)
    trial.follow(chosen)
    return Check(steps * len(list(programs(step, checker.config, chosen))), lockstep(trial, reference, steps))


def sample_check(checker: Checker, training: Training, count: int, dataflow: str | None, plan: Path | None) -> Check:
    """Pieces of one training step, which is taken here and now on the functional engine, on the checker.

    Raises ValueError, also where there is no step because gradients overflow again and again.
    """
    engine = Functional(checker.config)
    trainer = training.trainer(training.task.load(training.settings.seed), engine)
    step = training.step(trainer)
    chosen = step_plan_for(step, checker.config, dataflow or SCHEDULED, plan)
    sample = draw(list(programs(step, checker.config, chosen)), count, training.settings.seed)
    sampler = Sampler(engine, sample)
    trainer.follow(chosen)
    trainer.use(sampler)
    for _ in range(MOST_STEPS):
        trainer.train(steps=1)
        if sampler.complete:
            return Check(len(sample.pieces), _pieces(checker, sampler.kept), sample)
    raise ValueError(f"the gradients of {MOST_STEPS} steps overflow: there is no whole step to draw a sample from")


def _pieces(checker: Checker, recorded: Iterable[tuple[Piece, Any, Any]]) -> Iterator[int]:
    """Check each piece with its operands in the step, and the block of the step's result in its place."""
    for piece, operands, block in recorded:
        try:
            checker.check(piece.program, operands, piece.origins, block)
        except Mismatch as error:
            raise Mismatch(f"{error}; the piece is {piece.text}") from error
        yield 0

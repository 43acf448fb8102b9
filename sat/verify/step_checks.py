"""The training steps of `sat verify`: whole ones, or a sample of one."""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cosim import Engine
from cosim.accelerator import Piece
from cosim.check.checker import Checker, Mismatch
from cosim.check.recorder import Recorder
from cosim.check.sampler import Sampler, draw
from cosim.engines.functional import Functional
from sat.planning import SCHEDULED, step_plan_for
from sat.task import Task, batch_shape
from sat.verify.checks import Check
from tlm.gemm import Gemm
from tlm.step import programs
from tlm.transactions import Program
from tlm.work import Work
from tlm.workload.methods import Scheme
from tlm.workload.step import whole_step
from tlm.workload.trace import Trace
from training import DataSet, Settings, Trainer, trace
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

    def trace(self, trainer: Trainer) -> Trace:
        """The matrix products of the trainer's first step."""
        return trace(trainer.module, batch_shape(trainer))


def step_check(checker: Checker, training: Training, steps: int, dataflow: str | None, plan: Path | None) -> Check:
    """Training steps on the checker and on the functional engine; where programs are made for the operands' zeros there
    is no plan. Raises ValueError for what cannot be trained, and a dataflow or plan that does not fit."""
    trial, reference, found, step = _prepared(checker, training, dataflow, plan)
    return Check(steps * len(step), lockstep(trial, reference, steps), trace=found)


def forward_check(checker: Checker, training: Training, dataflow: str | None, plan: Path | None) -> Check:
    """The forward pass of a batch, as in evaluation, on the checker and on the functional engine.

    Raises ValueError as step_check does.
    """
    trial, reference, found, step = _prepared(checker, training, dataflow, plan)
    return Check(sum(work.stage == "ff" for work in step), _forward(trial, reference), trace=found.inference())


def _prepared(
    checker: Checker, training: Training, dataflow: str | None, plan: Path | None
) -> tuple[Trainer, Trainer, Trace, list[Work]]:
    """A trainer on the checker, one on the functional engine, and of a step its products and the work that runs."""
    data = training.task.load(training.settings.seed)
    trial, reference = (training.trainer(data, engine) for engine in (checker, Functional(checker.config)))
    found = training.trace(trial)
    step = whole_step(found.calls, training.scheme)
    if checker.programs_depend_on_zeros:
        _refuse_dataflow(checker, dataflow)
        return trial, reference, found, [one for one in step if isinstance(one, Gemm)]
    chosen = step_plan_for(step, checker.config, dataflow or SCHEDULED, plan)
    trial.follow(chosen)
    return trial, reference, found, [program.work for program in programs(step, checker.config, chosen)]


def _forward(trial: Trainer, reference: Trainer) -> Iterator[int]:
    expected, found = reference.forward(), trial.forward()
    if expected.numpy().tobytes() != found.numpy().tobytes():
        raise Mismatch("the outputs differ from the reference's")
    yield 1


def sample_check(checker: Checker, training: Training, count: int, dataflow: str | None, plan: Path | None) -> Check:
    """Pieces of one training step, which is taken here and now on the functional engine, on the checker.

    Raises ValueError, also where there is no step because gradients overflow again and again.
    """
    engine = Functional(checker.config)
    trainer = training.trainer(training.task.load(training.settings.seed), engine)
    found = training.trace(trainer)
    step = whole_step(found.calls, training.scheme)
    if checker.programs_depend_on_zeros:
        _refuse_dataflow(checker, dataflow)
        ran = _programs_of_a_step(trainer)
    else:
        chosen = step_plan_for(step, checker.config, dataflow or SCHEDULED, plan)
        trainer.follow(chosen)
        ran = list(programs(step, checker.config, chosen))
    sample = draw(ran, count, training.settings.seed, checker.inner.piece_size)
    sampler = Sampler(engine, sample)
    trainer.use(sampler)
    for _ in range(MOST_STEPS):
        trainer.train(steps=1)
        if sampler.complete:
            return Check(len(sample.pieces), _pieces(checker, sampler.kept), sample, found)
    raise _no_step()


def _programs_of_a_step(trainer: Trainer) -> list[Program]:
    """The programs of the first step whose gradients do not overflow, made for the zeros of its operands. The trainer
    is left before that step. Raises ValueError where there is none."""
    engine = trainer.engine
    for _ in range(MOST_STEPS):
        before, skipped = deepcopy(trainer.state()), trainer.loss_scale.skipped
        trainer.use(recorder := Recorder(engine))
        trainer.train(steps=1)
        if trainer.loss_scale.skipped == skipped:
            trainer.restore(before)
            return [program for program, _ in recorder.runs]
    raise _no_step()


def _no_step() -> ValueError:
    return ValueError(f"the gradients of {MOST_STEPS} steps overflow: there is no whole step to draw a sample from")


def _refuse_dataflow(checker: Checker, dataflow: str | None) -> None:
    if dataflow:
        title = checker.accelerator.title
        raise ValueError(f"--dataflow on {title} is for sat verify gemm: in a step it depends on operands' zeros")


def _pieces(checker: Checker, recorded: Iterable[tuple[Piece, Any, Any]]) -> Iterator[int]:
    """Check each piece with its operands in the step, and the block of the step's result in its place."""
    for piece, operands, block in recorded:
        checker.check(piece.program, operands, piece.origins, block, f"; the piece is {piece.text}")
        yield 0

"""What `sat verify` runs of training: whole steps, or a sample of one."""
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cosim import Engine
from cosim.checker import Checker, Mismatch
from cosim.functional import Functional
from cosim.sampler import Sampler, Taken, draw
from sat.checks import Check
from sat.planning import SCHEDULED, plan_for
from tlm.plan import Work, programs
from tlm.workload.methods import Scheme
from tlm.workload.networks import NETWORKS
from training import Settings, Trainer, models, whole_step
from training.data import DataSet, load
from training.data.catalogue import DIGITS
from training.lockstep import lockstep

MOST_STEPS = 20             # until one has updates: one whose gradients overflow has none, and halves the loss scale


@dataclass(frozen=True)
class Training:
    """What a step trains, and on which data, as the options choose them.

    image  height of the images; None: digits are enlarged to the least that the network takes, pictures have their own
    """

    model: str
    data: str
    scheme: Scheme
    seed: int = 0
    batch: int = 16
    image: int | None = None
    width: float = 1.0
    path: Path | None = None

    def load(self) -> DataSet:
        """The data set. Raises ValueError for one that does not exist or fit."""
        model = models.find(self.model)
        side = self.image
        if self.data == DIGITS and side is None:
            side = min(NETWORKS[self.model].images) if self.model in NETWORKS else model.input_shape[1]
        return load(self.data, self.seed, self.path, side and (model.input_shape[0], side, side))

    def trainer(self, data: DataSet, engine: Engine) -> Trainer:
        """A new trainer on an engine. Raises ValueError for a network that does not exist, or for other images."""
        settings, model = Settings(self.seed, self.batch), models.find(self.model)
        sides = data.image_shape[1], model.input_shape[1]
        module = models.build(self.model, self.seed, image=sides[0] if sides[0] != sides[1] else None,
                              classes=data.classes if data.classes != model.classes else None,
                              width=self.width if self.width != 1 else None)
        return Trainer(module, data, engine, self.scheme, settings=settings)

    def step(self, trainer: Trainer) -> list[Work]:
        """The work of the trainer's first step."""
        data = trainer.data
        return whole_step(trainer.module, (min(self.batch, data.train_size), *data.image_shape), self.scheme)


def step_check(checker: Checker, training: Training, steps: int, dataflow: str | None, plan: Path | None) -> Check:
    """Training steps on the checker and on the functional engine. Raises ValueError."""
    data = training.load()
    trial, reference = (training.trainer(data, engine) for engine in (checker, Functional(checker.config)))
    step = training.step(trial)
    chosen = plan_for(step, checker.config, dataflow or SCHEDULED, plan)
    trial.follow(chosen)
    return Check(steps * len(list(programs(step, checker.config, chosen))), lockstep(trial, reference, steps))


def sample_check(checker: Checker, training: Training, count: int, dataflow: str | None, plan: Path | None) -> Check:
    """Pieces of one training step, which is taken here and now on the functional engine, on the checker.

    Raises ValueError, also where there is no step because gradients overflow again and again.
    """
    engine = Functional(checker.config)
    trainer = training.trainer(training.load(), engine)
    step = training.step(trainer)
    chosen = plan_for(step, checker.config, dataflow or SCHEDULED, plan)
    sample = draw(list(programs(step, checker.config, chosen)), count, training.seed)
    sampler = Sampler(engine, sample)
    trainer.follow(chosen)
    trainer.use(sampler)
    for _ in range(MOST_STEPS):
        trainer.train(steps=1)
        if sampler.complete:
            return Check(len(sample.pieces), _pieces(checker, sampler.taken), sample)
    raise ValueError(f"the gradients of {MOST_STEPS} steps overflow: there is no whole step to draw a sample from")


def _pieces(checker: Checker, taken: list[Taken]) -> Iterator[int]:
    for piece, operands, block in taken:
        try:
            checker.check(piece.program, operands, piece.origins, block)
        except Mismatch as error:
            raise Mismatch(f"{error}; the piece is {piece.words}") from error
        yield 0

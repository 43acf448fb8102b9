"""Training on an engine: seeded, and the same bits for the same seed."""
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, islice

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from cosim import Engine
from rtl.sparsity import Sparsity
from tlm import Plan
from tlm.workload.methods import Scheme
from training import models
from training.conversion import convert, scheme_of, use_engine, use_plan
from training.data import DataSet
from training.optimizer import SGD, LossScale
from training.updates import Updates

EVALUATION_BATCH = 120


@dataclass(frozen=True)
class Settings:
    """How to train. Raises ValueError for a batch below 1 or a negative seed; SGD checks its constants."""

    seed: int = 0
    batch: int = 32
    lr: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 5e-4

    def __post_init__(self):
        if self.batch < 1:
            raise ValueError(f"batch must be at least 1, not {self.batch}")
        if not 0 <= self.seed < 2 ** 32:
            raise ValueError(f"seed must be at least 0 and below 2^32, not {self.seed}")


class Trainer:
    """Trains a model, by its name or a module of one's own, by a method on an engine.

    model      a name of models.MODELS, drawn from the seed; or an nn.Module, which is copied and stays as it is
    method     a name of METHODS, with the sparsity 'N:M' or a Sparsity, ignored for 'dense'; or a whole Scheme
    Raises ValueError for an unknown model, method or pattern, for a layer that cannot be lowered, and for images that
    the named model does not take.
    Afterwards `module` is the converted module, `optimizer` and `loss_scale` what updates it, `steps` the steps tried.
    """

    def __init__(self, model: str | nn.Module, data: DataSet, engine: Engine, method: str | Scheme = "dense",
                 sparsity: str | Sparsity | None = None, settings: Settings = Settings()):
        plain = _build(model, data, settings.seed) if isinstance(model, str) else model
        pattern = Sparsity.parse(sparsity)
        self.scheme = scheme_of(method, *((pattern.n, pattern.m) if pattern else ()))
        self.module = convert(plain, self.scheme, engine=engine)
        self.data, self.engine, self.settings = data, engine, settings
        self.optimizer = SGD(self.module.parameters(), settings.lr, settings.momentum, settings.weight_decay,
                             Updates(self.module))
        self.loss_scale = LossScale()
        self.steps = 0
        self._batches = self._endless()

    @property
    def steps_per_epoch(self) -> int:
        return -(-self.data.train_size // self.settings.batch)

    def step(self, x: Tensor, y: Tensor) -> float:
        """One forward pass, backward pass and weight update on a batch. Returns its loss, FP32 on the host.

        A step whose gradients overflow changes only the loss scale. Gradients stay readable, times the loss scale.
        """
        self.module.train()
        self.optimizer.zero_grad()
        with _drawn_from(self.settings.seed, self.steps):
            loss = cross_entropy(self.module(x).float(), y)
            (loss * self.loss_scale.scale).backward()
        self.loss_scale.step(self.optimizer)
        self.steps += 1
        return loss.item()

    def follow(self, plan: Plan | None) -> None:
        """From now on the GEMMs run by this plan. The bits stay the same."""
        use_plan(self.module, plan)

    def train(self, epochs: int | None = None, steps: int | None = None,
              progress: Callable[[int, int, float], None] | None = None) -> list[float]:
        """Go on for so many epochs, or so many steps. Training in two calls is the same as in one.

        progress  called after each step with (steps done, steps in all, loss)
        Returns the loss of each step. Raises ValueError unless exactly one of epochs and steps is given, at least 1.
        """
        given = [amount for amount in (epochs, steps) if amount is not None]
        if len(given) != 1 or given[0] < 1:
            raise ValueError(f"give epochs or steps, at least 1, not epochs {epochs} and steps {steps}")
        total, losses = steps or epochs * self.steps_per_epoch, []
        for x, y in islice(self._batches, total):
            losses.append(self.step(x, y))
            if progress:
                progress(len(losses), total, losses[-1])
        return losses

    def use(self, engine: Engine) -> None:
        """From now on the GEMMs run on another engine. The bits stay the same."""
        self.engine = engine
        use_engine(self.module, engine)

    @torch.no_grad()
    def evaluate(self, engine: Engine | None = None) -> float:
        """Share of the test images that are recognised, on the trainer's engine or another: the bits are the same.

        The module is left in evaluation mode; `step` puts it back.
        """
        self.module.eval()
        usual = self.engine
        self.use(engine or usual)
        try:
            right = sum(int((self.module(x).argmax(1) == y).sum())
                        for x, y in self.data.test_batches(EVALUATION_BATCH))
        finally:
            self.use(usual)
        return right / self.data.test_size

    def _endless(self) -> Iterator[tuple[Tensor, Tensor]]:
        for epoch in count():
            yield from self.data.batches(self.settings.batch, self.settings.seed, epoch)


def _build(name: str, data: DataSet, seed: int) -> nn.Module:
    images, taken = data.image_shape, models.find(name).input_shape
    if images != taken:
        raise ValueError(f"model {name} takes images of {taken}, not {images}")
    return models.build(name, seed)


@contextmanager
def _drawn_from(seed: int, step: int) -> Iterator[None]:
    """What a module draws inside, such as dropout, depends on seed and step alone, and disturbs nobody else."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed << 32 | step)
        yield

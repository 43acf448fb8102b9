"""Training on an engine: seeded, and the same bits for the same seed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from cosim import Engine
from rtl.sparsity import Sparsity
from tlm.accelerator import StepPlan
from tlm.workload.methods import Scheme
from tlm.workload.networks import NETWORKS
from training import models
from training.conversion import convert, scheme_of, use_engine, use_plan
from training.data import DataSet
from training.decay import Decay
from training.optimizer import SGD, LossScale
from training.settings import Settings
from training.updates import Updates

Progress = Callable[[int, int, float], None]  # called after each step with (steps done, steps in all, loss)
EVALUATION_BATCH = 120
DEFAULT_SETTINGS = Settings()


class Trainer:
    """Trains a model, by its name or a module of one's own, by a method on an engine.

    model      a name of models.MODELS, built for the data's images and classes and drawn from the seed; or an
               nn.Module, which is copied and stays as it is
    method     a name of METHODS, with the sparsity 'N:M' or a Sparsity, ignored for 'dense', and of a named model the
               layers dense that are so by default; or a whole Scheme
    width      factor of the inner channels of a named model
    Raises ValueError for an unknown model, method or pattern, for a layer that cannot be lowered, and for images that
    the named model does not take.
    Afterwards `module` is the converted module, `optimizer` and `loss_scale` update it, and `steps` counts the steps
    tried, those skipped for overflow included.
    """

    def __init__(
        self,
        model: str | nn.Module,
        data: DataSet,
        engine: Engine,
        method: str | Scheme = "dense",
        sparsity: str | Sparsity | None = None,
        settings: Settings = DEFAULT_SETTINGS,
        width: float = 1.0,
    ):
        self.model: tuple[str, float | None]
        pattern = Sparsity.parse(sparsity)
        self.scheme = scheme_of(method, *((pattern.n, pattern.m) if pattern else ()))
        if isinstance(model, str):
            self.model, plain = (model, width), _build(model, data, settings.seed, width)
            if isinstance(method, str):
                self.scheme = replace(self.scheme, dense=models.find(model).dense)
        else:
            self.model, plain = (type(model).__name__, None), model
        self.module = convert(plain, self.scheme, engine=engine)
        self.data, self.engine, self.settings = data, engine, settings
        self.optimizer = SGD(
            self.module.parameters(), settings.lr, settings.momentum, settings.weight_decay, Updates(self.module)
        )
        self.decay, self.loss_scale = Decay(self.module), LossScale()
        self.steps, self.total = 0, settings.total(self.steps_per_epoch)

    @property
    def steps_per_epoch(self) -> int:
        return -(-self.data.train_size // self.settings.batch)

    @property
    def rate(self) -> float:
        """The learning rate of the next step. Raises ValueError after the schedule's end."""
        return self.settings.rate(self.steps, self.steps_per_epoch)

    def step(self, x: Tensor, y: Tensor) -> float:
        """One forward pass, backward pass and weight update on a batch. Returns its loss, FP32 on the host.

        A step whose gradients overflow changes only the loss scale, and the module's buffers. Gradients stay readable,
        times the loss scale, with the decay of pruned weights in them.
        """
        if not all(module.training for module in self.module.modules()):  # sooner asked than set
            self.module.train()
        self.optimizer.zero_grad()
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate
        with _drawn_from(self.settings.seed, self.steps):
            loss = cross_entropy(self.module(x).float(), y, label_smoothing=self.settings.label_smoothing)
            (loss * self.loss_scale.scale).backward()
        self.decay.add(self.loss_scale.scale)
        self.loss_scale.step(self.optimizer)
        self.steps += 1
        return loss.item()

    def follow(self, plan: StepPlan | None) -> None:
        """From now on the GEMMs run by this plan. The bits stay the same. Raises ValueError as use_plan does."""
        use_plan(self.module, plan)

    def train(
        self,
        epochs: int | None = None,
        steps: int | None = None,
        progress: Progress | None = None,
    ) -> list[float]:
        """Go on for so many epochs, or so many steps. Training in two calls is the same as in one.

        progress  called after each step with (steps done, steps in all, loss)
        Returns the loss of each step. Raises ValueError unless exactly one of epochs and steps is given, at least 1,
        for more steps than the schedule has, and for data that cannot be read.
        """
        total, losses = _in_steps(epochs, steps, self.steps_per_epoch), []
        self.settings.rate(self.steps + total - 1, self.steps_per_epoch)  # refuses a step beyond the schedule
        for x, y in islice(self._batches(), total):
            losses.append(self.step(x, y))
            if progress:
                progress(len(losses), total, losses[-1])
        return losses

    def use(self, engine: Engine) -> None:
        """From now on the GEMMs run on that engine. The bits stay the same. Raises ValueError as use_engine does."""
        use_engine(self.module, engine)
        self.engine = engine

    @torch.no_grad()
    def forward(self) -> Tensor:
        """The outputs for the batch that the next step is on, in evaluation mode; `step` puts that back."""
        self.module.eval()
        x, _ = next(self._batches())
        return self.module(x)

    @torch.no_grad()
    def evaluate(self, engine: Engine | None = None) -> float:
        """Share of the test images that are recognised, on the trainer's engine or another: the bits are the same.

        Raises ValueError as `use` does. The module is left in evaluation mode; `step` puts it back.
        """
        usual = self.engine
        if engine is not None and engine is not usual:
            self.use(engine)
        self.module.eval()
        try:
            right = sum(int((self.module(x).argmax(1) == y).sum()) for x, y in self.data.test_batches(EVALUATION_BATCH))
        finally:
            if self.engine is not usual:
                self.use(usual)
        return right / self.data.test_size

    def identity(self) -> dict[str, Any]:
        """Model, data, scheme and settings, in plain types: two runs with the same identity have the same bits."""
        (model, width), data, scheme = self.model, self.data, self.scheme
        return dict(
            model=model,
            width=width,
            data=data.name,
            image=data.image_shape,
            classes=data.classes,
            train_size=data.train_size,
            test_size=data.test_size,
            augment=getattr(data, "augment", False),
            **asdict(scheme) | dict(sparsity=str(scheme.sparsity or "dense"), decay=scheme.strength),
            **asdict(self.settings),
        )

    def state(self) -> dict[str, Any]:
        """All state that training changes, for `restore`: numbers and the tensors themselves, not copies of them."""
        return dict(
            module=self.module.state_dict(),
            optimizer=self.optimizer.state_dict(),
            loss_scale=self.loss_scale.state_dict(),
            steps=self.steps,
        )

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from the `state` of a trainer with the same identity: the bits are as if this one had come there."""
        self.module.load_state_dict(state["module"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.loss_scale.load_state_dict(state["loss_scale"])
        self.steps = state["steps"]

    def _batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The training batches from that of the next step on, epoch after epoch, without end."""
        epoch, start = divmod(self.steps, self.steps_per_epoch)
        while True:
            yield from self.data.batches(self.settings.batch, self.settings.seed, epoch, start)
            epoch, start = epoch + 1, 0


def _in_steps(epochs: int | None, steps: int | None, per_epoch: int) -> int:
    """The one of two amounts that is given, in steps. Raises ValueError unless it is exactly one, and at least 1."""
    if steps is None and epochs is not None and epochs >= 1:
        return epochs * per_epoch
    if epochs is None and steps is not None and steps >= 1:
        return steps
    raise ValueError(f"give epochs or steps, at least 1, not epochs {epochs} and steps {steps}")


def _build(name: str, data: DataSet, seed: int, width: float) -> nn.Module:
    """The model for the data's images and classes. Raises ValueError where it does not take such images."""
    model, images = models.find(name), data.image_shape
    sides = NETWORKS[name].images if name in NETWORKS else model.input_shape[1:2]
    takes = [(model.input_shape[0], side, side) for side in sides]
    if images not in takes:
        raise ValueError(
            f"model {name} takes images of {' or '.join(map(str, takes))}, not {images} as {data.name} has"
        )
    # Only choices that differ from the model's own: one that a user put into MODELS need not have any.
    return models.build(
        name,
        seed,
        image=None if images == model.input_shape else images[1],
        classes=None if data.classes == model.classes else data.classes,
        width=None if width == 1 else width,
    )


@contextmanager
def _drawn_from(seed: int, step: int) -> Iterator[None]:
    """Random numbers that are drawn inside, such as dropout's, depend on seed and step alone, and leave the state of
    PyTorch's generator as it was."""
    before = torch.get_rng_state()
    torch.default_generator.manual_seed(seed << 32 | step)  # torch.manual_seed remembers each call for other devices
    try:
        yield
    finally:
        torch.set_rng_state(before)

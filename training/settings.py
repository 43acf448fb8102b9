"""Settings of a training: its constants, and the learning rate of each of its steps."""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, inf, pi

# Factor of the learning rate, of the share of the steps that is done: from 0 to below 1, counted after the warm-up.
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda done: 1.0,
    "cosine": lambda done: (1 + cos(pi * done)) / 2,
    "step": lambda done: 0.1 ** ((done >= 1 / 2) + (done >= 3 / 4)),
}


@dataclass(frozen=True)
class Settings:
    """Constants of a training run.

    schedule         how the learning rate falls from `lr`: constant not at all, cosine as half a wave towards 0, step
                     to a tenth after half of the steps and to a hundredth after three quarters
    warm_up          epochs in which it first rises to `lr`, in equal steps
    epochs           times through the data, by which the schedule is stretched; or `steps` in all, instead
    label_smoothing  share of a label that is spread over all classes
    Raises ValueError naming rule and value; SGD checks its constants.
    """

    seed: int = 0
    batch: int = 32
    lr: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 5e-4
    schedule: str = "constant"
    warm_up: float = 0.0
    epochs: int = 8
    steps: int | None = None
    label_smoothing: float = 0.0

    def __post_init__(self):
        for name, rule, holds in (
            ("seed", "at least 0 and below 2^32", 0 <= self.seed < 2**32),
            ("batch", "at least 1", self.batch >= 1),
            ("schedule", f"one of {', '.join(SCHEDULES)}", self.schedule in SCHEDULES),
            ("warm_up", "at least 0 epochs and finite", 0 <= self.warm_up < inf),
            ("epochs", "at least 1", self.epochs >= 1),
            ("steps", "at least 1", self.steps is None or self.steps >= 1),
            ("label_smoothing", "at least 0 and below 1", 0 <= self.label_smoothing < 1),
        ):
            if not holds:
                raise ValueError(f"{name} must be {rule}, not {getattr(self, name)!r}")

    def total(self, per_epoch: int) -> int:
        """Steps in all, where an epoch has so many. Raises ValueError for a warm-up that takes as long."""
        total = self.steps or self.epochs * per_epoch
        if self._warm(per_epoch) >= total:
            raise ValueError(
                f"warm_up must end before the {total} steps of the training, not after {self.warm_up:g} "
                f"epochs of {per_epoch} steps"
            )
        return total

    def rate(self, step: int, per_epoch: int) -> float:
        """The learning rate of a step, counted from 0: of its number alone, so that a run can be taken up anywhere.

        Raises ValueError for a step after the schedule's last; constant has none.
        """
        total, warm = self.total(per_epoch), self._warm(per_epoch)
        if step < warm:
            return self.lr * (step + 1) / warm
        if step >= total and self.schedule != "constant":
            raise ValueError(f"schedule {self.schedule} ends after {total} steps: give epochs or steps in the settings")
        return self.lr * SCHEDULES[self.schedule]((step - warm) / (total - warm))

    def _warm(self, per_epoch: int) -> int:
        return round(self.warm_up * per_epoch)

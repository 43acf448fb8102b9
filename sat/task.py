"""A training task: a network and a data set, as the options of a command choose them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlm.workload.networks import NETWORKS

if TYPE_CHECKING:  # PyTorch is loaded when it is needed: a command that is refused need not wait
    from cosim import Engine
    from tlm.workload.methods import Scheme
    from training import DataSet, Settings, Trainer


@dataclass(frozen=True)
class Task:
    """A network of that width, and a data set with images of that height; None: their usual one."""

    model: str
    data: str
    path: Path | None = None
    image: int | None = None
    width: float = 1.0
    augment: bool = True

    def load(self, seed: int) -> DataSet:
        """The data set. Raises ValueError as training.data.load does."""
        from training.data import load

        return load(self.data, seed, self.path, self._image(), self.augment)

    def _image(self) -> tuple[int, int, int] | None:
        """(channels, height, width) to ask for. Digits are enlarged to what the network takes; pictures have a usual
        size, in which they come unless there is a choice."""
        from training.data.catalogue import DIGITS

        if self.data != DIGITS:
            return None if self.image is None else (3, self.image, self.image)
        if self.model not in NETWORKS:
            return None
        network = NETWORKS[self.model]
        side = min(network.images) if self.image is None else self.image
        return network.channels, side, side

    def trainer(self, data: DataSet, engine: Engine, scheme: Scheme, settings: Settings) -> Trainer:
        """A trainer for it. Raises ValueError as Trainer does."""
        from training import Trainer

        return Trainer(self.model, data, engine, scheme, settings=settings, width=self.width)

    def as_data(self, data: DataSet) -> dict[str, Any]:
        """The task in --json."""
        return dict(
            model=self.model, width=self.width, data=self.data, image=list(data.image_shape), classes=data.classes
        )


def batch_shape(trainer: Trainer) -> tuple[int, ...]:
    """(B, C, H, W) of a full batch of its data."""
    return (min(trainer.settings.batch, trainer.data.train_size), *trainer.data.image_shape)

"""A finished or stopped run of `sat train --out`: which network its folder has, by which scheme, and its weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from rtl.sparsity import Sparsity
from tlm.workload.methods import Scheme

if TYPE_CHECKING:  # PyTorch is loaded when it is needed
    from torch import Tensor, nn

WEIGHTS, REPORT = "weights.pt", "report.json"


@dataclass(frozen=True)
class TrainedRun:
    """What a run's folder says.

    image     (channels, height, width) of an image
    accuracy  share of the test images that the run has recognised with these weights; None: they were not tried
    source    the file with the dense masters: weights.pt, or of a run that was stopped its checkpoint
    """

    model: str
    width: float
    image: tuple[int, int, int]
    classes: int
    scheme: Scheme
    accuracy: float | None
    source: Path

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read it. The checkpoint says what was trained, as it does for --resume; without one the report does.

        Raises ValueError for a folder that is none of a run, and for files that are missing, damaged or of something
        else.
        """
        from training.run import CHECKPOINT

        weights, checkpoint, report = (folder / name for name in (WEIGHTS, CHECKPOINT, REPORT))
        if not (weights.exists() or checkpoint.exists()):
            raise ValueError(f"{folder} must be a folder of sat train --out, with {WEIGHTS} or {CHECKPOINT}")
        if checkpoint.exists():
            content, file = _of_checkpoint(checkpoint), checkpoint
            said, log, steps = content["identity"], content["log"], content["trainer"].get("steps")
        else:
            said, file = _of_report(report), report
            log, steps = said.get("log", ()), said.get("steps")
        try:
            tried = [line["accuracy"] for line in log if line["steps"] == steps]
            source, accuracy = weights if weights.exists() else checkpoint, tried[-1] if tried else None
            image, classes = tuple(said["image"]), said["classes"]
            return cls(said["model"], said["width"], image, classes, _scheme(said), accuracy, source)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{file} does not say what was trained: {type(error).__name__} {error}") from None

    def masters(self) -> dict[str, Tensor]:
        """The dense master weights, a state dict.

        Raises ValueError for a file that is damaged or has no such thing, and for weights that are not those of the
        checkpoint beside them: what that says of the training, and of its accuracy, would not hold for them.
        """
        from training import checkpoint
        from training.run import CHECKPOINT

        saved = self.source.with_name(CHECKPOINT)
        if not saved.exists():
            return checkpoint.load(self.source)
        last = _of_checkpoint(saved)["trainer"]["module"]
        if self.source != saved and not _same(checkpoint.load(self.source), last):
            raise ValueError(f"{self.source} has other weights than {saved}: keep the one of them that is meant")
        return last

    def network(self) -> nn.Module:
        """The plain network with the dense masters, in evaluation mode. Raises ValueError where they do not fit it."""
        from training import models

        model = models.find(self.model)
        # Only choices that differ from the model's own: one that a user put into MODELS need not have any.
        network = models.build(
            self.model,
            seed=0,
            image=None if self.image == model.input_shape else self.image[1],
            classes=None if self.classes == model.classes else self.classes,
            width=None if self.width == 1 else self.width,
        )
        try:
            network.load_state_dict(self.masters())
        except (RuntimeError, TypeError, AttributeError, KeyError) as error:
            why = str(error).splitlines()[-1].strip()
            raise ValueError(f"{self.source} does not fit the network {self.model}: {why}") from None
        return network.eval()

    def converted(self) -> nn.Module:
        """The same, converted by the scheme, after a forward pass of one image, which tells how weights are used.

        It is done in evaluation mode: no buffer changes.
        """
        import torch

        from training import convert

        module = convert(self.network(), self.scheme)
        with torch.no_grad():
            module(torch.zeros(1, *self.image))
        return module


def _same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    """Whether two state dicts have the same names and bits."""
    return one.keys() == other.keys() and all(
        tensor.shape == other[name].shape and tensor.numpy().tobytes() == other[name].numpy().tobytes()
        for name, tensor in one.items()
    )


def _of_checkpoint(file: Path) -> dict[str, Any]:
    """The content of a checkpoint. Raises ValueError."""
    from training import checkpoint

    content = checkpoint.load(file)
    if not isinstance(content, dict) or not {"identity", "log", "trainer"} <= content.keys():
        raise ValueError(f"{file} is no checkpoint of a training")
    return content


def _of_report(file: Path) -> dict[str, Any]:
    """The content of a report. Raises ValueError."""
    try:
        content = json.loads(file.read_text())
    except FileNotFoundError:
        raise ValueError(f"{file} must be there, which says what was trained") from None
    except ValueError as error:
        raise ValueError(f"{file} is no report of a training: {error}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{file} is no report of a training")
    return content


def _scheme(said: Mapping[str, Any]) -> Scheme:
    """The scheme, as a checkpoint or a report has it. Raises ValueError, KeyError and TypeError."""
    if "dense" in said:  # a checkpoint, with the scheme's own fields
        dense = said["dense"]
        own = [(names, Sparsity(**pattern) if pattern else None) for names, pattern in said["by_layer"]]
    else:
        dense = said["dense_layers"]
        own = [(names, Sparsity.parse(pattern)) for names, pattern in said.get("sparsity_by_layer", {}).items()]
    pattern = Sparsity.parse(said["sparsity"])
    return Scheme(said["method"], pattern, said["decay"], said["rescale"], tuple(dense), tuple(own))

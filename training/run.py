"""A whole training: an evaluation and a line of the log for each epoch, and checkpoints from which it can go on."""

import json
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any

import torch

from cosim import Engine
from training import checkpoint
from training.board import Board
from training.trainer import Progress, Trainer

CHECKPOINT, LOG, BOARD = "checkpoint.pt", "log.jsonl", "tensorboard"
FORMAT = 1


class Run:
    """Takes a trainer through all the steps of its settings.

    folder            where checkpoint.pt and log.jsonl are kept, made if need be; without one nothing is
    resume            go on from the folder's checkpoint: the bits are those of a run that was never stopped. PyTorch
                      gets as many threads as it had then, on which its sums depend
    checkpoint_every  steps after which there is a checkpoint, beside those at the end of each epoch
    evaluate_every    epochs after which the test images are tried; they are at the end in any case
    evaluator         the engine for that; None: the trainer's. The bits are the same
    board             show the log in TensorBoard, too
    Raises ValueError for numbers below 1, a checkpoint that is missing, damaged or that of another training, one that
    would be overwritten, and a TensorBoard that is not installed.
    `losses` has the loss of each step. `log` has a line for each epoch, the last of which may be a short one: epoch,
    steps so far, mean loss (None: not finite), accuracy (None: not tried), learning rate of the last step, loss scale,
    and steps skipped so far.
    """

    def __init__(
        self,
        trainer: Trainer,
        folder: Path | None = None,
        resume: bool = False,
        checkpoint_every: int | None = None,
        evaluate_every: int = 1,
        evaluator: Engine | None = None,
        board: bool = False,
    ):
        for name, value in (("checkpoint_every", checkpoint_every), ("evaluate_every", evaluate_every)):
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
        if folder is None and (resume or checkpoint_every or board):
            raise ValueError("checkpoints and TensorBoard need a folder, --out")
        self.trainer, self.folder, self.evaluator = trainer, folder, evaluator
        self.checkpoint_every, self.evaluate_every = checkpoint_every, evaluate_every
        self.losses: list[float] = []
        self.log: list[dict[str, Any]] = []
        if folder and resume:
            self._take_up(folder)
        elif folder and (folder / CHECKPOINT).exists():
            raise ValueError(f"{folder} has the checkpoint of a training already: --resume it, or choose another one")
        elif folder:
            folder.mkdir(parents=True, exist_ok=True)
        self._board = Board(folder / BOARD, self.log) if folder and board else None

    def go(
        self,
        progress: Progress | None = None,
        told: Callable[[dict[str, Any]], None] | None = None,
    ) -> float:
        """Train to the end. Returns the accuracy there. Raises ValueError for data that cannot be read.

        progress  called after each step with (steps done, steps in all, loss)
        told      called with each new line of the log
        """
        trainer, total = self.trainer, self.trainer.total
        while trainer.steps < total:
            passed_on = _counted_on(progress, trainer.steps, total) if progress else None
            self.losses += trainer.train(steps=self._stop() - trainer.steps, progress=passed_on)
            ended = trainer.steps == total or trainer.steps % trainer.steps_per_epoch == 0
            if ended:
                self.log.append(self._line())
            if self.folder:
                self._save(self.folder)
            if ended and told:  # who listens may be gone, and then nothing is lost
                told(self.log[-1])
        return self.log[-1]["accuracy"]

    def _stop(self) -> int:
        """Steps after which there is something to do next: an epoch's end, a checkpoint, the end."""
        steps, often = self.trainer.steps, (self.trainer.steps_per_epoch, self.checkpoint_every)
        return min(self.trainer.total, *((steps // every + 1) * every for every in often if every))

    def _line(self) -> dict[str, Any]:
        """The log's line for the epoch that has ended."""
        trainer, per_epoch = self.trainer, self.trainer.steps_per_epoch
        steps = trainer.steps
        epoch = -(-steps // per_epoch)
        losses = self.losses[(epoch - 1) * per_epoch :]
        loss = sum(losses) / len(losses)
        tried = epoch % self.evaluate_every == 0 or steps == trainer.total
        return dict(
            epoch=epoch,
            steps=steps,
            loss=loss if isfinite(loss) else None,
            accuracy=trainer.evaluate(self.evaluator) if tried else None,
            lr=trainer.settings.rate(steps - 1, per_epoch),
            loss_scale=trainer.loss_scale.scale,
            skipped=trainer.loss_scale.skipped,
        )

    def _identity(self) -> dict[str, Any]:
        """All choices that change bits or lines of the log: a checkpoint is taken up by a run that has the same."""
        return self.trainer.identity() | dict(evaluate_every=self.evaluate_every)

    def _save(self, folder: Path) -> None:
        """Write the checkpoint first, then the log and TensorBoard's files, which could be made of it."""
        checkpoint.save(
            folder / CHECKPOINT,
            dict(
                format=FORMAT,
                identity=self._identity(),
                threads=torch.get_num_threads(),
                trainer=self.trainer.state(),
                log=self.log,
                losses=torch.tensor(self.losses, dtype=torch.float64),
            ),
        )
        self._write_log(folder)
        if self._board and self.log and self.log[-1]["steps"] == self.trainer.steps:
            self._board.show(self.log[-1])

    def _take_up(self, folder: Path) -> None:
        """Go on from the folder's checkpoint. Raises ValueError if it is missing, damaged or another training's."""
        file = folder / CHECKPOINT
        content = checkpoint.load(file)
        keys = {"identity", "threads", "trainer", "log", "losses"}
        if not isinstance(content, dict) or content.get("format") != FORMAT or not keys <= content.keys():
            raise ValueError(f"{file} is no checkpoint of a training")
        saved = content["identity"]
        differing = [
            f"{name} {saved.get(name)}, not {value}"
            for name, value in self._identity().items()
            if saved.get(name) != value
        ]
        if differing:
            raise ValueError(f"{file} was made with {'; '.join(differing)}")
        torch.set_num_threads(content["threads"])  # with others, PyTorch's normalisation adds in another order
        self.trainer.restore(content["trainer"])
        self.losses, self.log = content["losses"].tolist(), content["log"]
        self._write_log(folder)

    def _write_log(self, folder: Path) -> None:
        """The whole log: lines that a killed run had not written yet, or would now repeat, are in the checkpoint."""
        lines = "".join(f"{json.dumps(line, allow_nan=False)}\n" for line in self.log)
        checkpoint.write(folder / LOG, lines.encode())


def _counted_on(progress: Progress, before: int, total: int) -> Progress:
    """A progress of some steps, passed on as that of the whole run, which has taken `before` steps already."""
    return lambda done, _, loss: progress(before + done, total, loss)

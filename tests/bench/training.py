"""What training costs beside the same loop in plain PyTorch."""

from collections.abc import Callable, Iterator

import torch
from torch.nn.functional import cross_entropy

import cosim
from tests.bench.measure import Row, best, interleaved
from tlm.workload.methods import METHODS
from training import Settings, Trainer, digits, models

STEPS = 30  # of a turn
SPEED = dict.fromkeys(METHODS, 0.7) | dict(dense=0.8, bdwp=0.8)  # the share of plain PyTorch's speed to reach


def training_rows(seed: int, quick: bool) -> Iterator[Row]:
    """Steps a second of the digits CNN by each method, in those of PyTorch in float32 with its own SGD."""
    data, settings = digits(seed), Settings(seed=seed)
    x, y = next(data.batches(settings.batch, seed))
    trainers = {name: Trainer("cnn", data, cosim.engine("functional"), name, "2:8", settings) for name in METHODS}
    calls = {name: _repeated(lambda trainer=trainer: trainer.step(x, y)) for name, trainer in trainers.items()}
    times = interleaved(2 if quick else 15, warm=True, plain=_repeated(_plain(x, y, settings)), **calls)
    plain = best(times["plain"]).wall
    for name in METHODS:
        ours = best(times[name]).wall
        row = f"training the digits CNN, {name}, batch {settings.batch}, threads: {torch.get_num_threads()}"
        yield Row(
            row,
            f"{STEPS / ours:.0f} steps/s = {plain / ours:.2f}x plain PyTorch in float32",
            plain / ours,
            f">= {SPEED[name]}x",
            plain >= SPEED[name] * ours,
        )


def _repeated(step: Callable[[], object]) -> Callable[[], None]:
    def turn() -> None:
        for _ in range(STEPS):
            step()

    return turn


def _plain(x: torch.Tensor, y: torch.Tensor, settings: Settings) -> Callable[[], float]:
    module = models.build("cnn", settings.seed)
    optimizer = torch.optim.SGD(module.parameters(), settings.lr, settings.momentum, weight_decay=settings.weight_decay)

    def step() -> float:
        optimizer.zero_grad()
        loss = cross_entropy(module(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step

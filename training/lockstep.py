"""The same training steps on two engines: every weight, gradient and momentum must be the same to the bit."""

from collections.abc import Iterator

from torch import Tensor

from cosim.check.checker import Mismatch
from training.trainer import Trainer


def lockstep(trial: Trainer, reference: Trainer, steps: int) -> Iterator[int]:
    """Take steps on both trainers, which were made alike, and yield the tensors compared after each.

    Raises cosim.check.checker.Mismatch, naming step and tensor, at the first bit that differs; what the trial's engine
    raises; and ValueError for fewer than one step.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, not {steps}")
    for step in range(steps):
        reference.train(steps=1)
        trial.train(steps=1)
        expected, found = dict(_state(reference)), dict(_state(trial))
        for name, tensor in expected.items():
            if not _same_bits(tensor, found[name]):
                raise Mismatch(f"step {step}: {name} differs from the reference's")
        yield len(expected)


def _state(trainer: Trainer) -> Iterator[tuple[str, Tensor]]:
    """(name, tensor) of all state that a step changes: parameters and buffers, gradients, velocities."""
    yield from trainer.module.state_dict().items()
    for name, weight in trainer.module.named_parameters():
        if weight.grad is not None:
            yield f"gradient of {name}", weight.grad
        for key, tensor in trainer.optimizer.state[weight].items():
            yield f"{key} of {name}", tensor


def _same_bits(a: Tensor, b: Tensor) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.numpy().tobytes() == b.numpy().tobytes()

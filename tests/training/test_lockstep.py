"""Two trainers in lockstep."""

import pytest
import torch

from cosim.check.checker import Mismatch
from tests.training.support import functional
from training import Settings, Trainer, digits
from training.lockstep import lockstep

DIGITS = digits(0)


def trainer(method="bdwp"):
    return Trainer("cnn", DIGITS, functional(), method, "2:8", Settings(batch=8))


def test_trainers_made_alike_agree_after_every_step():
    compared = list(lockstep(trainer(), trainer(), 3))
    parameters, buffers = 3 + 6 + 2, 9  # of the CNN's convolutions, normalisations and linear layer
    assert compared == [3 * parameters + buffers] * 3


@pytest.mark.parametrize(
    "name, spoil",
    [
        ("conv2.weight", lambda run: run.module.conv2.weight),
        ("velocity of linear.bias", lambda run: run.optimizer.state[run.module.linear.bias]["velocity"]),
    ],
)
def test_a_single_bit_is_noticed_and_named(name, spoil):
    run, reference = trainer(), trainer()
    pairs = lockstep(run, reference, 2)
    next(pairs)
    run.optimizer.step = lambda scale: None  # nothing changes any more but by hand
    reference.optimizer.step = lambda scale: None
    with torch.no_grad():
        spoil(run).view(torch.int32).view(-1)[0] ^= 1
    with pytest.raises(Mismatch, match=f"step 1: {name} differs"):
        next(pairs)


def test_nothing_to_do_is_refused():
    with pytest.raises(ValueError, match="steps must be at least 1, not 0"):
        next(lockstep(trainer(), trainer(), 0))

"""A training loop of one's own: what the package's docstring shows, and PyTorch's optimizer."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from tests.training.support import functional, linear, seeded
from training import SGD, Decay, LossScale, Trainer, Updates, convert, digits

DIGITS = digits(0)


def test_ones_own_loop_with_the_trainers_parts_has_the_trainers_bits():
    module = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
    run = Trainer(module, DIGITS, functional(), "srste", "2:8")
    run.train(epochs=1)
    net = convert(module, "srste", 2, 8, functional())
    optimizer = SGD(net.parameters(), 0.05, 0.9, 5e-4, Updates(net))
    loss_scale, decay = LossScale(), Decay(net)
    for x, y in DIGITS.batches(32, seed=0):
        optimizer.zero_grad()
        (cross_entropy(net(x), y) * loss_scale.scale).backward()
        decay.add(loss_scale.scale)
        loss_scale.step(optimizer)
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), run.module.parameters(), strict=True))


def test_ones_own_loop_needs_a_converted_module_and_nothing_else():
    losses = []
    for optimizer in (
        lambda net: torch.optim.SGD(net.parameters(), 0.05, 0.9),
        lambda net: SGD(net.parameters(), 0.05, 0.9, updates=Updates(net)),
    ):
        net = convert(seeded(linear), "bdwp", 2, 8, functional())
        own = optimizer(net)
        for x, y in DIGITS.batches(32, seed=0):
            loss = cross_entropy(net(x), y)
            own.zero_grad()
            loss.backward()
            own.step()
        losses.append(loss.item())
    assert max(losses) < 1.5

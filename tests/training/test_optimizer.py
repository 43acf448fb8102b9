"""The weight update against NumPy's float32, bit by bit, and dynamic loss scaling."""

import re

import numpy as np
import pytest
import torch

from rtl.golden import Rates
from training import SGD, LossScale


def parameter(values):
    return torch.nn.Parameter(torch.tensor(values, dtype=torch.float32))


def scalar_update(w, v, g, lr, mu, wd, scale):
    """The contract in float32 scalars: one operation a line, each rounded once."""
    g = np.float32(g * (np.float32(1) / np.float32(scale)))
    g = np.float32(g + np.float32(np.float32(wd) * w))
    v = np.float32(np.float32(np.float32(mu) * v) + g)
    return np.float32(w - np.float32(np.float32(lr) * v)), v


@pytest.mark.parametrize("lr, mu, wd, scale", [(0.05, 0.9, 5e-4, 1024.0), (0.1, 0.0, 0.0, 1.0), (0.3, 0.99, 0.1, 3.0)])
def test_every_operation_of_the_update_rounds_once(lr, mu, wd, scale):
    rng, size = np.random.default_rng(1), 1003  # no multiple of a vector, so that tails are compared too
    w, v = rng.standard_normal(size).astype(np.float32), np.zeros(size, np.float32)
    weight = torch.nn.Parameter(torch.from_numpy(w.copy()))
    optimizer = SGD([weight], lr, mu, wd)
    for _ in range(4):
        g = (rng.standard_normal(size) * 10.0 ** rng.integers(-42, 3, size)).astype(np.float32)  # subnormals too
        weight.grad = torch.from_numpy(g)
        optimizer.step(scale)
        pairs = [scalar_update(*values, lr, mu, wd, scale) for values in zip(w, v, g, strict=True)]
        w, v = (np.array(column, np.float32) for column in zip(*pairs, strict=True))
        assert (weight.detach().numpy().view(np.uint32) == w.view(np.uint32)).all()
        assert (optimizer.state[weight]["velocity"].numpy().view(np.uint32) == v.view(np.uint32)).all()


def test_the_gradient_is_not_changed_and_weights_without_one_stay():
    a, b = parameter([1.0, 2.0]), parameter([3.0])
    a.grad = torch.tensor([0.5, 0.25])
    SGD([a, b], 0.1, 0.9, 0.1).step(2.0)
    assert a.grad.tolist() == [0.5, 0.25] and b.tolist() == [3.0] and a.tolist() != [1.0, 2.0]


def test_a_closure_computes_the_gradients_and_its_loss_is_returned():
    weight, other = (torch.nn.Parameter(torch.ones(3)) for _ in range(2))
    optimizer = SGD([weight], 0.5)

    def closure():
        optimizer.zero_grad()
        loss = weight.square().sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 3 and weight.tolist() == [0, 0, 0]
    other.grad = torch.ones(3)
    assert SGD([other], 0.5).step() is None


@pytest.mark.parametrize("choice", [dict(nesterov=True), dict(dampening=0.1), dict(maximize=True)])
def test_what_the_hardwares_update_has_not_is_refused(choice):
    SGD([torch.nn.Parameter(torch.ones(3))], 0.5, **dict.fromkeys(choice, 0))
    with pytest.raises(ValueError, match=f"^the hardware's update is plain momentum SGD: {next(iter(choice))}"):
        SGD([torch.nn.Parameter(torch.ones(3))], 0.5, **choice)


def test_updates_run_those_that_they_have_and_the_host_the_others():
    a, b, seen = parameter([1.0, 2.0]), parameter([1.0, 2.0]), []

    class Updates:
        """Has one of the parameters, and notes what it is given."""

        def __contains__(self, weight):
            return weight is a

        def run(self, weight, velocity, rates):
            seen.append((weight is a, velocity.tolist(), rates))

    a.grad, b.grad = torch.tensor([1.0, 1.0]), torch.tensor([1.0, 1.0])
    SGD([a, b], 0.1, 0.9, 0.01, updates=Updates()).step(8.0)
    assert seen == [(True, [0.0, 0.0], Rates(0.1, 0.9, 0.01, 8.0))]
    assert a.tolist() == [1, 2] and b.tolist() != [1, 2]


@pytest.mark.parametrize("bad", [float("inf"), -float("inf"), float("nan")])
def test_an_overflow_halves_the_scale_and_overwrites_nothing(bad):
    a, b = parameter([1.0, 2.0]), parameter([3.0])
    optimizer, scale = SGD([a, b], 0.1), LossScale(1024.0)
    a.grad, b.grad = torch.tensor([1.0, 1.0]), torch.tensor([1.0])
    assert scale.step(optimizer)
    before = [t.clone() for t in (a, b, *(optimizer.state[p]["velocity"] for p in (a, b)))]
    a.grad, b.grad = torch.tensor([1.0, 1.0]), torch.tensor([bad])
    assert not scale.step(optimizer)
    after = [a, b, *(optimizer.state[p]["velocity"] for p in (a, b))]
    assert all(torch.equal(x, y) for x, y in zip(before, after, strict=True)) and len(after) == 4
    assert (scale.scale, scale.skipped) == (512.0, 1)


def test_the_scale_doubles_after_a_run_of_good_steps_and_a_bad_one_starts_the_run_anew():
    weight = parameter([1.0])
    optimizer, scale, seen = SGD([weight], 0.1), LossScale(8.0, interval=3), []
    for gradient in (1, 1, float("inf"), 1, 1, 1, 1, 1, 1):
        weight.grad = torch.tensor([float(gradient)])
        scale.step(optimizer)
        seen.append(scale.scale)
    assert seen == [8, 8, 4, 4, 4, 8, 8, 8, 16]


def test_the_scale_stays_within_its_bounds():
    weight = parameter([1.0])
    low, high = LossScale(1.0), LossScale(2.0**24, interval=1)
    weight.grad = torch.tensor([float("nan")])
    low.step(SGD([weight], 0.1))
    weight.grad = torch.tensor([1.0])
    high.step(SGD([weight], 0.1))
    assert (low.scale, high.scale) == (1.0, 2.0**24)


@pytest.mark.parametrize(
    "change, words",
    [
        *(
            (dict(lr=lr), f"lr must be above 0 and finite in FP32, not {lr}")
            for lr in (0, -1, float("nan"), float("inf"), 1e39, 1e-50)
        ),
        *(
            (dict(momentum=momentum), f"momentum must be at least 0 and below 1 in FP32, not {momentum}")
            for momentum in (1.0, -0.1, 0.99999999999)
        ),
        *(
            (dict(weight_decay=decay), f"weight_decay must be at least 0 and finite in FP32, not {decay}")
            for decay in (-1, float("inf"), 1e39)
        ),
    ],
)
def test_constants_whose_fp32_values_are_out_of_range_are_refused(change, words):
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        SGD([parameter([1.0])], **dict(lr=0.1) | change)


def test_the_constants_of_a_group_of_parameters_are_checked_too():
    with pytest.raises(ValueError, match="lr must be above 0 and finite in FP32, not -2"):
        SGD([dict(params=[parameter([1.0])]), dict(params=[parameter([1.0])], lr=-2)], 0.1)


def test_weights_of_another_type_and_bad_scales_are_refused():
    with pytest.raises(ValueError, match="float32, not torch.float16"):
        SGD([torch.nn.Parameter(torch.ones(2, dtype=torch.float16))], 0.1)
    with pytest.raises(ValueError, match="loss scale"):
        LossScale(0.5)
    with pytest.raises(ValueError, match="interval"):
        LossScale(interval=0)

"""The weight update, as the hardware's vector engine does it, and the scale that keeps FP16 gradients in range."""

from collections.abc import Callable, Iterable
from math import inf
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cosim.kernel.kernel_vectors import finite_at, sgd, sgd_at
from rtl.golden import Rates
from training.precision import at_hand, to_numpy
from training.updates import Updates, gradient_of


class SGD(torch.optim.Optimizer):
    """Momentum SGD of the arithmetic contract: FP32, each operation rounded once, in this order.

    g' = g * (1/scale);  g' = g' + wd * w;  v = mu * v + g';  w = w - lr * v

    v starts at zero. Constants are rounded to FP32 first. `updates` runs those of converted layers on their engines;
    without it, and for other parameters, they run on the host, with the same bits. Raises ValueError for a constant
    out of its range, for parameters that are not float32, and for choices of torch.optim.SGD that the hardware has not.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        updates: Updates | None = None,
        **others: Any,
    ):
        for name, value in others.items():
            if value:
                raise ValueError(f"the hardware's update is plain momentum SGD: {name} must be left out, not {value!r}")
        self.updates = updates
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        for group in self.param_groups:
            _check_constants(group["lr"], group["momentum"], group["weight_decay"])
        for weight in self.weights():
            if weight.dtype != torch.float32:
                raise ValueError(f"parameters must be float32, not {weight.dtype}")

    def weights(self) -> list[Tensor]:
        """All parameters."""
        return [weight for group in self.param_groups for weight in group["params"]]

    @torch.no_grad()
    def step(self, scale: float | Callable[[], Any] = 1.0) -> Any:  # type: ignore[override]  # more than a closure
        """One update of every parameter that has a gradient; gradients are of the loss times `scale`.

        scale  or a closure, as PyTorch's optimizers take it: it computes the gradients, of the loss that it returns
        Returns what the closure has returned; else None.
        """
        loss = None
        if callable(scale):
            with torch.enable_grad():
                loss, scale = scale(), 1.0
        for group in self.param_groups:
            rates, on_host = Rates(group["lr"], group["momentum"], group["weight_decay"], scale), []
            for weight in group["params"]:
                if weight.grad is not None:
                    if not (state := self.state[weight]):
                        state["velocity"] = torch.zeros_like(weight)
                    if self.updates and weight in self.updates:
                        self.updates.run(weight, state["velocity"], rates)
                    else:
                        on_host.append((weight, state["velocity"]))
            _update_on_host(on_host, rates)
        return loss


def _check_constants(lr: float, momentum: float, weight_decay: float) -> None:
    """Raise ValueError for one whose FP32 value is out of its range."""
    with np.errstate(over="ignore"):
        _, wd, mu, rate = Rates(lr, momentum, weight_decay).constants
    if not 0 < rate < inf:
        raise ValueError(f"lr must be above 0 and finite in FP32, not {lr}")
    if not 0 <= mu < 1:
        raise ValueError(f"momentum must be at least 0 and below 1 in FP32, not {momentum}")
    if not 0 <= wd < inf:
        raise ValueError(f"weight_decay must be at least 0 and finite in FP32, not {weight_decay}")


def _update_on_host(pairs: list[tuple[Tensor, Tensor]], rates: Rates) -> None:
    """Update parameters and their velocities, in place, from their gradients."""
    places = []
    for weight, velocity in pairs:
        gradient = gradient_of(weight)
        if at_hand(weight) and at_hand(velocity) and at_hand(gradient):
            places.append((weight.numel(), weight.data_ptr(), velocity.data_ptr(), gradient.data_ptr()))
            continue
        updated = sgd(to_numpy(weight), to_numpy(velocity), to_numpy(gradient), rates)
        for tensor, new in zip((weight, velocity), updated, strict=True):
            tensor.copy_(torch.from_numpy(new))
    sgd_at(places, rates)


def _finite(tensors: list[Tensor]) -> bool:
    """Whether all their numbers are: sooner than PyTorch tells."""
    places = [(tensor.numel(), tensor.data_ptr()) for tensor in tensors if at_hand(tensor)]
    others = (tensor for tensor in tensors if not at_hand(tensor))
    return finite_at(places) and all(np.isfinite(to_numpy(tensor)).all() for tensor in others)


class LossScale:
    """Dynamic loss scaling by powers of two.

    scale     to multiply the loss with before `backward`; 1,024 at first, at least 1 and at most 2^24
    interval  good steps in a row after which the scale doubles; 500
    skipped   steps not taken so far
    """

    SMALLEST, LARGEST = 1.0, 2.0**24

    def __init__(self, scale: float = 1024.0, interval: int = 500):
        if not self.SMALLEST <= scale <= self.LARGEST:
            raise ValueError(f"loss scale must be from {self.SMALLEST:g} to {self.LARGEST:g}, not {scale}")
        if interval < 1:
            raise ValueError(f"interval must be at least 1 step, not {interval}")
        self.scale, self.interval, self.good, self.skipped = float(scale), interval, 0, 0

    def state_dict(self) -> dict[str, float]:
        """Scale, good steps in a row and skipped steps, for load_state_dict."""
        return dict(scale=self.scale, good=self.good, skipped=self.skipped)

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Go on from the scale and counts of a `state_dict`."""
        self.scale, self.good, self.skipped = state["scale"], int(state["good"]), int(state["skipped"])

    def step(self, optimizer: SGD) -> bool:
        """Update the weights, unless a gradient is not finite: then halve the scale and touch nothing else.

        Returns whether the weights were updated.
        """
        gradients = [weight.grad for weight in optimizer.weights() if weight.grad is not None]
        if not _finite(gradients):
            self.scale, self.good = max(self.scale / 2, self.SMALLEST), 0
            self.skipped += 1
            return False
        optimizer.step(self.scale)
        self.good += 1
        if self.good == self.interval:
            self.scale, self.good = min(self.scale * 2, self.LARGEST), 0
        return True

"""The arithmetic contract of the weight update, in NumPy: FP32, each operation rounded once."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rtl.float.formats import FP32_NAN


@dataclass(frozen=True)
class Rates:
    """Constants of momentum SGD; each is rounded to FP32 before it is used, and 1/scale once more."""

    lr: float
    momentum: float = 0.0
    weight_decay: float = 0.0
    scale: float = 1.0

    @cached_property
    def constants(self) -> tuple[np.float32, np.float32, np.float32, np.float32]:
        """1/scale, wd, mu, lr."""
        with np.errstate(divide="ignore"):
            return (
                np.float32(1) / np.float32(self.scale),
                np.float32(self.weight_decay),
                np.float32(self.momentum),
                np.float32(self.lr),
            )


def sgd(w: np.ndarray, v: np.ndarray, g: np.ndarray, rates: Rates) -> tuple[np.ndarray, np.ndarray]:
    """g' = g * (1/scale);  g' = g' + wd * w;  v = mu * v + g';  w = w - lr * v.

    w, v, g  float32 of one shape: weights, velocities, gradients of the loss times scale
    Returns  new weights and new velocities, float32; every NaN is 0x7FC00000
    """
    unscale, wd, mu, lr = rates.constants
    with np.errstate(invalid="ignore", over="ignore"):
        v = mu * v + (g * unscale + wd * w)
        w = w - lr * v
    return _canonical(w), _canonical(v)


def _canonical(x: np.ndarray) -> np.ndarray:
    x = np.asarray(x)  # the result of a single weight is no array
    nan = np.isnan(x)
    if nan.any():
        x.view(np.uint32)[nan] = FP32_NAN
    return x

"""The N:M contract for tensors: the mask of the elements that are kept of each group."""

import torch

from rtl import golden
from training.precision import to_numpy


def nm_mask(w: torch.Tensor, n: int, m: int, dim: int) -> torch.Tensor:
    """The mask of the N largest magnitudes of each M consecutive elements along `dim`.

    w        float tensor of any shape; a last group shorter than M is padded with zeros
    Returns  bool tensor, like w. A tie keeps the lower index; NaN counts as largest.
    Raises ValueError unless 1 <= n <= m; IndexError for a dim that w does not have.

    The hardware prunes FP16 weights: ask for the mask of `w.half()` to see the one it uses, since rounding makes ties.
    """
    mask = golden.nm_mask(to_numpy(w.movedim(dim, 0)), n, m)
    return torch.from_numpy(mask).movedim(0, dim).to(w.device)

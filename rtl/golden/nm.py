"""The N:M contract in NumPy: the mask of the weights that are kept, and their compact copy."""

from collections.abc import Sequence

import numpy as np


def nm_mask(w: np.ndarray, n: int, m: int) -> np.ndarray:
    """The mask of the N largest magnitudes of each M consecutive elements along the first axis.

    w        (K, ...) floats; a last group shorter than M is padded with zeros
    Returns  bool, like w. A tie keeps the lower index; NaN counts as largest.
    Raises ValueError unless 1 <= n <= m.
    """
    if not 1 <= n <= m:
        raise ValueError(f"an N:M mask needs 1 <= N <= M, not {n}:{m}")
    length = w.shape[0]
    padded = np.zeros((-(-length // m) * m, *w.shape[1:]), w.dtype)
    padded[:length] = np.abs(w)
    groups = padded.reshape(len(padded) // m, m, *w.shape[1:])
    rank = np.where(np.isnan(groups), np.inf, groups)
    # NaN before infinity: lexsort's last key is the first criterion; it is stable, so a tie keeps the lower index.
    order = np.lexsort((-rank, ~np.isnan(groups)), axis=1)
    mask = np.zeros(groups.shape, bool)
    np.put_along_axis(mask, order[:, :n], True, axis=1)
    return mask.reshape(padded.shape)[:length]


def nm_compact(w: np.ndarray, n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """The N kept values of each group and their indices, ascending.

    w        (K, columns) floats
    Returns  values (groups, N, columns) like w, and indices (groups, N, columns) int64 within the group
    """
    length, columns = w.shape
    padded = np.zeros((-(-length // m) * m, columns), w.dtype)
    padded[:length] = w
    mask = nm_mask(padded, n, m).reshape(-1, m, columns)
    indices = np.argsort(~mask, axis=1, kind="stable")[:, :n]
    return np.take_along_axis(padded.reshape(-1, m, columns), indices, axis=1), indices


def nm_pairs(patterns: Sequence[int], n: int, m: int) -> list[list[tuple[int, int]]]:
    """What the SORE finds: of each group of M FP16 bit patterns the N kept (pattern, index), indices ascending."""
    values, indices = nm_compact(np.array(patterns, np.uint16).view(np.float16)[:, None], n, m)
    kept = values[:, :, 0].view(np.uint16).tolist()
    return [list(zip(*group, strict=True)) for group in zip(kept, indices[:, :, 0].tolist(), strict=True)]

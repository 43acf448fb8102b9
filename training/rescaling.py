"""SDGP's rescaling: each image's channel of a pruned gradient gets back the sum of magnitudes that it had."""

import numpy as np

from training.precision import to_fp16


def rescaled(pruned: np.ndarray, dense: np.ndarray) -> np.ndarray:
    """pruned * sum|dense| / sum|pruned|, the sums over each image's channel, in FP32; a channel without any is left.

    Both (..., B, H, W, C) float16; so is the result, rounded once more.
    """
    before, after = (np.abs(of).sum(axis=(-3, -2), dtype=np.float32, keepdims=True) for of in (dense, pruned))
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        factor = np.where(after > 0, before / after, np.float32(1))
        return to_fp16(pruned.astype(np.float32) * factor)

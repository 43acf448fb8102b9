"""An im2col matrix as a whole, by PyTorch's unfold."""

import numpy as np
import torch
from torch.nn import functional

from tlm.workload.window import Window


def im2col(images: np.ndarray, window: Window, depth: int) -> np.ndarray:
    """(B * Ho * Wo, Kh * Kw * depth) of images (B, H, W, C): kernel positions first, channels last, zeros beyond C."""
    batch, _, _, channels = images.shape
    columns = functional.unfold(
        torch.from_numpy(images.astype(np.float32)).permute(0, 3, 1, 2),
        window.kernel,
        window.dilation,
        window.padding,
        window.stride,
    )
    columns = columns.reshape(batch, channels, window.positions, -1).permute(0, 3, 2, 1).flatten(0, 1).numpy()
    result = np.zeros((len(columns), window.positions, depth), images.dtype)
    result[..., :channels] = columns
    return result.reshape(len(columns), -1)

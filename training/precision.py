"""Where numbers become FP16: one rounding to nearest even, overflow to infinity, every NaN the canonical one."""
import numpy as np
import torch

from rtl.golden.floats import FP16_NAN


def to_fp16(values: np.ndarray) -> np.ndarray:
    """values, any float dtype and shape, rounded once to float16."""
    with np.errstate(over="ignore", invalid="ignore"):
        half = np.ascontiguousarray(values, np.float16)
    nan = np.isnan(half)
    if nan.any():
        half = half.copy()
        half.view(np.uint16)[nan] = FP16_NAN
    return half


def to_numpy(tensor: torch.Tensor) -> np.ndarray:
    """The tensor's values on the host, without its graph; bfloat16, which NumPy lacks, as float32."""
    tensor = tensor.detach().cpu()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()


def operand(tensor: torch.Tensor) -> np.ndarray:
    """The tensor as the hardware sees it: float16, rounded once, of the same shape."""
    return to_fp16(to_numpy(tensor))

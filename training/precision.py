"""Conversion of tensors to NumPy arrays in the formats that the hardware reads."""

import numpy as np
import torch

from rtl import golden


def to_numpy(tensor: torch.Tensor) -> np.ndarray:
    """The tensor's values on the host, without its graph; bfloat16, which NumPy lacks, as float32."""
    tensor = tensor.detach().cpu()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()


def to_fp16(values: np.ndarray) -> np.ndarray:
    """values rounded once to float16, every NaN 0x7E00: rtl.golden.to_fp16, where PyTorch knows how to do it sooner."""
    if values.dtype != np.float32:
        return golden.to_fp16(values)
    half = torch.from_numpy(np.ascontiguousarray(values)).to(torch.float16)
    return golden.to_fp16(half.numpy()) if half.isnan().any() else half.numpy()


def operand(tensor: torch.Tensor) -> np.ndarray:
    """The tensor as a GEMM's operand: float16, rounded once, of the same shape, contiguous; never a view of it."""
    tensor = tensor.detach()
    if tensor.dtype == torch.float64:  # which torch rounds twice, by way of float32
        return to_fp16(to_numpy(tensor))
    half = tensor.to("cpu", torch.float16, memory_format=torch.contiguous_format).contiguous()
    return (half.clone() if half.data_ptr() == tensor.data_ptr() else half).numpy()  # which may change later

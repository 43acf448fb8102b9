"""Conversion of tensors to NumPy arrays in the formats that the hardware reads."""

from math import prod

import numpy as np
import torch

from cosim.kernel.kernel import data_of
from cosim.kernel.kernel_vectors import turned
from rtl import golden


def at_hand(tensor: torch.Tensor) -> bool:
    """Whether it is float32, and its numbers lie one after the other at its address, on the host."""
    return tensor.dtype is torch.float32 and tensor.is_cpu and tensor.is_contiguous()


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
    if tensor.dim() == 4 and tensor.shape[3] > 1 and at_hand(tensor.movedim(-1, 1)):
        count, height, width, channels = tensor.shape
        images = np.empty((count, height, width, channels), np.float16)
        if turned(tensor.data_ptr(), (count, channels, height * width), True, data_of(images)):
            return images
    half = tensor.to("cpu", torch.float16, memory_format=torch.contiguous_format).contiguous()
    return (half.clone() if half.data_ptr() == tensor.data_ptr() else half).numpy()  # which may change later


def planes(images: np.ndarray, shape: tuple[int, ...], like: torch.Tensor) -> torch.Tensor | None:
    """Contiguous (..., C, H, W) of float16 images, channels last, in the dtype of another tensor: where that is float32
    on the host, and the kernel does it, sooner than PyTorch; else None."""
    if not (like.is_cpu and like.dtype is torch.float32 and images.dtype == np.float16 and images.flags.c_contiguous):
        return None
    result = torch.empty(shape)
    pixels = shape[-2] * shape[-1]
    size = prod(shape[:-3]), pixels, shape[-3]
    return result if turned(data_of(images), size, False, result.data_ptr()) else None

"""From tensors to the arrays that the hardware sees."""
import numpy as np
import torch

from rtl.golden import to_fp16


def to_numpy(tensor: torch.Tensor) -> np.ndarray:
    """The tensor's values on the host, without its graph; bfloat16, which NumPy lacks, as float32."""
    tensor = tensor.detach().cpu()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()


def operand(tensor: torch.Tensor) -> np.ndarray:
    """The tensor as the hardware sees it: float16, rounded once, of the same shape, contiguous."""
    tensor = tensor.detach()
    if tensor.dtype == torch.float64:           # which torch rounds twice, by way of float32
        return to_fp16(to_numpy(tensor))
    return tensor.to("cpu", torch.float16, memory_format=torch.contiguous_format).contiguous().numpy()

"""The multiply-adds of PyTorch's own matrix products, from the shapes of their operands as they are dispatched.

PyTorch's counter has no formula for fused attention on a CPU and for recurrent layers, and counts the weight gradient
of a grouped convolution once for each group: so fused forms are taken apart while products are counted
(`taken_apart`), and the formulas are our own.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten
Seen = Callable[[str, int], None]  # called with the name of an operator and its multiply-adds


def _product(args: tuple, _: Any) -> int:
    """a (..., M, K) @ b (..., K, N), or b (K,), or a (K,), too; of a sparse a the elements that it has."""
    a, b = args[:2]
    if a.layout is torch.strided:
        elements = a.numel()
    elif isinstance(a, FakeTensor):
        raise ValueError("the elements of a sparse matrix are not known from its shape")
    else:
        elements = a._nnz()
    return elements * (b.shape[-1] if b.dim() > 1 else 1)


def _added(args: tuple, _: Any) -> int:
    """The same, with a tensor to add in front."""
    return _product(args[1:3], _)


def _convolution(args: tuple, out: Any) -> int:
    """Each weight (Co, Ci / groups, ...) once for each output pixel; in a transposed one for each input pixel."""
    x, weight, transposed = args[0], args[1], args[6]
    return _pixels(x if transposed else out) * weight.numel()


def _convolution_gradients(args: tuple, _: Any) -> int:
    """As many for each gradient: of the input, and of the weight."""
    dy, x, weight, transposed, wanted = args[0], args[1], args[2], args[7], args[10]
    return sum(wanted[:2]) * _pixels(x if transposed else dy) * weight.numel()


def _pixels(images: Tensor) -> int:
    """Pixels of a batch (B, C, ...)."""
    return images.shape[0] * prod(images.shape[2:])


def _over_time(args: tuple, out: Any) -> int:
    """torch.conv_tbc: each weight (K, Ci, Co) once for each output step of each sequence."""
    return out.shape[0] * out.shape[1] * args[1].numel()


def _trilinear(args: tuple, _: Any) -> int:
    """nn.Bilinear and its gradients: the sum of all products of an element of each of three tensors, broadcast."""
    shapes = []
    for tensor, added in zip(args[:3], args[3:6], strict=True):
        for place in added:
            tensor = tensor.unsqueeze(place)
        shapes.append(tensor.shape)
    return torch.broadcast_shapes(*shapes).numel()


def _distances(args: tuple, _: Any) -> int:
    """Euclidean distances of the rows of a and b."""
    a, b = args[:2]
    return a.numel() * b.shape[-2]


FORMULAS: dict[Any, Callable[[tuple, Any], int]] = {
    aten.mm: _product,
    aten.bmm: _product,
    aten.mv: _product,
    aten.dot: _product,
    aten.vdot: _product,
    aten.addmm: _added,
    aten._addmm_activation: _added,
    aten.baddbmm: _added,
    aten.addbmm: _added,
    aten.addmv: _added,
    aten._sparse_addmm: _added,
    aten.addmm_: _added,
    aten.baddbmm_: _added,
    aten.addbmm_: _added,
    aten.addmv_: _added,
    aten._int_mm: _product,
    aten._grouped_mm: _product,
    aten.conv_tbc: _over_time,
    aten.convolution: _convolution,
    aten._convolution: _convolution,
    aten.convolution_backward: _convolution_gradients,
    aten._trilinear: _trilinear,
    aten._euclidean_dist: _distances,
}


class Counter(TorchDispatchMode):
    """Calls `seen` for each matrix product that PyTorch does while it is active."""

    def __init__(self, seen: Seen):
        super().__init__()
        self._seen = seen

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None) -> Any:
        kwargs = kwargs or {}
        formula = FORMULAS.get(func.overloadpacket)
        if formula is None and torch.is_inference_mode_enabled():  # where compound functions come as they are
            with self:
                parts = func.decompose(*args, **kwargs)
            if parts is not NotImplemented:
                return parts
        out = func(*args, **kwargs)
        if formula is not None and (macs := formula(args, out)):
            self._seen(func.overloadpacket.__name__, macs)
        return out


@contextmanager
def taken_apart() -> Iterator[None]:
    """Have PyTorch compose attention and recurrent layers of products that it dispatches, for as long as this holds."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the flags' setter speaks of graphics processors
            flags = torch.backends.mkldnn.flags(enabled=False)
            flags.__enter__()
        try:
            with sdpa_kernel(SDPBackend.MATH):
                yield
        finally:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                flags.__exit__(None, None, None)
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)

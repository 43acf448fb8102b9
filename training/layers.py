"""Drop-in layers whose GEMMs run on an engine.

Operands (input, weight, output gradient) are rounded to FP16 on entry; the FP32 master weight is the nn.Parameter.
Outputs and input gradients leave the array as FP16 and are returned in the input's dtype; weight gradients leave as
FP32 and go straight through the masks to the dense master weight. On the host: the bias, added in FP32 to the FP16
output and rounded to FP16 once more, and its gradient, an FP32 sum; and the rescaling of pruned gradients.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from training import operands
from training.offload import Offload
from training.precision import operand, planes, to_fp16, to_numpy
from training.rescaling import rescaled

SMALL = 1 << 15  # elements


class _Layer(Function):
    """x, weight, bias or None, layer -> y; x and y of the shapes that the layer's own class takes and gives."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor | None, layer: "SatLinear | SatConv2d") -> Tensor:
        offload = layer.offload
        lowering = offload.lowering(layer, x.shape)
        x16 = operand(layer.channels_last(x)).reshape(lowering.geometry.shape)
        weight16 = operand(layer.positions_first(weight))
        y = offload.run(lowering.gemm("ff"), *operands.forward(lowering, x16, weight16))
        if bias is not None:
            with np.errstate(invalid="ignore", over="ignore"):
                y = to_fp16(y.astype(np.float32) + to_numpy(bias))
        ctx.layer, ctx.lowering, ctx.x16, ctx.weight16, ctx.x = layer, lowering, x16, weight16, x.new_empty(0)
        ctx.shape = x.shape
        return layer.from_channels_last(y, x, layer.output_shape(x.shape, lowering.geometry.out))

    @staticmethod
    @once_differentiable
    def backward(ctx, dy: Tensor) -> tuple[Tensor | None, ...]:
        layer, lowering, offload = ctx.layer, ctx.lowering, ctx.layer.offload
        geometry = lowering.geometry
        dy16 = operand(layer.channels_last(dy)).reshape(geometry.batch, *geometry.out, geometry.outputs)
        dx = dweight = dbias = None
        if ctx.needs_input_grad[0]:  # not so for the network's input: the first layer has no BP
            pruned = dy16
            if lowering.gradients_pruned:
                pruned = offload.pruned_gradients(lowering, dy16)
                pruned = rescaled(pruned, dy16) if lowering.scheme.rescale else pruned
            product = offload.run(lowering.gemm("bp"), *operands.input_gradient(lowering, pruned, ctx.weight16))
            dx = layer.from_channels_last(operands.scattered(lowering, product), ctx.x, ctx.shape)
        if ctx.needs_input_grad[1]:
            product = offload.run(lowering.gemm("wu"), *operands.weight_gradient(lowering, ctx.x16, dy16))
            dweight = layer.from_positions_first(torch.from_numpy(product).reshape(ctx.weight16.shape)).to(dy.device)
        if ctx.needs_input_grad[2]:
            with np.errstate(invalid="ignore", over="ignore"):
                dbias = torch.from_numpy(dy16.sum(axis=(0, 1, 2), dtype=np.float32)).to(dy.device)
        return dx, dweight, dbias, None


class _Product(Function):
    """a (..., M, K), b (..., K, N) -> a @ b: as many products as the leading dimensions say."""

    @staticmethod
    def forward(ctx, a: Tensor, b: Tensor, offload: Offload) -> Tensor:
        ctx.offload, ctx.gemms, ctx.like = offload, offload.products(a.shape, b.shape), a.new_empty(0)
        ctx.a, ctx.b = (operand(matrix).reshape(-1, *matrix.shape[-2:]) for matrix in (a, b))
        ctx.shapes = a.shape, b.shape
        return _tensor(offload.run_products(ctx.gemms["ff"], ctx.a, ctx.b), a).reshape(*a.shape[:-1], b.shape[-1])

    @staticmethod
    @once_differentiable
    def backward(ctx, dc: Tensor) -> tuple[Tensor | None, ...]:
        dc16 = operand(dc).reshape(-1, *dc.shape[-2:])
        pairs = {"left": (dc16, ctx.b.swapaxes(1, 2)), "right": (ctx.a.swapaxes(1, 2), dc16)}
        return *(
            _tensor(ctx.offload.run_products(ctx.gemms[side], *pair), ctx.like).reshape(shape) if wanted else None
            for (side, pair), shape, wanted in zip(pairs.items(), ctx.shapes, ctx.needs_input_grad[:2], strict=True)
        ), None


def _tensor(array: np.ndarray, like: Tensor) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array)).to(like)


class SatLinear(nn.Linear):
    """nn.Linear on an engine: the arguments of nn.Linear, and an Offload. Any leading dimensions are the batch."""

    def __init__(self, *args, offload: Offload, **kwargs):
        super().__init__(*args, **kwargs)
        self.offload = offload

    def forward(self, input: Tensor) -> Tensor:
        """input (..., Ci) -> (..., Co), in its dtype. Raises ValueError for an input that does not fit."""
        if input.is_meta:
            return super().forward(input)  # shapes alone: nothing to compute
        return _Layer.apply(input, self.weight, self.bias, self)

    def output_shape(self, shape: torch.Size, _out: tuple[int, int]) -> tuple[int, ...]:
        """Of y, for an input of that shape."""
        return *shape[:-1], self.out_features

    @staticmethod
    def channels_last(x: Tensor) -> Tensor:
        """An input or output as it is."""
        return x

    @staticmethod
    def from_channels_last(images: np.ndarray, like: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Back to an input's or output's shape, in the dtype of another tensor."""
        return _tensor(images, like).reshape(shape)

    @staticmethod
    def positions_first(weight: Tensor) -> Tensor:
        """(Co, Ci) -> (1, 1, Ci, Co)."""
        return weight.T[None, None]

    @staticmethod
    def from_positions_first(weight: Tensor) -> Tensor:
        """(1, 1, Ci, Co) -> (Co, Ci)."""
        return weight[0, 0].T


class SatConv2d(nn.Conv2d):
    """nn.Conv2d on an engine: the arguments of nn.Conv2d, and an Offload.

    Raises ValueError for a convolution that is no single GEMM: with groups, with padding by a word, or padded with
    anything but zeros.
    """

    def __init__(self, *args, offload: Offload, **kwargs):
        super().__init__(*args, **kwargs)
        check_convolution(self, offload.layer)
        self.offload = offload

    def forward(self, input: Tensor) -> Tensor:
        """input (B, Ci, H, W) or (Ci, H, W) -> likewise, in its dtype. Raises ValueError for one that does not fit."""
        if input.is_meta:
            return super().forward(input)  # shapes alone: nothing to compute
        return _Layer.apply(input, self.weight, self.bias, self)

    def output_shape(self, shape: torch.Size, out: tuple[int, int]) -> tuple[int, ...]:
        """Of y, for an input of that shape."""
        return *shape[:-3], self.out_channels, *out

    @staticmethod
    def channels_last(x: Tensor) -> Tensor:
        """(..., C, H, W) -> (..., H, W, C)."""
        return x.movedim(-3, -1)

    @staticmethod
    def from_channels_last(images: np.ndarray, like: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Back to (..., C, H, W), in the dtype of another tensor. In memory channels stay last; first where small,
        which PyTorch normalises sooner."""
        small = images.size < SMALL
        if small and (result := planes(images, shape, like)) is not None:
            return result
        result = _tensor(images, like).reshape(*shape[:-3], *shape[-2:], shape[-3]).movedim(-1, -3)
        return result.contiguous() if small else result

    @staticmethod
    def positions_first(weight: Tensor) -> Tensor:
        """(Co, Ci, Kh, Kw) -> (Kh, Kw, Ci, Co)."""
        return weight.permute(2, 3, 1, 0)

    @staticmethod
    def from_positions_first(weight: Tensor) -> Tensor:
        """(Kh, Kw, Ci, Co) -> (Co, Ci, Kh, Kw)."""
        return weight.permute(3, 2, 0, 1)


class MatMul(nn.Module):
    """The product of two activations, such as attention's: a module, so that it can be found and run elsewhere."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """a (..., M, K) @ b (..., K, N) -> (..., M, N)."""
        return a @ b


class SatMatMul(MatMul):
    """MatMul on an engine: dense GEMMs without weights."""

    def __init__(self, offload: Offload):
        super().__init__()
        self.offload = offload

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """As MatMul's, in a's dtype. Raises ValueError unless a and b have the same leading dimensions."""
        return super().forward(a, b) if a.is_meta else _Product.apply(a, b, self.offload)


def check_convolution(layer: nn.Conv2d, name: str) -> None:
    """Raise ValueError, naming layer, rule and value, for a convolution that is no single GEMM."""
    if layer.groups != 1:
        raise ValueError(f"layer {name}: groups must be 1, not {layer.groups}")
    if layer.padding_mode != "zeros":
        raise ValueError(f"layer {name}: padding_mode must be 'zeros', not {layer.padding_mode!r}")
    if isinstance(layer.padding, str):
        raise ValueError(f"layer {name}: padding must be a number or a pair, not {layer.padding!r}")

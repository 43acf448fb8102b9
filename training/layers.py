"""Drop-in layers whose three GEMMs run on an engine.

Operands (input, weight, output gradient) are rounded to FP16 on entry; the FP32 master weight is the nn.Parameter.
Outputs and input gradients leave the array as FP16 and are returned in the input's dtype; weight gradients leave as
FP32 and go straight through the masks to the dense master weight. On the host: the bias, added in FP32 to the FP16
output and rounded to FP16 once more, and its gradient, an FP32 sum.
"""
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from cosim import Engine
from tlm import Plan
from training.lowering import Lowering, geometry_of
from training.methods import Scheme
from training.precision import operand, to_fp16, to_numpy


@dataclass(eq=False)
class Offload:
    """Where a layer's GEMMs run, by which scheme and plan, their name in reports, and which stages have run."""

    layer: str
    scheme: Scheme
    engine: Engine
    plan: Plan | None = None
    stages: set[str] = field(default_factory=set)

    def __deepcopy__(self, memo) -> "Offload":
        return Offload(self.layer, self.scheme, self.engine, self.plan)      # a copy of a layer uses the same hardware

    def run(self, lowering: Lowering, stage: str, operands: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """The product of a stage's operands, (M, N) in the dtype in which it leaves the array."""
        gemm, (a, b) = lowering.gemm(stage), operands
        self.stages.add(stage)
        return self.engine.execute(gemm, a, b, self.plan.mapping(gemm) if self.plan else "os").c


class _Convolution(Function):
    """x (B, H, W, Ci), weight (Kh, Kw, Ci, Co), bias (Co) or None -> y (B, Ho, Wo, Co), channels last."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor | None, offload: Offload, lowering: Lowering) -> Tensor:
        x16, weight16 = operand(x), operand(weight)
        y = offload.run(lowering, "ff", lowering.ff(x16, weight16))
        if bias is not None:
            with np.errstate(invalid="ignore", over="ignore"):
                y = to_fp16(y.astype(np.float32) + to_numpy(bias))
        ctx.offload, ctx.lowering, ctx.x16, ctx.weight16, ctx.like = offload, lowering, x16, weight16, x.new_empty(0)
        return _tensor(y, x).reshape(x.shape[0], *lowering.geometry.out, -1)

    @staticmethod
    @once_differentiable
    def backward(ctx, dy: Tensor) -> tuple[Tensor | None, ...]:
        offload, lowering, dy16 = ctx.offload, ctx.lowering, operand(dy)
        dx = dweight = dbias = None
        if ctx.needs_input_grad[0]:         # not so for the network's input: the first layer has no BP
            product = offload.run(lowering, "bp", lowering.bp(dy16, ctx.weight16))
            dx = _tensor(lowering.input_gradient(product), ctx.like)
        if ctx.needs_input_grad[1]:
            product = offload.run(lowering, "wu", lowering.wu(ctx.x16, dy16))
            dweight = torch.from_numpy(product).reshape(ctx.weight16.shape).to(dy.device)
        if ctx.needs_input_grad[2]:
            with np.errstate(invalid="ignore", over="ignore"):
                dbias = torch.from_numpy(dy16.sum(axis=(0, 1, 2), dtype=np.float32)).to(dy.device)
        return dx, dweight, dbias, None, None


def _tensor(array: np.ndarray, like: Tensor) -> Tensor:
    return torch.from_numpy(array).to(like)


class SatLinear(nn.Linear):
    """nn.Linear on an engine: the arguments of nn.Linear, and an Offload. Any leading dimensions are the batch."""

    def __init__(self, *args, offload: Offload, **kwargs):
        super().__init__(*args, **kwargs)
        self.offload = offload

    def forward(self, x: Tensor) -> Tensor:
        """x (..., Ci) -> (..., Co), in x's dtype. Raises ValueError for an input that does not fit."""
        if x.is_meta:
            return super().forward(x)       # shapes alone: nothing to compute
        lowering = Lowering(self.offload.layer, self.offload.scheme, geometry_of(self, x.shape))
        y = _Convolution.apply(x.reshape(lowering.geometry.shape), self.weight.T[None, None],
                               self.bias, self.offload, lowering)
        return y.reshape(*x.shape[:-1], self.out_features)


class SatConv2d(nn.Conv2d):
    """nn.Conv2d on an engine: the arguments of nn.Conv2d, and an Offload.

    Raises ValueError for what is no single GEMM: groups, padding by a word, or padding with anything but zeros.
    """

    def __init__(self, *args, offload: Offload, **kwargs):
        super().__init__(*args, **kwargs)
        check_convolution(self, offload.layer)
        self.offload = offload

    def forward(self, x: Tensor) -> Tensor:
        """x (B, Ci, H, W) or (Ci, H, W) -> y likewise, in x's dtype. Raises ValueError for one that does not fit."""
        if x.is_meta:
            return super().forward(x)       # shapes alone: nothing to compute
        lowering = Lowering(self.offload.layer, self.offload.scheme, geometry_of(self, x.shape))
        images = x.reshape(-1, *x.shape[-3:]).permute(0, 2, 3, 1)                          # (B, H, W, Ci)
        y = _Convolution.apply(images, self.weight.permute(2, 3, 1, 0), self.bias, self.offload, lowering)
        return y.permute(0, 3, 1, 2).contiguous().reshape(*x.shape[:-3], *y.shape[3:], *y.shape[1:3])


def check_convolution(layer: nn.Conv2d, name: str) -> None:
    """Raise ValueError, naming layer, rule and value, for a convolution that is no single GEMM."""
    if layer.groups != 1:
        raise ValueError(f"layer {name}: groups must be 1, not {layer.groups}")
    if layer.padding_mode != "zeros":
        raise ValueError(f"layer {name}: padding_mode must be 'zeros', not {layer.padding_mode!r}")
    if isinstance(layer.padding, str):
        raise ValueError(f"layer {name}: padding must be a number or a pair, not {layer.padding!r}")

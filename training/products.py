"""The two matrix products that run on an engine: of a layer's images and weights, and of two activations.

Operands (input, weight, output gradient) are rounded to FP16 on entry; the FP32 master weight is the nn.Parameter.
Outputs and input gradients leave the array as FP16 and are returned in the input's dtype; weight gradients leave as
FP32 and go straight through the masks to the dense master weight. On the host: the bias, added in FP32 to the FP16
output and rounded to FP16 once more, and its gradient, an FP32 sum; and the rescaling of pruned gradients.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from tlm.workload.layer import Conv
from tlm.workload.lowering import Lowering
from training import operands
from training.layouts import Layout, tensor_like
from training.offload import Offload
from training.precision import operand, to_fp16, to_numpy
from training.rescaling import rescaled


@dataclass
class Gradients:
    """Which gradients of a call the backward pass has asked for."""

    input: bool = False
    second: bool = False  # the weight's, or of two activations that of the second
    bias: bool = False


Note = Callable[[], Gradients | None]


@dataclass(frozen=True)
class Use:
    """A way in which a weight is used: by which layer, on inputs of which size.

    input_shape   of the layer's input, as PyTorch has it
    weight_shape  of the weight, as the layout has it
    turned        the parameter is the transpose of that
    derived       the weight is made of parameters in each forward pass
    """

    offload: Offload
    conv: Conv
    batch: int
    layout: type[Layout]
    input_shape: tuple[int, ...]
    weight_shape: tuple[int, ...]
    turned: bool = False
    derived: bool = False

    @cached_property
    def lowering(self) -> Lowering:
        """Its GEMMs."""
        return self.offload.lowering(self.conv, self.batch)

    @cached_property
    def taken(self) -> tuple[int, int, int, int]:
        """(B, H, W, C) of the input."""
        return self._given if self.conv.transposed else self._taken

    @cached_property
    def given(self) -> tuple[int, int, int, int]:
        """(B, H, W, C) of the output."""
        return self._taken if self.conv.transposed else self._given

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """The output's, as PyTorch has it."""
        return self.layout.output_shape(self.input_shape, self.given)

    @property
    def _taken(self) -> tuple[int, int, int, int]:
        return self.batch, self.conv.height, self.conv.width, self.conv.channels

    @property
    def _given(self) -> tuple[int, int, int, int]:
        return self.batch, *self.conv.out, self.conv.outputs

    def matrix(self, parameter: Tensor) -> np.ndarray:
        """The parameter, or a tensor of its shape, as (Kh * Kw * Ci, Co) of the convolution, all groups side by side;
        a bias as (1, Co)."""
        if parameter.dim() == 1:
            return to_numpy(parameter)[None]
        weight = parameter.T if self.turned else parameter
        positions = self.layout.positions_first(weight.reshape(self.weight_shape))
        return to_numpy(positions).reshape(-1, self.weight_shape[0])

    def of_matrix(self, matrix: np.ndarray, shape: tuple[int, ...]) -> Tensor:
        """The inverse of `matrix`: a tensor of the parameter's shape."""
        if len(shape) == 1:
            return torch.from_numpy(matrix[0])
        outputs, inputs, *kernel = self.weight_shape
        positions = torch.from_numpy(matrix).reshape(*(kernel or (1, 1)), inputs, outputs)
        weight = self.layout.from_positions_first(positions)
        return (weight.T if self.turned else weight).reshape(shape)

    def weight16(self, weight: Tensor) -> np.ndarray:
        """A weight as (G, Kh, Kw, Ci, Co) float16."""
        return operands.split_weight(operand(self.layout.positions_first(weight)), self.conv.groups)


class LayerProduct(Function):
    """x, weight, bias or None, use, note -> y; x, weight and y of the shapes that the use's layout has.

    note  None, or called when the product runs; what it returns, if anything, is told which gradients are asked for
    """

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor | None, use: Use, note: Note | None) -> Tensor:
        ctx.use, ctx.like = use, x.new_empty(0)
        ctx.shapes = x.shape, weight.shape, (use.given[3],)
        if is_shape(x):
            ctx.kept = _Kept([x.new_empty(x.shape, dtype=torch.float16), weight.new_empty(weight.shape)])
            ctx.gradients = note() if note else None
            return x.new_empty(use.shape)
        lowering, offload, groups = use.lowering, use.offload, use.conv.groups
        x16 = operands.split(operand(use.layout.channels_last(x)).reshape(use.taken), groups)
        weight16 = use.weight16(weight)
        ctx.kept = _Kept([x16, weight16])
        ctx.gradients = note() if note else None
        if use.derived:
            offload.make_copies(lowering, "ff", weight16)
        product = offload.run(lowering.gemm("ff"), *operands.of_stage(lowering, "ff", x16, weight16))
        y = operands.joined(operands.result(lowering, "ff", product))
        if bias is not None:
            with np.errstate(invalid="ignore", over="ignore"):
                y = to_fp16(y.astype(np.float32) + to_numpy(bias))
        return use.layout.from_channels_last(y, x, use.shape)

    @staticmethod
    @once_differentiable
    def backward(ctx, dy: Tensor) -> tuple[Tensor | None, ...]:
        use, wanted = ctx.use, _wanted(ctx)
        want_dx, want_dweight, want_dbias = wanted
        if is_shape(dy):
            return _shapes(ctx, dy, wanted)
        lowering, offload, layout = use.lowering, use.offload, use.layout
        x16, weight16 = ctx.kept.arrays()
        whole = operand(layout.channels_last(dy)).reshape(use.given)
        dy16 = operands.split(whole, use.conv.groups)
        dx = dweight = dbias = None
        if want_dx:  # not so for the network's input: the first layer has no BP
            if use.derived:
                offload.make_copies(lowering, "bp", weight16)
            pruned = dy16
            if lowering.gradients_pruned:
                pruned = offload.pruned_gradients(lowering, dy16)
                pruned = rescaled(pruned, dy16) if lowering.scheme.rescale else pruned
            product = offload.run(lowering.gemm("bp"), *operands.of_stage(lowering, "bp", pruned, weight16))
            images = operands.joined(operands.result(lowering, "bp", product))
            dx = layout.from_channels_last(images, ctx.like, ctx.shapes[0])
        if want_dweight:
            product = offload.run(lowering.gemm("wu"), *operands.weight_gradient(lowering, x16, dy16))
            columns = product[0] if len(product) == 1 else np.concatenate(product, axis=1)  # all groups side by side
            positions = torch.from_numpy(columns).reshape(*weight16.shape[1:4], -1)
            dweight = layout.from_positions_first(positions).to(dy.device)
        if want_dbias:
            with np.errstate(invalid="ignore", over="ignore"):
                dbias = torch.from_numpy(whole.sum(axis=(0, 1, 2), dtype=np.float32)).to(dy.device)
        return dx, dweight, dbias, None, None


class ActivationProduct(Function):
    """a (..., M, K), b (..., K, N) with the same leading dimensions, offload, note -> a @ b; note as above."""

    @staticmethod
    def forward(ctx, a: Tensor, b: Tensor, offload: Offload, note: Note | None) -> Tensor:
        ctx.offload, ctx.like, ctx.shapes = offload, a.new_empty(0), (a.shape, b.shape)
        shape = *a.shape[:-1], b.shape[-1]
        if is_shape(a):
            ctx.kept = _Kept([side.new_empty(side.shape, dtype=torch.float16) for side in (a, b)])
            ctx.gradients = note() if note else None
            return a.new_empty(shape)
        pair = [operand(matrix).reshape(-1, *matrix.shape[-2:]) for matrix in (a, b)]
        ctx.kept = _Kept(pair)
        ctx.gradients = note() if note else None
        return tensor_like(offload.run(offload.products(a.shape, b.shape)["ff"], *pair).reshape(shape), a)

    @staticmethod
    @once_differentiable
    def backward(ctx, dc: Tensor) -> tuple[Tensor | None, ...]:
        wanted = _wanted(ctx)[:2]
        if is_shape(dc):
            return _shapes(ctx, dc, wanted)
        a, b = ctx.kept.arrays()
        dc16, gemms = operand(dc).reshape(-1, *dc.shape[-2:]), ctx.offload.products(*ctx.shapes)
        pairs = {"left": (dc16, b.swapaxes(1, 2)), "right": (a.swapaxes(1, 2), dc16)}
        return (
            *(
                tensor_like(ctx.offload.run(gemms[side], *pair).reshape(shape), ctx.like) if asked else None
                for (side, pair), shape, asked in zip(pairs.items(), ctx.shapes, wanted, strict=True)
            ),
            None,
            None,
        )


def is_shape(tensor: Tensor) -> bool:
    """Whether it has no values."""
    return tensor.is_meta or isinstance(tensor, FakeTensor)


def _wanted(ctx: Any) -> tuple[bool, bool, bool]:
    """Which gradients of the first three inputs are asked for, and note it."""
    first, second, third, *_ = ctx.needs_input_grad
    if (of := ctx.gradients) is not None:
        of.input, of.second, of.bias = of.input or first, of.second or second, of.bias or third
    return first, second, third


def _shapes(ctx: Any, dy: Tensor, wanted: Sequence[bool]) -> tuple[Tensor | None, ...]:
    """Gradients without values."""
    ctx.kept.tensors()  # a checkpoint computes them again
    found = [dy.new_empty(shape) if asked else None for shape, asked in zip(ctx.shapes, wanted, strict=True)]
    return (*found, *[None] * (len(ctx.needs_input_grad) - len(found)))


class _Kept:
    """What a product keeps for its backward pass.

    Where hooks on saved tensors hold, they are called before the product runs: a checkpoint that computes the forward
    pass again stops when it has what is missing, as it does in PyTorch's own functions, and not one product later.
    """

    def __init__(self, parts: Sequence[np.ndarray | Tensor]):
        hooks = torch._C._autograd._top_saved_tensors_default_hooks(True)
        self._unpack = hooks[1] if hooks else None
        if hooks:
            parts = [hooks[0](torch.from_numpy(part) if isinstance(part, np.ndarray) else part) for part in parts]
        self._parts = parts

    def tensors(self) -> list:
        """The parts as they were given, through the hooks if there were any."""
        return list(self._parts) if self._unpack is None else [self._unpack(part) for part in self._parts]

    def arrays(self) -> list[np.ndarray]:
        """The same as arrays."""
        return [to_numpy(part) if isinstance(part, Tensor) else part for part in self.tensors()]

"""A call of a function of PyTorch that has been intercepted, and the products that run on the engine for it."""

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from tlm.workload.layer import Conv, Product
from training.converted import Conversion, Weight
from training.layouts import Images, Layout, Rows
from training.products import ActivationProduct, LayerProduct, Use, is_shape

Pair = tuple[int, ...]  # (height, width)


class Frame(Protocol):
    """A module at work."""

    path: str

    def product(self, word: str) -> str:
        """The name of a product of two activations."""

    def numbered(self, name: str) -> str:
        """The name of a call of a function that has no weight."""


class Interception(Protocol):
    """The call of a converted module in which functions are intercepted."""

    conversion: Conversion

    @property
    def frame(self) -> Frame:
        """The module that is at work."""

    def weight(self, tensor: Tensor) -> Weight | None:
        """What a tensor is as a weight; None for an activation."""

    def __enter__(self) -> Any: ...

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None: ...


class Site:
    """The place of a call. Its products run on the engine; those that cannot run there, or shall not, in PyTorch.

    function  the function that was called
    """

    def __init__(self, interception: Interception, function: Callable):
        self._interception, self.function = interception, function
        self.conversion = interception.conversion
        self.words = getattr(function, "__name__", "product").strip("_")

    def plain(self, *args: Any, **kwargs: Any) -> Any:
        """The function itself, in PyTorch."""
        return self.function(*args, **kwargs)

    def opened(self, function: Callable, *args: Any, **kwargs: Any) -> Any:
        """Another form of the function, inside of which calls are intercepted, too."""
        with self._interception:
            return function(*args, **kwargs)

    def weight(self, tensor: Tensor) -> Weight | None:
        """What a tensor is as a weight; None for an activation."""
        return self._interception.weight(tensor)

    def linear(self, x: Tensor, weight: Tensor, bias: Tensor | None = None, of: Weight | None = None) -> Tensor:
        """x (..., Ci), weight (Co, Ci), bias (Co,) -> (..., Co). `of` is what the weight is, where it is a view."""
        of = of or self.weight(weight)
        if x.is_nested or weight.dim() != 2 or x.dim() == 0 or x.shape[-1] != weight.shape[1]:
            return functional.linear(x, weight, bias)
        if bias is not None and bias.shape != weight.shape[:1]:  # one that is broadcast
            return self.linear(x, weight, None, of) + bias
        if of is None:  # two activations
            y = self.product(x[None], weight.T)[0] if x.dim() == 1 else self.product(x, weight.T)
            return y if bias is None else y + bias
        if not self._runs(of, x, weight):
            return functional.linear(x, weight, bias)
        use = self._use(
            of, x, weight, bias, Rows, lambda name: _linear(name, x.shape, weight.shape, bias is not None), ()
        )
        return self._layer(x, weight, bias, use, of)

    def convolution(
        self,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        stride: Pair,
        padding: Pair,
        dilation: Pair,
        groups: int,
        of: Weight | None = None,
        output: Pair | None = None,
    ) -> Tensor:
        """x (B, C, H, W), weight (Co, C / groups, Kh, Kw), bias (Co,) -> (B, Co, Ho, Wo).

        output  height and width of the output of the transposed convolution; None: it is not transposed
        """
        of = of or self.weight(weight)
        sizes = stride, padding, dilation, groups, output
        if not self._runs(of, x, weight):
            return _in_pytorch(x, weight, bias, *sizes)

        def layer(name: str) -> tuple[Conv, int]:
            outputs, channels, *kernel = weight.shape
            height, width = x.shape[2:] if output is None else output
            moved = dict(
                zip(("kernel", "stride", "padding", "dilation"), (kernel, stride, padding, dilation), strict=True)
            )
            return Conv(
                name,
                channels * groups,
                outputs,
                height,
                width,
                **{name: (sizes[0], sizes[1]) for name, sizes in moved.items()},
                bias=bias is not None,
                groups=groups,
                transposed=output is not None,
            ), x.shape[0]

        use = self._use(of, x, weight, bias, Images, layer, sizes)
        return self._layer(x, weight, bias, use, of)

    def product(self, a: Tensor, b: Tensor, word: str | None = None) -> Tensor:
        """Two activations, (..., M, K) and (..., K, N), or the same with leading dimensions that are broadcast: a @ b.

        word  names the product in reports, after the module's path; None: the function
        """
        frame = self._interception.frame
        name = frame.product(word or self.words)
        if a.shape[-1] != b.shape[-2] or not self._runs_named(name, a, b):
            return a @ b
        if b.dim() == 2:
            return self._product(name, a.reshape(-1, a.shape[-1]), b).reshape(*a.shape[:-1], b.shape[-1])
        try:
            batch = torch.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        except RuntimeError:
            return a @ b  # which tells what is wrong
        return self._product(name, a.expand(*batch, *a.shape[-2:]), b.expand(*batch, *b.shape[-2:]))

    def _product(self, name: str, a: Tensor, b: Tensor) -> Tensor:
        note, tracer = None, self.conversion.tracer
        if tracer is not None:
            product = Product(name, a.shape[-2], a.shape[-1], b.shape[-1])
            note = partial(tracer.noted, product, prod(a.shape[:-2]), None, None)
        return ActivationProduct.apply(a, b, self.conversion.offload(name, weights=False), note)

    def _layer(self, x: Tensor, weight: Tensor, bias: Tensor | None, use: Use, of: Weight | None) -> Tensor:
        tracer = self.conversion.tracer
        note = None if tracer is None else partial(tracer.noted, use.conv, use.batch, of, bias)
        return LayerProduct.apply(x, weight, bias, use, note)

    def _use(
        self,
        of: Weight | None,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        layout: type[Layout],
        layer: Callable[[str], tuple[Conv, int]],
        sizes: tuple,
    ) -> Use:
        """How the weight is used by this call: the same object for calls that are alike."""
        known, kinds, pruned = self.conversion.known, self.conversion.kinds, of is not None
        of = of or Weight(self._interception.frame.numbered(self.words))
        name, turned, whole = of.name, of.turned, of.parameter is not None
        # Of parameters of the module alone: others may come with each call.
        parameters = id(of.parameter) if id(of.parameter) in known else None, id(bias) if id(bias) in known else None
        key = parameters, name, x.shape, weight.shape, bias is None, turned, whole, pruned, layout, sizes
        if (use := kinds.get(key)) is None:
            conv, batch = layer(name)
            offload = self.conversion.offload(name, weights=pruned)
            use = kinds[key] = Use(offload, conv, batch, layout, tuple(x.shape), tuple(weight.shape), turned, not whole)
            way = name, use.weight_shape, turned, conv.groups, conv.transposed
            for parameter in (of.parameter, bias):
                if parameter is not None and known.get(id(parameter)) is not None:
                    self.conversion.uses.setdefault(parameter, {}).setdefault(way, use)
        return use

    def _runs(self, of: Weight | None, x: Tensor, weight: Tensor) -> bool:
        """Whether a layer's product runs on the engine. Raises ValueError for a master weight that is not float32."""
        frame = self._interception.frame
        name = of.name if of else frame.path
        if of and of.parameter is not None and of.parameter.dtype != torch.float32:
            raise ValueError(
                f"layer {name}: master weights must be float32, not {of.parameter.dtype}: a converted module cannot be "
                "made .half() or .double(), since its operands are rounded to FP16 as it is"
            )
        return self._runs_named(name, x, weight)

    @property
    def _follows_shapes(self) -> bool:
        return self.conversion.tracer is not None and self.conversion.tracer.shapes

    def _runs_named(self, name: str, a: Tensor, b: Tensor) -> bool:
        """Whether a product runs on the engine. Raises TypeError, as PyTorch would, for numbers of different kinds."""
        if a.is_floating_point() != b.is_floating_point() and not (a.is_complex() or b.is_complex()):
            raise TypeError(f"the operands of {name} must be numbers of one kind, not {a.dtype} and {b.dtype}")
        return (
            _is_plain(a)
            and _is_plain(b)
            and (self._follows_shapes or not (is_shape(a) or is_shape(b)))
            and not self.conversion.on_host(name, self._interception.frame.path)
        )


def _pair(sizes: Sequence[int]) -> tuple[int, int]:
    height, width = sizes
    return height, width


def _is_plain(tensor: Tensor) -> bool:
    """Whether it is a matrix of real numbers, and not empty."""
    return tensor.is_floating_point() and tensor.layout is torch.strided and not tensor.is_nested and tensor.numel() > 0


def _linear(name: str, shape: torch.Size, weight: torch.Size, biased: bool) -> tuple[Conv, int]:
    """A linear layer as the model knows it, and the batch: the first dimension, others are the rows of an image."""
    return Conv(name, weight[1], weight[0], prod(shape[1:-1]), 1, bias=biased), prod(shape[:-1][:1])


def _in_pytorch(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
    output: Pair | None,
) -> Tensor:
    if output is None:
        return functional.conv2d(x, weight, bias, stride, padding, dilation, groups)
    sizes = zip(output, x.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True)
    extra = [out - ((size - 1) * s - 2 * p + d * (k - 1) + 1) for out, size, k, s, p, d in sizes]
    return functional.conv_transpose2d(x, weight, bias, stride, padding, extra, groups, dilation)

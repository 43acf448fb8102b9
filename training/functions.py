"""The functions of PyTorch that multiply matrices, each as the products that run on an engine."""

import types
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from training.attention import scaled_dot_product_attention
from training.convolutions import convolution, transposed_convolution
from training.einsum import einsum
from training.matmul import matmul
from training.recurrent import recurrent_cell, recurrent_layer
from training.site import Site

Handler = Callable[..., Any]


def linear(site: Site, input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """torch.nn.functional.linear."""
    return site.linear(input, weight, bias)


def mm(site: Site, input: Tensor, mat2: Tensor, **named: Any) -> Tensor:
    """torch.mm and torch.bmm, which broadcast nothing."""
    alike = input.dim() == mat2.dim() == (2 if site.words == "mm" else 3) and input.shape[:-2] == mat2.shape[:-2]
    return matmul(site, input, mat2) if alike and not named else site.plain(input, mat2, **named)


def matrix_product(site: Site, input: Tensor, other: Tensor, **named: Any) -> Tensor:
    """torch.matmul and the operator @."""
    return site.plain(input, other, **named) if named else matmul(site, input, other)


def reflected(site: Site, input: Tensor, other: Tensor) -> Tensor:
    """The operator @ of a tensor on the right."""
    return matmul(site, other, input)


def addmm(site: Site, input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """torch.addmm: with a vector to add it is a linear layer with a bias."""
    if not mat1.dim() == mat2.dim() == 2:
        return site.plain(input, mat1, mat2, beta=beta, alpha=alpha)
    of = site.weight(mat2)
    if of is not None and input.dim() == 1 and beta == alpha == 1 and mat2.shape[1] == input.shape[0]:
        return site.linear(mat1, mat2.T, input, of.transposed)
    return _added(matmul(site, mat1, mat2), input, beta, alpha)


def baddbmm(site: Site, input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """torch.baddbmm."""
    if not (batch1.dim() == batch2.dim() == 3 and batch1.shape[0] == batch2.shape[0]):
        return site.plain(input, batch1, batch2, beta=beta, alpha=alpha)
    return _added(matmul(site, batch1, batch2), input, beta, alpha)


def _added(product: Tensor, input: Tensor, beta: float, alpha: float) -> Tensor:
    product = product if alpha == 1 else product * alpha
    return product + (input if beta == 1 else input * beta) if beta else product


def multi_head_attention(site: Site, *args: Any, **kwargs: Any) -> Any:
    """torch.nn.functional.multi_head_attention_forward, whose own calls are products."""
    return site.opened(_OPENED, *args, **kwargs)


def _opened(function: Any) -> types.FunctionType:
    """A Python function of torch.nn.functional that does not hand itself over to the mode as a whole."""
    checks = dict.fromkeys([name for name in function.__globals__ if name.startswith("has_torch_function")], _no)
    names = function.__globals__ | checks
    opened = types.FunctionType(
        function.__code__, names, function.__name__, function.__defaults__, function.__closure__
    )
    opened.__kwdefaults__ = function.__kwdefaults__
    return opened


def _no(*_: Any) -> bool:
    return False


_OPENED = _opened(functional.multi_head_attention_forward)

PRODUCTS_OF_TWO: dict[Callable, Handler] = {  # of which two weights make another
    **dict.fromkeys((torch.mm, Tensor.mm, torch.bmm, Tensor.bmm), mm),
    **dict.fromkeys((torch.matmul, Tensor.matmul, Tensor.__matmul__, torch.linalg.matmul), matrix_product),
    Tensor.__rmatmul__: reflected,
    **dict.fromkeys((torch.addmm, Tensor.addmm), addmm),
    **dict.fromkeys((torch.baddbmm, Tensor.baddbmm), baddbmm),
    torch.einsum: einsum,
}
HANDLERS: dict[Callable, Handler] = {
    **PRODUCTS_OF_TWO,
    functional.linear: linear,
    **dict.fromkeys((torch.conv1d, torch.conv2d, torch.conv3d), convolution),
    **dict.fromkeys((torch.conv_transpose1d, torch.conv_transpose2d, torch.conv_transpose3d), transposed_convolution),
    functional.scaled_dot_product_attention: scaled_dot_product_attention,
    functional.multi_head_attention_forward: multi_head_attention,
    **dict.fromkeys((torch.lstm, torch.gru, torch.rnn_tanh, torch.rnn_relu), recurrent_layer),
    **dict.fromkeys((torch.lstm_cell, torch.gru_cell, torch.rnn_tanh_cell, torch.rnn_relu_cell), recurrent_cell),
}

"""Matrix products by torch.matmul's rules, of activations or with a weight on either side."""

import torch
from torch import Tensor, nn

from training.converted import Weight
from training.site import Site


class MatMul(nn.Module):
    """The product of two activations, such as attention's: as a module it has a path, by which it goes in reports."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """a (..., M, K) @ b (..., K, N) -> (..., M, N)."""
        return a @ b


def matmul(site: Site, a: Tensor, b: Tensor, of_a: Weight | None = None, of_b: Weight | None = None) -> Tensor:
    """a @ b. `of_a` and `of_b` are what they are, where they are views of weights."""
    if a.is_nested or b.is_nested or a.dim() == b.dim() == 1 or not (a.numel() and b.numel() and a.dim() and b.dim()):
        return a @ b
    if a.dim() == 1:
        return matmul(site, a[None], b)[..., 0, :]
    if b.dim() == 1:
        return matmul(site, a, b[:, None])[..., 0]
    if (of := of_b or site.weight(b)) is not None:
        return _weighted(site, a, b, of)
    if (of := of_a or site.weight(a)) is not None:
        return _weighted(site, b.mT, a.mT, of.transposed).mT
    return site.product(a, b)


def _weighted(site: Site, x: Tensor, weight: Tensor, of: Weight) -> Tensor:
    """x (..., M, K) @ weight (..., K, N), a view of a weight: a linear layer, or as many of them as it has matrices."""
    if weight.dim() == 2:
        return site.linear(x, weight.T, None, of.transposed)
    leading = torch.broadcast_shapes(x.shape[:-2], weight.shape[:-2])
    (m, k), n, groups = x.shape[-2:], weight.shape[-1], leading.numel()
    # The rows of all products as the pixels of one image, whose channels are grouped by the product.
    pixels = x.expand(*leading, m, k).reshape(groups, m, k).permute(0, 2, 1).reshape(1, groups * k, m, 1)
    kernels = weight.expand(*leading, k, n).reshape(groups, k, n).permute(0, 2, 1).reshape(groups * n, k, 1, 1)
    y = site.convolution(pixels, kernels, None, (1, 1), (0, 0), (1, 1), groups, of.part)
    return y.reshape(groups, n, m).permute(0, 2, 1).reshape(*leading, m, n)

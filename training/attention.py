"""Scaled dot-product attention as its two products."""

from math import sqrt

import torch
from torch import Tensor

from training.site import Site


def scaled_dot_product_attention(
    site: Site,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """torch.nn.functional.scaled_dot_product_attention, as PyTorch's own composition of it: 'scores' and 'mix'.

    Both factors of the scores are scaled by the root of the scale, as there, which keeps them in the range of FP16.
    """
    if not _fits(query, key, value, attn_mask, is_causal, enable_gqa):
        return site.plain(query, key, value, attn_mask, dropout_p, is_causal, scale=scale, enable_gqa=enable_gqa)
    if enable_gqa:
        heads = query.shape[-3]
        key, value = (side.repeat_interleave(heads // side.shape[-3], -3) for side in (key, value))
    scale = 1 / sqrt(query.shape[-1]) if scale is None else scale
    root = sqrt(abs(scale))
    scores = site.product(query * (-root if scale < 0 else root), (key * root).mT, "scores")
    if is_causal:
        attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    if attn_mask is not None:
        if attn_mask.dtype == torch.bool:
            attn_mask = torch.zeros_like(attn_mask, dtype=scores.dtype).masked_fill_(~attn_mask, float("-inf"))
        scores = scores + attn_mask
    # A row that is masked as a whole is zero, not NaN.
    shares = torch.ops.aten._safe_softmax(scores, -1) if attn_mask is not None else scores.softmax(-1)
    if dropout_p > 0:
        shares = torch.dropout(shares, dropout_p, True)
    return site.product(shares, value, "mix")


def _fits(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, is_causal: bool, enable_gqa: bool) -> bool:
    """Whether the operands are such as this composition takes; PyTorch says what is wrong with others."""
    sides = query, key, value
    if any(side.is_nested or side.dim() < 2 or not side.numel() for side in sides) or (is_causal and mask is not None):
        return False
    if mask is not None and mask.dtype != torch.bool and not mask.is_floating_point():
        return False
    return not enable_gqa or all(side.dim() > 2 and query.shape[-3] % side.shape[-3] == 0 for side in (key, value))

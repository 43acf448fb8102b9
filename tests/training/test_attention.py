"""Scaled dot-product attention, and the layers that are made of it."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.training.agreement import Calls, agrees, drawn, layers

MASK = torch.rand(5, 6, generator=torch.Generator().manual_seed(1)) > 0.5
MASK[2] = False  # a row without any key


@pytest.fixture(autouse=True)
def seeded_modules():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize(
    "choices, heads",
    [
        ({}, 3),
        (dict(is_causal=True, scale=0.3), 3),
        (dict(attn_mask=MASK), 3),
        (dict(attn_mask=MASK.float()), 3),
        (dict(dropout_p=0.3), 3),
        (dict(enable_gqa=True), 1),
        (dict(scale=-0.5), 3),
        (dict(scale=0.0), 3),
    ],
)
def test_its_two_products_run_with_pytorchs_masks(choices, heads):
    module = Calls(lambda q, k, v: functional.scaled_dot_product_attention(q, k, v, **choices))
    ran = agrees(module, *drawn((2, 3, 5, 8), (2, heads, 6, 8), (2, heads, 6, 4)))
    assert layers(ran) == ["scores", "mix"] and len(ran) == 6


class Attention(nn.Module):
    def __init__(self, **choices):
        super().__init__()
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True, **choices)

    def forward(self, query, key, value):
        return self.attention(query, key, value, need_weights=query.shape[1] != 5)[0]


@pytest.mark.parametrize("tokens", [5, 4])
def test_multi_head_attention_runs_by_its_own_weights(tokens):
    ran = layers(agrees(Attention(), *drawn((2, tokens, 16), (2, 6, 16), (2, 6, 16))))
    assert ran[0] == ran[1] == "attention.in_proj_weight" and ran[-1] == "attention.out_proj" and len(ran) == 6
    ran = layers(agrees(Attention(kdim=8, vdim=12, add_bias_kv=True), *drawn((2, tokens, 16), (2, 6, 8), (2, 6, 12))))
    assert ran[:3] == [f"attention.{side}_proj_weight" for side in "qkv"]


@pytest.mark.parametrize("train", [True, False])
def test_encoders_and_decoders_run_without_their_fused_forms(train):
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, dropout=0, batch_first=True), 1).train(train)
    decoder = nn.TransformerDecoderLayer(16, 2, 32, dropout=0).train(train)
    assert layers(agrees(encoder, *drawn((2, 5, 16)), within=20)) == [
        "layers.0.self_attn.in_proj_weight",
        "layers.0.self_attn.scores",
        "layers.0.self_attn.mix",
        "layers.0.self_attn.out_proj",
        "layers.0.linear1",
        "layers.0.linear2",
    ]
    assert len(layers(agrees(decoder, *drawn((3, 2, 16), (4, 2, 16)), within=20))) == 11

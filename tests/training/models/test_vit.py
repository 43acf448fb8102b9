"""The vision transformer."""

import pytest
import torch
from torch import nn

from tests.training.models.support import parameters, uneven
from tests.training.support import draw
from training import MatMul, models


# 224: `num_params` of torchvision's vit_b_16, and timm's vit_base_patch16_224. 32: DeiT-Ti has 5,717,416 for 1000
# classes of 224x224 images in 16x16 patches (timm); less by 990 x 193 of the head, 132 x 192 positions and
# (256 - 16) x 3 x 192 of the patches.
@pytest.mark.parametrize(
    "image, classes, count",
    [
        (224, 1000, 86_567_656),
        (32, 10, 5_717_416 - 990 * 193 - 132 * 192 - 240 * 3 * 192),
        (32, 10, 5_362_762),
        (64, 10, 5_362_762 + 48 * 3 * 192),
    ],
)
def test_it_has_as_many_parameters_as_is_published(image, classes, count):
    assert parameters("vit", image, classes) == count


def reference(module: nn.Module, heads: int) -> nn.TransformerEncoder:
    """PyTorch's own encoder with the weights of a Vit's blocks."""
    dim, hidden = module.head.in_features, module.blocks[0].mlp.fc1.out_features
    layer = nn.TransformerEncoderLayer(dim, heads, hidden, 0.0, "gelu", 1e-6, batch_first=True, norm_first=True)
    encoder = nn.TransformerEncoder(layer, len(module.blocks), enable_nested_tensor=False)
    names = {
        "self_attn.in_proj_": "attn.qkv.",
        "self_attn.out_proj": "attn.proj",
        "linear1": "mlp.fc1",
        "linear2": "mlp.fc2",
    }
    for ours, theirs in zip(module.blocks, encoder.layers, strict=True):
        state = ours.state_dict()
        for name, value in theirs.state_dict().items():
            for old, new in names.items():
                name = name.replace(old, new)
            value.copy_(state.pop(name))
        assert not state
    return encoder.eval()


@pytest.mark.parametrize("image, heads, patch", [(32, 3, 4), (64, 3, 8), (224, 12, 16)])
def test_it_computes_what_pytorchs_encoder_does(image, heads, patch):
    module, x = uneven(models.build("vit", 0, image, 5, 0.125)), draw((2, 3, image, image), 1)
    with torch.no_grad():
        patches = x.unfold(2, patch, patch).unfold(3, patch, patch)  # (B, 3, rows, columns, patch, patch)
        patches = patches.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)
        embedding = module.patch_embed.proj
        tokens = patches @ embedding.weight.flatten(1).T + embedding.bias
        tokens = torch.cat([module.cls_token.repeat(2, 1, 1), tokens], 1) + module.pos_embed
        expected = module.head(module.norm(reference(module, heads)(tokens)[:, 0]))
        torch.testing.assert_close(module(x), expected, rtol=1e-4, atol=1e-5)
    assert expected.shape == (2, 5) and expected.std() > 0.01


def test_attention_multiplies_by_modules_that_can_be_replaced():
    module, seen = models.build("vit", 0, 32, 5, 0.125), []
    products = [child for child in module.modules() if isinstance(child, MatMul)]
    for child in products:
        child.register_forward_hook(lambda _, operands, y: seen.append((operands[0].shape, operands[1].shape, y.shape)))
    module(draw((2, 3, 32, 32), 1))
    assert len(products) == 24 and len(seen) == 24
    assert seen[:2] == [((2, 3, 65, 8), (2, 3, 8, 65), (2, 3, 65, 65)), ((2, 3, 65, 65), (2, 3, 65, 8), (2, 3, 65, 8))]
    assert not any(isinstance(child, nn.MultiheadAttention) for child in module.modules())


def test_weights_are_drawn_as_in_timm():
    module = models.build("vit", 0, 32)
    for values in (module.blocks[5].attn.qkv.weight, module.blocks[11].mlp.fc2.weight, module.pos_embed):
        assert values.std().item() == pytest.approx(0.02, rel=0.03)
    assert module.cls_token.std().item() == pytest.approx(1e-6, rel=0.2) and not module.head.bias.any()


def test_state_dicts_have_the_names_of_timm():
    names = list(models.build("vit", 0, 224, 1000, 0.125).state_dict())
    assert names[:4] == ["cls_token", "pos_embed", "patch_embed.proj.weight", "patch_embed.proj.bias"]
    assert names[4:16] == [
        f"blocks.0.{layer}.{kind}"
        for layer in ("norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2")
        for kind in ("weight", "bias")
    ]
    assert names[-4:] == ["norm.weight", "norm.bias", "head.weight", "head.bias"] and len(names) == 152

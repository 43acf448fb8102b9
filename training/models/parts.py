"""Parts that several networks share."""

import torch
from torch import nn
from torch.nn.utils import skip_init


def undrawn(kind: type[nn.Module], *sizes: int, **options) -> nn.Module:
    """A layer without values yet: its network draws them its own way, and to draw twice would take twice the time."""
    return skip_init(kind, *sizes, **options, device=torch.empty(0).device)

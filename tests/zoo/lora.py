"""LoRA (2021) on the perceptron of PEFT's documentation: frozen weights, and trained ones of a low rank beside them."""

from torch import Tensor, nn


class Lora(nn.Module):
    """A frozen linear layer plus two thin ones; the second is zero at first, so that nothing changes."""

    def __init__(self, base: nn.Linear, rank: int):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.down = nn.Linear(base.in_features, rank, bias=False)
        self.up = nn.Linear(rank, base.out_features, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + self.up(self.down(x))


def lora(inputs: int = 20, hidden: int = 2000, classes: int = 2, rank: int = 8) -> nn.Module:
    layers = [Lora(nn.Linear(inputs, hidden), rank), nn.ReLU(), Lora(nn.Linear(hidden, hidden), rank), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(hidden, classes))

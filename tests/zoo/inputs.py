"""Example inputs: functions of a batch's size and a seed, whose results are always the processor's."""

from collections.abc import Callable

import torch
from torch import Tensor

Inputs = Callable[[int, int], tuple[Tensor, ...]]


def generator(seed: int) -> torch.Generator:
    return torch.Generator("cpu").manual_seed(seed)


def whole(limit: int, shape: tuple[int, ...], seed: int) -> Tensor:
    return torch.randint(limit, shape, generator=generator(seed), device="cpu")


def numbers(*shape: int) -> Inputs:
    """Normally distributed, of (batch, *shape)."""
    return lambda batch, seed: (torch.randn(batch, *shape, generator=generator(seed), device="cpu"),)


def images(side: int) -> Inputs:
    return numbers(3, side, side)


def tokens(vocabulary: int, length: int) -> Inputs:
    return lambda batch, seed: (whole(vocabulary, (batch, length), seed),)


def padded(vocabulary: int, length: int) -> Inputs:
    """Tokens, a mask that is zero where the token is padding, and types: a first sentence's, then a second's."""

    def make(batch: int, seed: int) -> tuple[Tensor, ...]:
        place, length_of = torch.arange(length, device="cpu"), length - whole(length // 2, (batch, 1), seed)
        mask = (place < length_of).long()
        ids = 1 + whole(vocabulary - 1, (batch, length), seed)
        return ids * mask, mask, (place >= length_of // 2).long() * mask

    return make


def clicks(rows: tuple[int, ...], bag: int) -> Inputs:
    """Thirteen numbers, and indices into tables of so many rows."""

    def make(batch: int, seed: int) -> tuple[Tensor, ...]:
        indices = torch.stack([whole(count, (batch, bag), seed + number) for number, count in enumerate(rows)], dim=1)
        return *numbers(13)(batch, seed), indices

    return make

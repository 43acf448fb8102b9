"""How a layer's tensors lie in PyTorch, and how the array takes them: channels last, kernel positions first."""

from abc import ABC, abstractmethod

import numpy as np
import torch
from torch import Tensor

from training.precision import planes

SMALL = 1 << 15  # elements


class Layout(ABC):
    """The layout of a kind of layer."""

    @staticmethod
    @abstractmethod
    def channels_last(x: Tensor) -> Tensor:
        """An input or output with its channels as the last dimension."""

    @staticmethod
    @abstractmethod
    def from_channels_last(images: np.ndarray, like: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Back to an input's or output's shape, in the dtype of another tensor."""

    @staticmethod
    @abstractmethod
    def output_shape(input_shape: tuple[int, ...], given: tuple[int, int, int, int]) -> tuple[int, ...]:
        """Of the output, which is (B, H, W, C) = `given` with channels last."""

    @staticmethod
    @abstractmethod
    def positions_first(weight: Tensor) -> Tensor:
        """A weight as (Kh, Kw, Ci, Co)."""

    @staticmethod
    @abstractmethod
    def from_positions_first(weight: Tensor) -> Tensor:
        """(Kh, Kw, Ci, Co) as PyTorch has it."""


class Rows(Layout):
    """A linear layer: input (..., Ci), weight (Co, Ci)."""

    @staticmethod
    def channels_last(x: Tensor) -> Tensor:
        """As it is."""
        return x

    @staticmethod
    def from_channels_last(images: np.ndarray, like: Tensor, shape: tuple[int, ...]) -> Tensor:
        """In the dtype of another tensor."""
        return tensor_like(images.reshape(shape), like)

    @staticmethod
    def output_shape(input_shape: tuple[int, ...], given: tuple[int, int, int, int]) -> tuple[int, ...]:
        """(..., Co)."""
        return *input_shape[:-1], given[3]

    @staticmethod
    def positions_first(weight: Tensor) -> Tensor:
        """(Co, Ci) -> (1, 1, Ci, Co)."""
        return weight.T[None, None]

    @staticmethod
    def from_positions_first(weight: Tensor) -> Tensor:
        """(1, 1, Ci, Co) -> (Co, Ci)."""
        return weight[0, 0].T


class Images(Layout):
    """A convolution: input (B, C, H, W), weight (Co, Ci, Kh, Kw)."""

    @staticmethod
    def channels_last(x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, H, W, C)."""
        return x.movedim(-3, -1)

    @staticmethod
    def from_channels_last(images: np.ndarray, like: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Back to (B, C, H, W), in the dtype of another tensor. In memory channels stay last; first where small,
        which PyTorch normalises sooner."""
        small = images.size < SMALL
        if small and (result := planes(images, shape, like)) is not None:
            return result
        result = tensor_like(np.moveaxis(images.reshape(*shape[:-3], *shape[-2:], shape[-3]), -1, -3), like)
        return result.contiguous() if small else result

    @staticmethod
    def output_shape(input_shape: tuple[int, ...], given: tuple[int, int, int, int]) -> tuple[int, ...]:
        """(B, Co, Ho, Wo)."""
        return given[0], given[3], given[1], given[2]

    @staticmethod
    def positions_first(weight: Tensor) -> Tensor:
        """(Co, Ci, Kh, Kw) -> (Kh, Kw, Ci, Co)."""
        return weight.permute(2, 3, 1, 0)

    @staticmethod
    def from_positions_first(weight: Tensor) -> Tensor:
        """(Kh, Kw, Ci, Co) -> (Co, Ci, Kh, Kw)."""
        return weight.permute(3, 2, 0, 1)


def tensor_like(array: np.ndarray, like: Tensor) -> Tensor:
    """An array as a tensor in the dtype, and on the device, of another one; no view, which nothing may change in place
    where it leaves a function of ours."""
    if any(stride < 0 for stride in array.strides):
        array = np.ascontiguousarray(array)
    return torch.from_numpy(array).to(like)

"""Networks in PyTorch, by name: default images, classes and dense layers of each are in tlm.workload.networks.

models.build("resnet18", seed=0, image=32, classes=10, width=0.25)
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import nn

from tlm.workload import architecture
from tlm.workload.networks import NETWORKS, choose
from training.models.cnn import cnn
from training.models.resnet import ResNet
from training.models.resnet9 import resnet9
from training.models.vgg import Vgg
from training.models.vit import Vit

__all__ = ["MODELS", "Model", "build", "find"]


@dataclass(frozen=True)
class Model:
    """A factory, its default input_shape, (channels, height, width) of one image, and its default number of classes.

    factory  makes the module, by default or with image=, classes= and width= as in `build`
    dense    layers that N:M sparsity leaves out by default
    """

    factory: Callable[..., nn.Module]
    input_shape: tuple[int, int, int]
    classes: int
    dense: tuple[str, ...] = ()


_MODULES: dict[str, Callable[[int, int, float], nn.Module]] = {
    "cnn": cnn,
    "resnet9": resnet9,
    "resnet18": partial(ResNet, architecture.RESNET18),
    "resnet50": partial(ResNet, architecture.RESNET50),
    "vgg19": partial(Vgg, architecture.VGG19),
    "vit": partial(Vit, architecture.VIT),
}


def _make(name: str, image: int | None = None, classes: int | None = None, width: float = 1.0) -> nn.Module:
    _, image, classes = choose(name, image, classes, width)
    return _MODULES[name](image, classes, width)


MODELS = {
    name: Model(partial(_make, name), (network.channels, network.image, network.image), network.classes, network.dense)
    for name, network in NETWORKS.items()
}


def find(name: str) -> Model:
    """The model of that name. Raises ValueError."""
    if name not in MODELS:
        raise ValueError(f"model must be one of {', '.join(MODELS)}, not {name!r}")
    return MODELS[name]


def build(
    name: str, seed: int, image: int | None = None, classes: int | None = None, width: float | None = None
) -> nn.Module:
    """A new module with weights drawn from `seed`, whatever else has been drawn before.

    image    height and width of the images, classes the number of outputs; without, the model's own
    width    factor of its inner channels, 1 without; they stay multiples of 8
    Raises ValueError for an unknown model, and for a size that it does not know.
    """
    model, given = find(name), dict(image=image, classes=classes, width=width)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return model.factory(**{option: value for option, value in given.items() if value is not None})

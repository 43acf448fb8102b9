"""What is noted while a step is followed: the calls of layers, and the products of the host with whose they are."""

from bisect import bisect_right
from dataclasses import dataclass, field

import torch
from torch import Tensor

from tlm.workload.layer import Layer, Product
from tlm.workload.step import AS_SCHEME, Call
from tlm.workload.trace import HostProduct, Trace
from training.converted import Conversion, Weight
from training.interception import place
from training.products import Gradients


@dataclass
class Noted:
    """A call, its parameters as far as a layer has them as a whole, and which of its gradients have been asked for."""

    layer: Layer
    batch: int
    weight: Weight | None
    known: Weight | None
    bias: Weight | None
    gradients: Gradients = field(default_factory=Gradients)

    def call(self) -> Call:
        """The call of a training step."""
        of = self.gradients
        if isinstance(self.layer, Product):
            return Call(self.layer, self.batch, of.input, second_gradient=of.second)
        return Call(
            self.layer,
            self.batch,
            of.input,
            of.second,
            weight_updated=_trained(self.known),
            bias_updated=_trained(self.bias),
            weight=self.known.name if self.known else None,
            bias=self.bias.name if self.bias else None,
            turned=bool(self.weight and self.weight.turned),
            derived=self.known is None,
            pattern=AS_SCHEME if self.weight else None,
        )


def _trained(of: Weight | None) -> bool:
    return of is not None and of.parameter is not None and of.parameter.grad is not None


class Follower:
    """Notes the calls of a step and the products of the host, with the module and function that they are of."""

    shapes = True

    def __init__(self, conversion: Conversion):
        self._conversion, self._noted = conversion, list[Noted]()
        self._forward = True
        # The numbers that autograd gives its nodes tell what was at work when they were made.
        self._modules: list[tuple[int, str]] = [(-1, "")]
        self._calls: dict[int, tuple[str, str]] = {}
        self._macs: dict[tuple[str, str], list[int]] = {}

    def noted(self, layer: Layer, batch: int, weight: Weight | None, bias: Tensor | None) -> Gradients:
        """Note a call; what is returned is told which of its gradients are asked for."""
        known = self._conversion.weight(weight.parameter) if weight and weight.parameter is not None else None
        of_bias = self._conversion.weight(bias) if bias is not None else None
        self._noted.append(
            Noted(layer, batch, weight, known, of_bias if of_bias and of_bias.parameter is not None else None)
        )
        return self._noted[-1].gradients

    def moved(self, path: str) -> None:
        """The module of that path is at work from now on."""
        self._modules.append((torch.autograd._get_sequence_nr(), path))

    def backward(self) -> None:
        """From now on it is the backward pass."""
        self._forward = False

    def seen(self, operator: str, macs: int) -> None:
        """Note a product of the host."""
        if here := place():
            key = here
            self._calls[torch.autograd._get_sequence_nr() - 1] = key
        else:
            node = torch._C._current_autograd_node()
            key = self._origin(node._sequence_nr(), operator) if node is not None else ("", operator)
        self._macs.setdefault(key, [0, 0])[not self._forward] += macs

    def _origin(self, number: int, operator: str) -> tuple[str, str]:
        """The product of the forward pass, or else the module, whose gradient the node of that number computes."""
        if number in self._calls:
            return self._calls[number]
        return self._modules[bisect_right(self._modules, number, key=lambda one: one[0]) - 1][1], operator

    def trace(self, remark: str) -> Trace:
        """All that has been noted."""
        products = [HostProduct(*key, *macs) for key, macs in self._macs.items()]
        return Trace([one.call() for one in self._noted], products, remark)

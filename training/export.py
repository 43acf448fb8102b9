"""What leaves a training: the weights as a converted module's forward pass multiplies them, and not its dense masters.

A layer's forward product rounds its weight to FP16, and of a weight that its scheme prunes there it multiplies the N
largest of each M. The parameters themselves stay dense and FP32: they are the masters, which training updates. Methods
that prune in the backward pass alone (sdwp, sdgp) leave dense weights, as dense training does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

from rtl.sparsity import Sparsity
from tlm.workload.methods import Scheme
from training.compact import Compact, Folding
from training.converted import Conversion
from training.hooks import Enter, conversions
from training.precision import operand
from training.products import Use

_PRODUCTS = (nn.Linear, _ConvNd)
_TABLES = (nn.Embedding, nn.EmbeddingBag)  # which read rows of a weight as they are


@dataclass(frozen=True, eq=False)
class Evaluated:
    """A weight that a layer has as a whole, as the forward pass multiplies it.

    layer      the name of the first layer that has it, as reports have it
    scheme     of that layer
    parameter  the dense master
    compact    its N:M copy; None: the forward pass is dense
    """

    layer: str
    scheme: Scheme
    parameter: Tensor
    compact: Compact | None

    @property
    def tensor(self) -> Tensor:
        """float32 of the parameter's shape: FP16's values, and zeros where the weight is pruned."""
        values = operand(self.parameter) if self.compact is None else self.compact.dense
        return torch.from_numpy(values.astype(np.float32)).to(self.parameter.device)

    @cached_property
    def mask(self) -> Tensor | None:
        """bool of the parameter's shape, True: kept; None where the forward pass is dense."""
        return None if self.compact is None else torch.from_numpy(self.compact.kept).to(self.parameter.device)


def pruned_state_dict(module: nn.Module) -> dict[str, Tensor]:
    """The state dict of a converted module as its forward pass uses it: a plain network that loads it computes what was
    evaluated, up to the rounding of activations to FP16.

    Weights that the array multiplies are float32 with FP16's values: zeros where they are pruned, and the rounded
    masters where not. All else is as it is: biases, normalisation, weights that stay on the host, and parameters of
    which a weight is made in each forward pass. Tensors are copies, each for itself where a weight has several names.
    Raises ValueError as `evaluated` does.
    """
    found = evaluated(module)
    return {
        name: found[name].tensor if name in found else _copied(value) for name, value in module.state_dict().items()
    }


def saved(tensors: dict[str, Tensor], safe: bool = False) -> bytes:
    """Tensors by their names as the content of a file: a safetensors one, which needs that package, or torch.save's."""
    if safe:
        from safetensors.torch import save

        return save(tensors, metadata=dict(format="pt"))
    content = BytesIO()
    torch.save(tensors, content)
    return content.getvalue()


def evaluated(module: nn.Module) -> dict[str, Evaluated]:
    """The weights that a converted module's array multiplies, by their names in the state dict.

    How a weight is used is known once it has been: run a forward pass first.
    Raises ValueError, naming the layer, for a module that is not converted, a layer that has not run yet, a weight that
    is made of parameters in each forward pass and pruned then, and one that is used in several ways of which not all
    are the same pruning: no tensor is what was evaluated.
    """
    of = conversions(module)
    if not of:
        raise ValueError("the module must be converted, as training.convert does it: a plain one prunes nothing")
    if not any(conversion.kinds for conversion in of):
        raise ValueError("a forward pass must have run, which tells how weights are used: no product has yet")
    for conversion in of:
        _check_derived(conversion)
    users = list(_users(module))
    for layer, child, conversion in users:
        _check_used(layer, child, conversion)
    found: dict[str, Evaluated] = {}
    for name, tensor in module.state_dict(keep_vars=True).items():
        if isinstance(tensor, Tensor) and tensor.dim() > 1 and (ways := _ways(of, tensor)):
            found[name] = _evaluated(tensor, ways)
    for layer, child, conversion in users:
        one = next((one for one in found.values() if one.parameter is child.weight), None)
        if one and one.compact and (isinstance(child, _TABLES) or conversion.on_host(layer)):
            raise ValueError(f"layer {one.layer}: its weight is pruned, and must not be that of {layer}, which is not")
    return found


def _users(module: nn.Module) -> Iterator[tuple[str, nn.Module, Conversion]]:
    """(name in reports, module, conversion) of each of PyTorch's own layers in it that has a weight."""
    for child in module.modules():
        for hook in child._forward_pre_hooks.values():
            known = isinstance(child, _PRODUCTS + _TABLES) and child._parameters.get("weight") is not None
            if isinstance(hook, Enter) and known:
                yield hook.path or type(child).__name__, child, hook.conversion


def _check_used(layer: str, child: nn.Module, conversion: Conversion) -> None:
    names = {use.conv.name for use in conversion.kinds.values()}
    used = child.weight in conversion.uses or layer in names or conversion.on_host(layer)
    if isinstance(child, _PRODUCTS) and not used:
        raise ValueError(
            f"layer {layer}: must have run on the engine, which tells how its weight is used: run a forward pass "
            "first, or leave the layer to the host"
        )


def _check_derived(conversion: Conversion) -> None:
    for use in conversion.kinds.values():
        if use.derived and _pruned(use):
            raise ValueError(
                f"layer {use.conv.name}: its weight must be a parameter as a whole, not be made of parameters in each "
                "forward pass and pruned then: keep the layer dense, or make its weight a parameter"
            )


def _ways(of: Sequence[Conversion], parameter: Tensor) -> list[Use]:
    """The ways in which a weight is used."""
    return [use for conversion in of for use in conversion.uses.get(parameter, {}).values()]


def _evaluated(parameter: Tensor, ways: Sequence[Use]) -> Evaluated:
    """Raises ValueError where the ways differ in what they prune."""
    first, *others = (_compact(parameter, use) for use in ways)
    for use, other in zip(ways[1:], others, strict=True):
        dense = first is None and other is None
        if not (dense or (first and other and np.array_equal(first.kept, other.kept))):
            raise ValueError(
                f"layer {ways[0].conv.name}: its weight must be pruned in one way wherever it is used, not in another "
                f"one by layer {use.conv.name}"
            )
    return Evaluated(ways[0].conv.name, ways[0].lowering.scheme, parameter, first)


def _compact(parameter: Tensor, use: Use) -> Compact | None:
    if (pruned := _pruned(use)) is None:
        return None
    sparsity, inputs = pruned
    return Compact.of(operand(parameter), sparsity, Folding.of(use, tuple(parameter.shape), inputs))


def _pruned(use: Use) -> tuple[Sparsity, bool] | None:
    """The pattern by which the forward pass prunes the weight, and whether along the inputs of the convolution; None:
    it does not, or has fewer channels than M."""
    lowering = use.lowering
    rule, sparsity = lowering.scheme.rule("ff"), lowering.scheme.sparsity
    if rule is None or sparsity is None or rule.operand != "weights":
        return None
    inputs = (rule.along == "inputs") != lowering.transposed
    channels = lowering.geometry.channels if inputs else lowering.geometry.outputs
    return (sparsity, inputs) if channels >= sparsity.m else None


def _copied(value: Tensor) -> Tensor:
    """A copy of an entry, contiguous; what is no tensor, such as a module's extra state, as it is."""
    return value.detach().clone(memory_format=torch.contiguous_format) if isinstance(value, Tensor) else value

"""A training step: the GEMMs and the weight updates of layers that are called one after another."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, Self

from rtl.sparsity import Sparsity
from tlm.update import Update
from tlm.work import Work
from tlm.workload.layer import Conv, Layer
from tlm.workload.lowering import Lowering, lowered, product_gemms
from tlm.workload.methods import Scheme

AS_SCHEME: Final = "scheme"


@dataclass(frozen=True)
class Call:
    """One execution of a layer on a batch.

    input_gradient              its input wants a gradient, so there is a 'bp'
    weight_gradient, bias_gradient  its parameters are trained
    weight                      a key, the same for calls that share their weight; None: the layer's name
    second_gradient             of a product: its second operand wants a gradient
    derived                     its weight is made of parameters in each forward pass: no update of the accelerator
                                makes its copies, so they are made before use
    pattern                     its own N:M pattern, None for dense, in place of the scheme's
    """

    layer: Layer
    batch: int
    input_gradient: bool = True
    weight_gradient: bool = True
    bias_gradient: bool = True
    weight: Hashable = None
    second_gradient: bool = True
    derived: bool = False
    pattern: Sparsity | Literal["scheme"] | None = AS_SCHEME

    @property
    def owner(self) -> Hashable:
        """Whose weight it is."""
        return self.layer.name if self.weight is None else self.weight

    def forward_alone(self) -> Self:
        """The same without gradients."""
        return replace(self, input_gradient=False, weight_gradient=False, bias_gradient=False, second_gradient=False)

    @property
    def passes(self) -> int:
        """Products of a training step: the forward pass, and each gradient that is wanted."""
        second = self.weight_gradient if isinstance(self.layer, Conv) else self.second_gradient
        return 1 + self.input_gradient + second


def calls_of(layers: Sequence[Layer], batch: int) -> list[Call]:
    """A call of each layer, in this order; the first one's input wants no gradient. None share a weight."""
    return [Call(layer, batch, input_gradient=i > 0, weight=i) for i, layer in enumerate(layers)]


def gemms_of(calls: Sequence[Call], scheme: Scheme) -> list[Work]:
    """Every GEMM, and each reduction that makes an operand of one, in the order in which they run: forward passes
    first; then, from the last call to the first, the gradients of its input and of its weight."""
    forward = [work for call in calls for work in _forward(call, scheme)]
    return forward + [work for call in reversed(calls) for work in _backward(call, scheme)]


def updates_of(calls: Iterable[Call], scheme: Scheme) -> list[Update]:
    """The update of each trained parameter, with the copies that the next step reads; once where layers share it."""
    stages: dict[Hashable, set[str]] = {}
    trained = [(call, call.layer) for call in calls if isinstance(call.layer, Conv) and not call.derived]
    for call, _ in trained:
        stages.setdefault(call.owner, {"ff"}).update({"bp"} if call.input_gradient else ())
    updates: dict[Hashable, list[Update]] = {}
    for call, layer in trained:
        lowering = lowering_of(call, scheme)
        if call.weight_gradient:
            updates.setdefault(call.owner, lowering.updates(stages[call.owner]))
        if layer.bias and call.bias_gradient:
            updates.setdefault((call.owner, "bias"), [lowering.bias_update()])
    return [update for parts in updates.values() for update in parts]


def whole_step(calls: Sequence[Call], scheme: Scheme) -> list[Work]:
    """Everything of a training step that runs on the hardware: the GEMMs, then the updates.

    Raises ValueError for a scheme that names a layer which is not there.
    """
    scheme.check_names(list(dict.fromkeys(call.layer.name for call in calls)))
    return gemms_of(calls, scheme) + updates_of(calls, scheme)


def lowering_of(call: Call, scheme: Scheme) -> Lowering:
    """The lowering of a call of a convolution or linear layer, by a scheme for all layers or its own pattern."""
    assert isinstance(call.layer, Conv)
    own = scheme if isinstance(call.pattern, str) else scheme.with_pattern(call.pattern)
    return lowered(call.layer, call.batch, own)


def _forward(call: Call, scheme: Scheme) -> Iterator[Work]:
    if isinstance(call.layer, Conv):
        lowering = lowering_of(call, scheme)
        if call.derived:
            yield from lowering.copies("ff")
        yield lowering.gemm("ff")
    else:
        yield product_gemms(call.layer, call.batch)["ff"]


def _backward(call: Call, scheme: Scheme) -> Iterator[Work]:
    if not isinstance(call.layer, Conv):
        gemms = product_gemms(call.layer, call.batch)
        yield from (
            gemms[side] for side, wanted in (("left", call.input_gradient), ("right", call.second_gradient)) if wanted
        )
        return
    lowering = lowering_of(call, scheme)
    if call.input_gradient:
        if call.derived:
            yield from lowering.copies("bp")
        yield from lowering.reductions()
        yield lowering.gemm("bp")
    if call.weight_gradient:
        yield lowering.gemm("wu")

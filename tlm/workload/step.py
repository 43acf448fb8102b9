"""A training step: the GEMMs and the weight updates of layers that are called one after another."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, Self

from rtl.sparsity import Sparsity
from tlm.update import Update
from tlm.work import Work
from tlm.workload.layer import Conv, Layer
from tlm.workload.lowering import Lowering, lowered, product_gemms, turned
from tlm.workload.methods import Scheme

AS_SCHEME: Final = "scheme"


@dataclass(frozen=True)
class Call:
    """One execution of a layer on a batch.

    input_gradient   its input wants a gradient, so there is a 'bp'
    weight_gradient  so does its weight, so there is a 'wu'
    second_gradient  of a product: its second operand does
    weight_updated, bias_updated  its parameters are trained
    weight, bias     keys, the same for calls that share the parameter; None: of the layer alone, by its name
    turned           the parameter is the transpose of its weight
    derived          its weight is made of parameters in each forward pass: no update of the accelerator makes its
                     copies, so they are made before use
    pattern          its own N:M pattern, None for dense, in place of the scheme's
    """

    layer: Layer
    batch: int
    input_gradient: bool = True
    weight_gradient: bool = True
    second_gradient: bool = True
    weight_updated: bool = True
    bias_updated: bool = True
    weight: Hashable = None
    bias: Hashable = None
    turned: bool = False
    derived: bool = False
    pattern: Sparsity | Literal["scheme"] | None = AS_SCHEME

    @property
    def owner(self) -> Hashable:
        """Whose weight it is."""
        return self.layer.name if self.weight is None else self.weight

    @property
    def bias_owner(self) -> Hashable:
        """Whose bias it is."""
        return (self.owner, "bias") if self.bias is None else (self.bias,)

    def forward_alone(self) -> Self:
        """The same without gradients and updates."""
        return replace(
            self,
            input_gradient=False,
            weight_gradient=False,
            second_gradient=False,
            weight_updated=False,
            bias_updated=False,
        )

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
    """The update of each trained parameter, with the copies that the next step reads; once where layers share it, as
    the first of them has it."""
    layers = [(call, call.layer) for call in calls if isinstance(call.layer, Conv)]
    first: dict[Hashable, Call] = {}
    readings: dict[Hashable, set[str]] = {}
    for call, _ in layers:
        owner, lowering = first.setdefault(call.owner, call), lowering_of(call, scheme)
        for stage in ("ff", "bp") if call.input_gradient else ("ff",):
            reading = lowering.reading(stage)
            own = reading if call.turned == owner.turned else turned(reading)
            readings.setdefault(call.owner, set()).add(own)
    updates: dict[Hashable, list[Update]] = {}
    for call, layer in layers:
        if call.weight_updated and not call.derived:
            updates.setdefault(call.owner, lowering_of(first[call.owner], scheme).updates(readings[call.owner]))
        if layer.bias and call.bias_updated:
            updates.setdefault(call.bias_owner, [lowering_of(call, scheme).bias_update()])
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

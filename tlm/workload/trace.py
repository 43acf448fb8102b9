"""All matrix products of a network's training step: those of the accelerator, and those that are left to the host."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from tlm.workload.step import Call


@dataclass(frozen=True)
class HostProduct:
    """Matrix products that run on the host: the module that calls them, the function, and their multiply-adds.

    forward, backward  multiply-adds of the forward pass of a step, and of its backward pass; None: not known
    """

    module: str
    call: str
    forward: int | None
    backward: int = 0

    @property
    def macs(self) -> int | None:
        """Multiply-adds of a training step; None: not known."""
        return None if self.forward is None else self.forward + self.backward


@dataclass(frozen=True)
class Trace:
    """The calls of a step's layers, in order, and the products of the host.

    remark  how they were found, where that is not from shapes alone; else empty
    batch   examples in the step, where the source of the network says so
    """

    calls: Sequence[Call]
    on_host: Sequence[HostProduct] = ()
    remark: str = ""
    batch: int | None = None

    @property
    def macs_seen(self) -> int:
        """Multiply-adds of the accelerator: as many as its dense products have, without zeros that fill groups."""
        return sum(call.batch * call.layer.macs * call.passes for call in self.calls)

    @property
    def macs_unseen(self) -> int:
        """Multiply-adds of the host, as far as they are known."""
        return sum(product.macs or 0 for product in self.on_host)

    @property
    def unknown(self) -> list[HostProduct]:
        """Products of which nobody knows the size."""
        return [product for product in self.on_host if product.forward is None]

    def inference(self) -> Self:
        """Its forward pass alone: no gradients, and no updates."""
        return replace(
            self,
            calls=[call.forward_alone() for call in self.calls],
            on_host=[replace(product, backward=0) for product in self.on_host],
        )

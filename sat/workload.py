"""The network that a command costs: built in, a list of layers or an ONNX file, or a module of one's own."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import typer

from rtl.sparsity import Sparsity
from sat.options import given, refuse
from sat.panels import Network
from tlm.workload.networks import layers
from tlm.workload.step import AS_SCHEME, Call, calls_of
from tlm.workload.topology import DENSE, ListedLayer, read_topology
from tlm.workload.trace import Trace

_SIZES = ("model", "image", "classes", "width")  # of a built-in network
_INSTEAD_OF = {
    "topology": (*_SIZES, "module", "onnx", "host"),
    "module": (*_SIZES, "onnx", "batch"),
    "onnx": (*_SIZES, "host"),
}


@dataclass(frozen=True)
class Workload:
    """The matrix products of a training step on a batch, or of its forward pass.

    own      the built-in network that they are of, which has its own choice of dense layers
    stage    'ff' for the forward pass alone; None for a training step
    remarks  what is to be said of how they were found
    """

    name: str
    trace: Trace
    batch: int
    own: str | None = None
    stage: str | None = None
    remarks: Sequence[str] = field(default=())

    @property
    def calls(self) -> Sequence[Call]:
        """The calls of its layers."""
        return self.trace.calls

    @property
    def of(self) -> str:
        """Its name after what of it is costed."""
        return f"{'The forward pass' if self.stage else 'One training step'} of {self.name}"


def workload(context: typer.Context, network: Network) -> Workload:
    """The workload that the options ask for. Raises ValueError for a network, a file or a module that cannot be costed,
    and for an option that would silently do nothing."""
    for option, others in _INSTEAD_OF.items():
        if given(context, option):
            refuse(context, f"--{option}", others)
    if not network.module:
        for option, means in (("input", "is an input of a --module"), ("host", "is for layers of a --module")):
            if given(context, option):
                raise ValueError(f"--{option} {means}")
    found = _found(context, network)
    if network.stage not in (None, "ff"):
        raise ValueError(f"stage must be ff, not {network.stage!r}")
    return replace(found, trace=found.trace.inference(), stage="ff") if network.stage else found


def _found(context: typer.Context, network: Network) -> Workload:
    if network.topology:
        return _of_topology(network.topology, network.batch)
    if network.onnx:
        from tlm.workload.onnx_graph import read_onnx

        trace = read_onnx(network.onnx, network.batch if given(context, "batch") else None)
        batch = max((call.batch for call in trace.calls), default=1)
        return Workload(network.onnx.stem, trace, batch, remarks=[trace.remark] if trace.remark else [])
    if network.module:
        return _of_module(network.module, network.input, tuple(network.host))
    calls = calls_of(layers(network.model, network.image, network.classes, network.width), network.batch)
    return Workload(network.model, Trace(calls), network.batch, own=network.model)


def _of_topology(file: Path, batch: int) -> Workload:
    listed = read_topology(file)
    calls = calls_of([one.layer for one in listed], batch)
    calls = [_listed(call, one) for call, one in zip(calls, listed, strict=True)]
    theirs = sum(call.batch * one.scale_sim_macs for call, one in zip(calls, listed, strict=True))
    ours = sum(call.batch * call.layer.macs for call in calls)
    remark = f"forward pass: {ours:,} multiply-adds; SCALE-Sim, which rounds outputs up, would count {theirs:,}"
    return Workload(file.stem, Trace(calls), batch, remarks=[remark])


def _listed(call: Call, one: ListedLayer) -> Call:
    """A call with the batch and the pattern that the file gives it."""
    batch = one.batch or call.batch
    if isinstance(one.pattern, Sparsity):
        return replace(call, batch=batch, pattern=one.pattern)
    return replace(call, batch=batch, pattern=None if one.pattern == DENSE else AS_SCHEME)


def _of_module(place: str, inputs: Sequence[str], host: tuple[str, ...]) -> Workload:
    from sat.modules import followed

    trace, batch = followed(place, inputs, host)
    return Workload(place, trace, batch, remarks=[trace.remark] if trace.remark else [])

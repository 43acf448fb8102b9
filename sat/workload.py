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
    "topology": (*_SIZES, "module", "onnx"),
    "module": (*_SIZES, "onnx", "batch"),
    "onnx": _SIZES,
}
_SOURCES = ("topology", "onnx", "module")


@dataclass(frozen=True)
class Workload:
    """The matrix products of a training step on a batch, or of its forward pass.

    batch    examples in it; None where each layer has its own
    own      the built-in network that they are of, which has its own choice of dense layers
    stage    'ff' for the forward pass alone; None for a training step
    listed   layers have N:M patterns of their own
    remarks  what is to be said of how they were found
    """

    name: str
    trace: Trace
    batch: int | None
    own: str | None = None
    stage: str | None = None
    listed: bool = False
    remarks: Sequence[str] = field(default=())

    @property
    def calls(self) -> Sequence[Call]:
        """The calls of its layers."""
        return self.trace.calls

    def title(self, method: str) -> str:
        """What is costed, in words: which part of it, by which method, on which batch."""
        part = "The forward pass" if self.stage else "One training step"
        patterns = ", N:M of the file" if self.listed else ""
        batch = "batches of the file" if self.batch is None else f"batch {self.batch}"
        return f"{part} of {self.name}, {method}{patterns}, {batch}"


def workload(context: typer.Context, network: Network) -> Workload:
    """The workload that the options ask for. Raises ValueError for a network, a file or a module that cannot be costed,
    and for an option that would silently do nothing."""
    for option in _SOURCES:
        if given(context, option) and str(getattr(network, option) or "") in ("", "."):
            raise ValueError(f"--{option} must not be empty")
    for option, others in _INSTEAD_OF.items():
        if given(context, option):
            refuse(context, f"--{option}", others)
    for option in ("input", "host"):
        if given(context, option) and not network.module:
            raise ValueError(f"--{option} needs --module")
    if network.stage not in (None, "ff"):
        raise ValueError(f"stage must be ff, not {network.stage!r}")
    found = _found(context, network)
    found = replace(found, name=found.name if found.name.isprintable() else repr(found.name)[1:-1])
    return replace(found, trace=found.trace.inference(), stage="ff") if network.stage else found


def _found(context: typer.Context, network: Network) -> Workload:
    if network.topology:
        return _of_topology(context, network.topology, network.batch)
    if network.onnx:
        return _of_onnx(network.onnx, network.batch, given(context, "batch"))
    if network.module:
        from sat.modules import followed

        trace, batch = followed(network.module, network.input, tuple(network.host))
        return Workload(network.module, trace, batch, remarks=_remarks(trace))
    calls = calls_of(layers(network.model, network.image, network.classes, network.width), network.batch)
    return Workload(network.model, Trace(calls), network.batch, own=network.model)


def _of_onnx(file: Path, batch: int, asked: bool) -> Workload:
    from tlm.workload.onnx_graph import read_onnx

    trace = read_onnx(file, batch if asked else None, batch)
    if not trace.calls:
        names = ", ".join(f"{one.module} ({one.call})" for one in trace.on_host)
        raise ValueError(f"{file}: no product can be costed, but what is left to the host: {names}")
    return Workload(file.stem, trace, trace.batch, remarks=_remarks(trace))


def _remarks(trace: Trace) -> list[str]:
    return [trace.remark] if trace.remark else []


def _of_topology(context: typer.Context, file: Path, batch: int) -> Workload:
    listed = read_topology(file)
    for option, fixed in (("batch", [one.batch for one in listed]), ("sparsity", [one.pattern for one in listed])):
        if given(context, option) and all(one is not None for one in fixed):
            raise ValueError(f"--{option} cannot go with {file}, in which each layer has its own")
    calls = calls_of([one.layer for one in listed], batch)
    calls = [_listed(call, one) for call, one in zip(calls, listed, strict=True)]
    theirs = sum(call.batch * one.scale_sim_macs for call, one in zip(calls, listed, strict=True))
    ours = sum(call.batch * call.layer.macs for call in calls)
    remark = f"forward pass: {ours:,} multiply-adds; SCALE-Sim, which rounds outputs up, would count {theirs:,}"
    sizes = {call.batch for call in calls}
    return Workload(
        file.stem,
        Trace(calls),
        sizes.pop() if len(sizes) == 1 else None,
        listed=any(one.pattern is not None for one in listed),
        remarks=[remark] if theirs != ours else [],
    )


def _listed(call: Call, one: ListedLayer) -> Call:
    """A call with the batch and the pattern that the file gives it."""
    batch = one.batch or call.batch
    if isinstance(one.pattern, Sparsity):
        return replace(call, batch=batch, pattern=one.pattern)
    return replace(call, batch=batch, pattern=None if one.pattern == DENSE else AS_SCHEME)

"""The GEMMs that both simulators are given: a network's forward pass, in one file that both read."""

from collections.abc import Sequence
from typing import NamedTuple

from tlm.workload.methods import Scheme
from tlm.workload.networks import layers
from tlm.workload.step import calls_of, gemms_of

NETWORK, IMAGE, BATCH = "resnet18", 32, 1


class Shape(NamedTuple):
    """A GEMM (m, k) x (k, n), and the layer whose forward pass it is."""

    layer: str
    m: int
    n: int
    k: int


def forward_gemms() -> list[Shape]:
    """Those of the network, in their order."""
    step = gemms_of(calls_of(layers(NETWORK, IMAGE), BATCH), Scheme())
    return [Shape(one.layer, one.m, one.n, one.k) for one in step if one.stage == "ff"]


def topology(shapes: Sequence[Shape]) -> str:
    """SCALE-Sim's list of GEMMs, which `sat cycles --topology` reads, too. Each line must end with a comma there."""
    return "".join(f"{', '.join(map(str, row))},\n" for row in (("Layer", "M", "N", "K"), *shapes))

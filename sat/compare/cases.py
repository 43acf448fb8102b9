"""The GEMMs of a comparison: those of a file, or of the training steps of networks."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from rtl.sparsity import Sparsity
from sat import terminal
from sat.compare.comparison import Comparison
from tlm.compare import Case, Setup, compare
from tlm.gemm import Gemm
from tlm.workload.gemm_list import read_gemm_list
from tlm.workload.methods import Scheme
from tlm.workload.networks import NETWORKS, layers
from tlm.workload.step import calls_of, whole_step
from tlm.workload.trace import Trace

Job = tuple[str, Callable[[], Comparison]]  # (the case's name, makes its line)

NM = Sparsity(2, 8)
METHODS = (("dense", Scheme()), (f"bdwp {NM}", Scheme.of("bdwp", NM.n, NM.m)))


def of_networks(models: str, batch: int, setup: Setup, stage: str | None = None) -> list[Job]:
    """The training steps of networks, or with stage 'ff' their forward passes, dense and BDWP 2:8. Raises ValueError
    for an unknown network or stage."""
    names = [name.strip() for name in models.split(",")]
    for name in names:
        if name not in NETWORKS:
            raise ValueError(f"model must be one of {', '.join(NETWORKS)}, not {name!r}")
    if stage not in (None, "ff"):
        raise ValueError(f"stage must be ff, not {stage!r}")
    make = partial(_of_network, batch=batch, setup=setup, inference=bool(stage))
    return [(name, partial(make, name, method, scheme)) for name in names for method, scheme in METHODS]


def _of_network(name: str, method: str, scheme: Scheme, batch: int, setup: Setup, inference: bool) -> Comparison:
    """The GEMMs of a training step, or of its forward pass; no updates, for which not all have a unit."""
    scheme = Scheme(scheme.method, scheme.sparsity, dense=NETWORKS[name].dense if scheme.sparsity else ())
    trace = Trace(calls_of(layers(name), batch))
    work = whole_step((trace.inference() if inference else trace).calls, scheme)
    cases = [Case.trained(one) for one in work if isinstance(one, Gemm)]
    described = dict(model=name, method=method, batch=batch, gemms=len(cases))
    return Comparison(name, method, described, compare(cases, setup))


def of_list(file: Path, setup: Setup) -> list[Job]:
    """The GEMMs of a file. Raises ValueError for a malformed one."""
    return [(case.gemm.layer, partial(_of_case, case, setup)) for case in map(Case.of, read_gemm_list(file))]


def _of_case(case: Case, setup: Setup) -> Comparison:
    """A GEMM of a file, in which several may have the same name."""
    gemm = case.gemm
    name, densities = f"{gemm.layer} {gemm.m}-{gemm.n}-{gemm.k}", f"{case.density_a:g}, {case.density_b:g}"
    return Comparison(name, densities, described(case), compare([case], setup))


def described(case: Case) -> dict[str, Any]:
    """A single GEMM as data."""
    m, k, n = case.gemm.shape
    return dict(
        layer=case.gemm.layer,
        m=m,
        k=k,
        n=n,
        sparsity=str(case.gemm.sparsity or "dense"),
        density_a=case.density_a,
        density_b=case.density_b,
    )


def done(jobs: list[Job]) -> list[Comparison]:
    """The lines, behind a progress bar."""
    lines = []
    with terminal.progress() as bar:
        task = bar.add_task("comparing", total=len(jobs))
        for name, make in jobs:
            bar.update(task, description=f"comparing {name}")
            lines.append(make())
            bar.advance(task)
    return lines

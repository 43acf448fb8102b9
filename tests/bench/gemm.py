"""The kernel against torch.matmul in float32 and against what the processor could do at most, on as many threads."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from math import exp, log

import numpy as np
import torch

from cosim.kernel import kernel
from rtl.sparsity import Sparsity
from tests.bench.kernels import SIZE, TorchThreads
from tests.bench.measure import Row, best, interleaved
from tlm.workload.lowering import Lowering, lowered
from tlm.workload.methods import Scheme
from tlm.workload.networks import layers

SHARE, FASTER = 0.6, 1.5  # of the peak, and of the dense product's speed by 2:8
SPARSITY = Sparsity(2, 8)
IMAGES = {32: 32, 224: 4}  # size of the images -> how many


def kernel_rows(seed: int, quick: bool) -> Iterator[Row]:
    """The square product, then those of ResNet18."""
    threads = len(os.sched_getaffinity(0))
    with TorchThreads(threads):
        yield from _square_rows(np.random.default_rng(seed), threads, 2 if quick else 25)
        for size, batch in IMAGES.items():
            yield _resnet_row(np.random.default_rng(seed), size, 1 if quick else batch, threads, 1 if quick else 25)


def _square_rows(rng: np.random.Generator, threads: int, repeats: int) -> Iterator[Row]:
    a, b = (_normal(rng, SIZE, SIZE) for _ in range(2))
    wide_a, wide_b = (torch.from_numpy(x).float() for x in (a, b))
    peaks: list[float] = []
    times = interleaved(
        repeats,
        warm=True,
        dense=lambda: kernel.gemm(a, b),
        sparse=lambda: kernel.gemm(a, b, SPARSITY),
        torch=lambda: torch.matmul(wide_a, wide_b),
        peak=lambda: peaks.append(kernel.peak(threads)),
    )
    dense, sparse, theirs = (SIZE**3 / best(times[name]).wall / 1e9 for name in ("dense", "sparse", "torch"))
    peak = max(peaks) / 1e9
    details = dict(
        path=kernel.path(), threads=threads, dense_gmacs=dense, sparse_gmacs=sparse, torch_gmacs=theirs, peak_gmacs=peak
    )
    what = f"kernel, {SIZE}³, {kernel.path()}, threads: {threads}"
    yield Row(
        what,
        f"{dense:.1f} GMAC/s = {dense / theirs:.2f}x torch.matmul in float32 ({theirs:.1f})",
        dense / theirs,
        ">= 1x",
        dense >= theirs,
        details,
    )
    yield Row(
        f"{what}: share of the peak",
        f"{dense / peak:.0%} of {peak:.1f} GMAC/s",
        dense / peak,
        f">= {SHARE:.0%}",
        dense >= SHARE * peak,
    )
    yield Row(
        f"{what}: {SPARSITY}, pruning included",
        f"{sparse / dense:.2f}x dense",
        sparse / dense,
        f">= {FASTER}x",
        sparse >= FASTER * dense,
    )


def _resnet_row(rng: np.random.Generator, size: int, batch: int, threads: int, repeats: int) -> Row:
    """Ratios of times, torch's in the kernel's: over all dense GEMMs of a step, and the least of them."""
    ratios, sums = {}, dict(kernel=0.0, torch=0.0)
    for name, lowering in resnet18(size, batch):
        for stage in ("ff", "bp", "wu"):
            if stage == "bp" and lowering.geometry.channels == 3:
                continue  # nobody wants the gradient of the images
            times = interleaved(repeats, warm=True, **_calls(rng, lowering, stage))
            ours, theirs = best(times["kernel"]).wall, best(times["torch"]).wall
            ratios[f"{name} {stage}"] = theirs / ours
            sums = dict(kernel=sums["kernel"] + ours, torch=sums["torch"] + theirs)
    mean, worst = exp(sum(map(log, ratios.values())) / len(ratios)), min(ratios, key=ratios.get)
    return Row(
        f"kernel, ResNet18 at {size} x {size}, batch {batch}, {len(ratios)} GEMMs, im2col included",
        f"{mean:.2f}x torch.matmul on the matrices, {sums['torch'] / sums['kernel']:.2f}x in all; "
        f"least {ratios[worst]:.2f}x ({worst})",
        ratios[worst],
        ">= 1x for each",
        ratios[worst] >= 1,
        dict(threads=threads, mean=mean, ratios=ratios),
    )


def _calls(rng: np.random.Generator, lowering: Lowering, stage: str) -> dict[str, Callable[[], object]]:
    gemm = lowering.gemm(stage)
    source = gemm.source
    shape = (source.batch, source.height, source.width, source.channels) if source else (gemm.m, gemm.k)
    a = _normal(rng, *shape)
    b = _normal(rng, gemm.k, gemm.n)
    wide_a = torch.ones(gemm.k, gemm.m).T if stage == "wu" else torch.ones(gemm.m, gemm.k)
    wide_b = torch.from_numpy(b).float()
    return dict(
        kernel=lambda: kernel.gemm(a, b, source=source, output=gemm.output), torch=lambda: torch.matmul(wide_a, wide_b)
    )


def resnet18(size: int, batch: int) -> Iterator[tuple[str, Lowering]]:
    """A layer of each kind that the network's convolutions are of."""
    convolutions = {replace(layer, name=""): layer for layer in layers("resnet18", size) if layer.width > 1}
    return ((layer.name, lowered(layer, batch, Scheme())) for layer in convolutions.values())


def _normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.standard_normal(shape, np.float32).astype(np.float16)

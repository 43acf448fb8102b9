"""The kernel against torch.matmul in float32 and against what the processor could do at most, on as many threads.

`python -m tests.bench.gemm SEED` prints the rows of the path in use as JSON: so are those of another path measured.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from math import exp, log
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import conv2d

from cosim.kernel import kernel
from rtl.sparsity import Sparsity
from tests.bench.kernels import SIZE, TorchThreads
from tests.bench.measure import CheckFailed, Row, best, interleaved
from tlm.workload.lowering import Lowering, lowered
from tlm.workload.methods import Scheme
from tlm.workload.networks import layers

ROOT = Path(__file__).resolve().parents[2]
SHARE, AHEAD, LEAST = 0.6, 1.05, 0.85  # of the peak; torch's time in ours at SIZE, and at the least of ResNet18's
LONG = (256, 4608, 512)  # M, K, N of the product with N:M weights: one of ResNet18's longest sums
FASTER = {"2:4": 1.3, "2:8": 2.0}  # the dense product's time in that of the pruned one
IMAGES = {32: 32, 224: 4}  # size of the images -> how many
# What keeps torch and its libraries to the same instructions.
AVX2 = dict(SAT_KERNEL="avx2", ATEN_CPU_CAPABILITY="avx2", MKL_ENABLE_INSTRUCTIONS="AVX2", ONEDNN_MAX_CPU_ISA="AVX2")


def kernel_rows(seed: int, quick: bool) -> Iterator[Row]:
    """The square product on one thread and on all, sparse ones, those of ResNet18, and the square product by AVX2."""
    threads = len(os.sched_getaffinity(0))
    yield from _path_rows(seed, quick)
    for size, batch in IMAGES.items():
        with TorchThreads(threads):
            yield from _resnet_rows(
                np.random.default_rng(seed), size, 1 if quick else batch, threads, 1 if quick else 25
            )
    if kernel.path() == "avx512":
        command = [sys.executable, "-m", "tests.bench.gemm", str(seed), *["quick"] * quick]
        done = subprocess.run(command, cwd=ROOT, env=os.environ | AVX2, capture_output=True, text=True)
        if done.returncode:
            raise CheckFailed(f"the kernel by AVX2 failed: {done.stderr.strip()}")
        yield from (Row(**row) for row in json.loads(done.stdout))


def _path_rows(seed: int, quick: bool) -> Iterator[Row]:
    for threads in sorted({1, len(os.sched_getaffinity(0))}):
        with TorchThreads(threads):
            rng = np.random.default_rng(seed)
            yield from _square_rows(rng, threads, 2 if quick else 25)
            yield from _sparse_rows(rng, threads, 2 if quick else 25)


def _square_rows(rng: np.random.Generator, threads: int, repeats: int) -> Iterator[Row]:
    a, b = (_normal(rng, SIZE, SIZE) for _ in range(2))
    wide_a, wide_b = (torch.from_numpy(x).float() for x in (a, b))
    peaks: list[float] = []
    times = interleaved(
        repeats,
        warm=True,
        dense=lambda: kernel.gemm(a, b, threads=threads),
        torch=lambda: torch.matmul(wide_a, wide_b),
        peak=lambda: peaks.append(kernel.peak(threads)),
    )
    dense, theirs = (SIZE**3 / best(times[name]).wall / 1e9 for name in ("dense", "torch"))
    peak = max(peaks) / 1e9
    details = dict(path=kernel.path(), threads=threads, dense_gmacs=dense, torch_gmacs=theirs, peak_gmacs=peak)
    what = f"kernel, {SIZE}³, {kernel.path()}, threads: {threads}"
    yield Row(
        what,
        f"{dense:.1f} GMAC/s = {dense / theirs:.2f}x torch.matmul in float32 ({theirs:.1f})",
        dense / theirs,
        f">= {AHEAD}x",
        dense >= AHEAD * theirs,
        details,
    )
    yield Row(
        f"{what}: share of the peak",
        f"{dense / peak:.0%} of {peak:.1f} GMAC/s",
        dense / peak,
        f">= {SHARE:.0%}",
        dense >= SHARE * peak,
    )


def _sparse_rows(rng: np.random.Generator, threads: int, repeats: int) -> Iterator[Row]:
    """N:M products beside the dense one; pruning and compacting are part of a call, and are measured alone, too."""
    m, k, n = LONG
    a, b = _normal(rng, m, k), _normal(rng, k, n)
    calls: dict[str, Callable[[], object]] = dict(dense=lambda: kernel.gemm(a, b, threads=threads))
    for name in FASTER:
        pattern = Sparsity.parse(name)
        assert pattern
        calls[name] = lambda pattern=pattern: kernel.gemm(a, b, pattern, threads=threads)
        calls[f"compact {name}"] = lambda pattern=pattern: kernel.compact(b, pattern.n, pattern.m, threads=threads)
    seconds = {name: best(took).wall for name, took in interleaved(repeats, warm=True, **calls).items()}
    for name, target in FASTER.items():
        ratio = seconds["dense"] / seconds[name]
        without = seconds["dense"] / (seconds[name] - seconds[f"compact {name}"])
        yield Row(
            f"kernel, {m} x {k} x {n}, {name}, {kernel.path()}, threads: {threads}",
            f"{ratio:.2f}x dense, {without:.2f}x without the time of pruning",
            ratio,
            f">= {target}x",
            ratio >= target,
            seconds,
        )


def _resnet_rows(rng: np.random.Generator, size: int, batch: int, threads: int, repeats: int) -> Iterator[Row]:
    """Ratios of times, torch's in the kernel's: over all dense GEMMs of a step, and the least of them."""
    ratios, convolutions, sums = {}, [], dict(kernel=0.0, torch=0.0)
    for name, lowering in resnet18(size, batch):
        for stage in ("ff", "bp", "wu"):
            if stage == "bp" and lowering.geometry.channels == 3:
                continue  # nobody wants the gradient of the images
            times = interleaved(repeats, warm=True, **_calls(rng, lowering, stage))
            ours, theirs = best(times["kernel"]).wall, best(times["torch"]).wall
            ratios[f"{name} {stage}"] = theirs / ours
            sums = dict(kernel=sums["kernel"] + ours, torch=sums["torch"] + theirs)
            if stage == "ff":
                convolutions.append(best(times["conv2d"]).wall / ours)
    mean, worst = _mean(ratios.values()), min(ratios, key=ratios.get)
    what = f"kernel, ResNet18 at {size} x {size}, batch {batch}, im2col included, threads: {threads}"
    yield Row(
        f"{what}: {len(ratios)} GEMMs",
        f"{mean:.2f}x torch.matmul on the matrices in the mean, {sums['torch'] / sums['kernel']:.2f}x in all; "
        f"forward {_mean(convolutions):.2f}x torch's conv2d",
        mean,
        ">= 1x",
        mean >= 1,
        dict(ratios=ratios),
    )
    yield Row(
        f"{what}: the least", f"{ratios[worst]:.2f}x ({worst})", ratios[worst], f">= {LEAST}x", ratios[worst] >= LEAST
    )


def _mean(ratios: Iterable[float]) -> float:
    logarithms = [log(ratio) for ratio in ratios]
    return exp(sum(logarithms) / len(logarithms))


def _calls(rng: np.random.Generator, lowering: Lowering, stage: str) -> dict[str, Callable[[], object]]:
    gemm = lowering.gemm(stage)
    source = gemm.source
    shape = (source.batch, source.height, source.width, source.channels) if source else (gemm.m, gemm.k)
    a = _normal(rng, *shape)
    b = _normal(rng, gemm.k, gemm.n)
    wide_a = torch.ones(gemm.k, gemm.m).T if stage == "wu" else torch.ones(gemm.m, gemm.k)
    wide_b = torch.from_numpy(b).float()
    calls: dict[str, Callable[[], object]] = dict(
        kernel=lambda: kernel.gemm(a, b, source=source, output=gemm.output), torch=lambda: torch.matmul(wide_a, wide_b)
    )
    if stage == "ff":
        geometry, window = lowering.geometry, lowering.geometry.window
        images = torch.ones(geometry.shape).movedim(-1, 1)  # which is channels_last
        weight = torch.ones(geometry.outputs, geometry.channels, *window.kernel)
        calls["conv2d"] = lambda: conv2d(images, weight, None, window.stride, window.padding)
    return calls


def resnet18(size: int, batch: int) -> Iterator[tuple[str, Lowering]]:
    """A layer of each kind that the network's convolutions are of."""
    convolutions = {replace(layer, name=""): layer for layer in layers("resnet18", size) if layer.width > 1}
    return ((layer.name, lowered(layer, batch, Scheme())) for layer in convolutions.values())


def _normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.standard_normal(shape, np.float32).astype(np.float16)


if __name__ == "__main__":
    print(json.dumps([asdict(row) for row in _path_rows(int(sys.argv[1]), "quick" in sys.argv)]))

"""`sat compare paper`: the GEMMs of SIGMA's paper (Qin et al., HPCA 2020), beside the counts of its latency model.

This is the one file of the command line that is about particular hardware: SIGMA and the TPU of that paper.
"""

from collections.abc import Sequence
from functools import partial

from rtl.sparsity import Sparsity
from sat.compare.cases import NM, Job, described
from sat.compare.comparison import Comparison
from tlm.compare import Case, Setup, compare
from tlm.gemm import Gemm
from tlm.published.sigma import GEMMS, PublishedGemm, sigma_cycles
from tlm.published.tpu import systolic_cycles

KEYS = {  # of --json -> definition
    "published": "cycles by the formulas of SIGMA's paper for its 16,384 multipliers, whatever --config: sigma, which "
    "keeps a, at its density, and tpu",
}
PUBLISHED = ("sigma", "tpu")  # whose counts they are
GAIN = "SIGMA against a TPU, by the paper"  # heading of the heat map
NOTE = (
    "the paper's counts are of steps and stationary values alone. Ours are above them where loads with bitmaps and "
    "settings, stores of results, latencies, or Flex-DPEs that a block leaves empty cost cycles; below where b stays, "
    "or its zeros save loads"
)


def densities_of(text: str) -> list[float]:
    """The shares of values that are not zero, with commas between. Raises ValueError."""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if not found or not all(0 < density <= 1 for density in found):
        raise ValueError(f"--densities must be numbers above 0 and up to 1 with commas between, not {text!r}")
    return found


def of_paper(densities: Sequence[float], setup: Setup) -> list[Job]:
    """The paper's GEMMs over the grid of densities, and with a b that is 2:8 sparse."""
    grid: list[tuple[float, float, Sparsity | None]] = [(a, b, None) for a in densities for b in densities]
    grid.append((1.0, 1.0, NM))
    return [(gemm.name, partial(_of_gemm, gemm, *point, setup)) for gemm in GEMMS for point in grid]


def _of_gemm(
    gemm: PublishedGemm, density_a: float, density_b: float, pattern: Sparsity | None, setup: Setup
) -> Comparison:
    """A GEMM of the paper, whose model streams b whatever its density, and keeps a."""
    product = Gemm(gemm.m, gemm.k, gemm.n, pattern, layer=gemm.name)
    case = Case.trained(product) if pattern else Case(product, density_a, density_b)
    sizes = dict(m=gemm.m, n=gemm.n, k=gemm.k)
    sigma, tpu = sigma_cycles(**sizes, density=density_a).total, systolic_cycles(**sizes).cycles
    return Comparison(
        gemm.name,
        f"{density_a:g}, {pattern or f'{density_b:g}'}",
        described(case),
        compare([case], setup),
        dict(zip(PUBLISHED, (sigma, tpu), strict=True)),
        {GAIN: tpu / sigma},
    )

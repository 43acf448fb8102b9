"""SIGMA's cycles as its paper's own evaluation counts them (Qin et al., HPCA 2020), and the GEMMs of that evaluation.

An analytical model beside the timeline of our own design: the cycles that the paper claims, not those of our RTL. The
counts are published in the TeAAL artifact (`data/baselines`); the formula is derived from them and exact to the cycle.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

WORDS_PER_CYCLE = 128  # that enter the array
ELEMENTS = 16384  # processing elements
DENSITY = 0.2  # of the stationary operand, in all published counts


@dataclass(frozen=True)
class PublishedGemm:
    """A GEMM (m, k) x (k, n) of the paper, and the cycles published for SIGMA, and for a TPU of 128 x 128.

    None where our sources have no count; the formulas then stand alone.
    """

    m: int
    n: int
    k: int
    sigma: int | None = None
    tpu: int | None = None

    @property
    def name(self) -> str:
        """'M-N-K', as in the paper's figures."""
        return f"{self.m}-{self.n}-{self.k}"


GEMMS = (
    PublishedGemm(128, 2048, 4096, 66454, 73728),
    PublishedGemm(320, 3072, 4096, 100576, 319488),
    PublishedGemm(2048, 4096, 32, 4213, 68096),
    PublishedGemm(35, 8457, 2560, 169308, 174260),
    PublishedGemm(84, 1024, 4096, 33376, 40960),
    PublishedGemm(256, 256, 2048, 5014, 16384),
    PublishedGemm(1632, 36548, 1024),
    PublishedGemm(1024, 16, 500000),
    PublishedGemm(31999, 1024, 84),
    PublishedGemm(2048, 1, 128),
)


@dataclass(frozen=True)
class SigmaCycles:
    """Clock cycles that follow one another: stationary values in, streamed values in, and sums through the adders."""

    loading: int
    streaming: int
    add: int

    @property
    def total(self) -> int:
        """Cycles of the whole GEMM."""
        return self.loading + self.streaming + self.add


def sigma_cycles(
    *,
    m: int,
    n: int,
    k: int,
    density: float | Fraction = DENSITY,
    words_per_cycle: int = WORDS_PER_CYCLE,
    elements: int = ELEMENTS,
) -> SigmaCycles:
    """Cycles of (m, k) x (k, n) with the (m, k) operand stationary, of which `density` is not zero.

        loading    ceil(nnz / w)        w = words_per_cycle; nnz = density m k, a real number, not rounded
        streaming  ceil(k / w) ceil(density m min(k, w) / elements) n
        add        ceil(nnz / elements) ceil(log2(elements))

    k is cut in chunks of w, the last one counted as a whole one; a chunk's stationary values fill the elements so
    many times, and each time all n columns stream by, one a cycle. The density of the streamed operand does not enter,
    and nothing overlaps. Known from the counts is the formula for 128 words, 16384 elements and density 0.2, with 14
    per addition, which we read as the levels of an adder tree over all elements. Other numbers are our generalisation:
    in particular that the chunk is as long as the words of a cycle.

    density   meant as the decimal that str() shows, and exact: 0.2 is 1/5. A Fraction is taken as it is
    Raises ValueError for a size below 1, and a density outside 0 to 1.
    """
    for name, size in dict(m=m, n=n, k=k, words_per_cycle=words_per_cycle, elements=elements).items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, not {size}")
    if not 0 <= density <= 1:
        raise ValueError(f"density must be from 0 to 1, not {density}")
    share = Fraction(str(density))  # as floats 0.1 * 3 > 0.3: ceil would be one too many
    nonzero = share * m * k
    rounds = math.ceil(share * m * min(k, words_per_cycle) / elements)
    return SigmaCycles(
        loading=math.ceil(nonzero / words_per_cycle),
        streaming=-(-k // words_per_cycle) * rounds * n,
        add=math.ceil(nonzero / elements) * (elements - 1).bit_length(),
    )

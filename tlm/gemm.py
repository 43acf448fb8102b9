"""One matrix product: its shape, its sparsity, and its place in the training step."""

from dataclasses import dataclass, field

from rtl.sparsity import Sparsity
from tlm.feature_map import FeatureMap
from tlm.size import check_size

OUTPUT_BYTES = {"fp32": 4, "fp16": 2}


@dataclass(frozen=True)
class Gemm:
    """c (m, n) = a (m, k) @ b (k, n) in FP16 with FP32 accumulators; b N:M sparse along k, or dense.

    source    of an `a` that is an im2col matrix; source_b: of a `b` that is the transpose of one
    count     so many products of this shape one after another: a (count, m, k) @ b (count, k, n), as attention's heads
    output    'fp32', the accumulators as they are, or 'fp16', rounded once more when they leave the array
    Raises ValueError for a size that is no whole number from 1 to 2^27, an unknown sparsity or output, and sources of
    matrices with other sides.
    """

    m: int
    k: int
    n: int
    sparsity: Sparsity | None = None
    output: str = "fp32"
    layer: str = ""
    stage: str = ""
    source: FeatureMap | None = field(default=None, repr=False)
    count: int = 1
    source_b: FeatureMap | None = field(default=None, repr=False)

    def __post_init__(self):
        check_names("a GEMM", self.layer, self.stage)
        for name in ("m", "k", "n", "count"):
            check_size(f"GEMM size {name}", getattr(self, name), f" in {self.layer} {self.stage}" if self.layer else "")
        if not isinstance(self.sparsity, Sparsity | None):
            raise ValueError(f"sparsity of a GEMM must be a Sparsity or None, not {self.sparsity!r}")
        for name, source in (("source", self.source), ("source_b", self.source_b)):
            if not isinstance(source, FeatureMap | None):
                raise ValueError(f"{name} of a GEMM must be a FeatureMap or None, not {source!r}")
        if self.source_b and self.source_b.transposed:
            raise ValueError(
                f"source_b is of a transposed im2col matrix as it is, and must not say so: {self.source_b}"
            )
        if self.source:
            self.source.check("a", (self.k, self.m) if self.source.transposed else (self.m, self.k))
        if self.source_b:
            self.source_b.check("b", (self.n, self.k))
        if not isinstance(self.output, str) or self.output not in OUTPUT_BYTES:
            raise ValueError(f"output must be one of {', '.join(OUTPUT_BYTES)}, not {self.output!r}")

    @property
    def sources(self) -> tuple[FeatureMap | None, FeatureMap | None]:
        """The sources of a and b."""
        return self.source, self.source_b

    @property
    def shape(self) -> tuple[int, int, int]:
        """(m, k, n)."""
        return self.m, self.k, self.n

    @property
    def kept(self) -> int:
        """Elements of k that are multiplied: min(N, length) of each group."""
        if self.sparsity is None:
            return self.k
        groups, rest = divmod(self.k, self.sparsity.m)
        return groups * self.sparsity.n + min(rest, self.sparsity.n)

    @property
    def macs(self) -> int:
        """Multiply-adds that are done."""
        return self.count * self.m * self.kept * self.n

    @property
    def macs_skipped(self) -> int:
        """Multiply-adds that N:M sparsity saves: with `macs`, count * m * k * n."""
        return self.count * self.m * (self.k - self.kept) * self.n

    @property
    def densities(self) -> tuple[float, float]:
        """Densities of a and b in a training step, shares of values other than zero: a is dense, of b N:M keeps `kept`
        of its k rows."""
        return 1.0, self.kept / self.k


def check_names(work: str, *names: str) -> None:
    """Raise ValueError for the name of a layer or a stage that is no text."""
    for name in names:
        if not isinstance(name, str):
            raise ValueError(f"layer and stage of {work} must be names, not {name!r}")


def check_density(name: str, density: float) -> None:
    """Raise ValueError for a share of values other than zero that is no number from 0 to 1."""
    if not isinstance(density, float | int) or not 0 <= density <= 1:
        raise ValueError(f"density {name} must be a number from 0 to 1, not {density!r}")

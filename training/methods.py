"""The training methods as a table: in which stages of a step the weights are N:M sparse."""
from dataclasses import dataclass

from rtl.sparsity import Sparsity

STAGES = ("ff", "bp", "wu")

METHODS: dict[str, frozenset[str]] = {
    "dense": frozenset(),
    "bdwp": frozenset({"ff", "bp"}),
}


@dataclass(frozen=True)
class Scheme:
    """A method and its pattern. Raises ValueError for an unknown method, or a sparse one without a pattern."""

    method: str = "dense"
    sparsity: Sparsity | None = None

    def __post_init__(self):
        if self.method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, not {self.method!r}")
        if METHODS[self.method] and self.sparsity is None:
            raise ValueError(f"method {self.method} needs a sparsity such as 2:8, not dense")

    @classmethod
    def of(cls, method: str, n: int | None = None, m: int | None = None) -> "Scheme":
        """The scheme of a method's name and its N:M. A dense method ignores n and m. Raises ValueError."""
        given = METHODS.get(method) and (n, m) != (None, None)
        return cls(method, Sparsity(n, m) if given else None)

    def pattern(self, stage: str, channels: int) -> Sparsity | None:
        """What prunes a stage's weights, whose groups lie along `channels`; fewer than M stay dense."""
        if stage not in METHODS[self.method] or channels < self.sparsity.m:
            return None
        return self.sparsity

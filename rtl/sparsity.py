"""The name of an N:M pattern: of each M consecutive elements, N are kept."""

from dataclasses import dataclass

KEPT = (1, 2, 4)
GROUP = (4, 8, 16)


@dataclass(frozen=True)
class Sparsity:
    """N:M sparsity along the contraction dimension. Raises ValueError for a pattern the hardware does not know."""

    n: int
    m: int

    def __post_init__(self):
        # A float or a NumPy integer would be equal to the int, and end in other arithmetic.
        if type(self.n) is not int or type(self.m) is not int:
            raise ValueError(f"N and M of a sparsity must be ints, not {self.n!r} and {self.m!r}")
        if self.n not in KEPT or self.m not in GROUP or self.n >= self.m:
            raise ValueError(f"sparsity must be N:M with N in {KEPT}, M in {GROUP} and N < M, not {self}")

    @classmethod
    def parse(cls, text: "str | Sparsity | None") -> "Sparsity | None":
        """'2:8' -> Sparsity(2, 8); None and 'dense' -> None. Raises ValueError."""
        if text is None or isinstance(text, Sparsity):
            return text
        if isinstance(text, str) and text == "dense":
            return None
        n, colon, m = str(text).partition(":")
        if not (isinstance(text, str) and colon and n.isdecimal() and m.isdecimal()):
            raise ValueError(f"sparsity must look like 2:8 or dense, not {text!r}")
        return cls(int(n), int(m))

    def __str__(self) -> str:
        return f"{self.n}:{self.m}"

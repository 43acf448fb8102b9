"""A weight update, or a reduction of weights alone: FP32 masters become FP16 weights and their N:M copies."""

from dataclasses import dataclass

from rtl.sparsity import Sparsity
from tlm.gemm import check_names
from tlm.size import check_size


@dataclass(frozen=True)
class Update:
    """Weights (k, n): k = kernel positions x input channels, n output channels; `sparsity` of their compact copies.

    channels   input channels: consecutive rows of a kernel position
    forward    make a copy with groups along the input channels; backward: along the output channels
    momentum   momentum SGD first, and store masters and velocities; else the copies alone are made
    half       store the dense FP16 weights; None: where not both copies are made, since then a pass uses them
               (`stores_half` says which)
    Raises ValueError for sizes that are no whole numbers from 1 to 2^27, channels that do not divide k, flags that are
    no bool, copies without a pattern, and where nothing is stored.
    """

    k: int
    n: int
    channels: int
    sparsity: Sparsity | None = None
    forward: bool = False
    backward: bool = False
    momentum: bool = True
    layer: str = ""
    stage: str = "update"
    half: bool | None = None

    def __post_init__(self):
        for name in ("k", "n", "channels"):
            check_size(f"update size {name}", getattr(self, name))
        check_names("an update", self.layer, self.stage)
        for name in ("forward", "backward", "momentum", "half"):
            flag = getattr(self, name)
            if type(flag) is not bool and not (name == "half" and flag is None):
                raise ValueError(f"{name} of an update must be True or False, not {flag!r}")
        if self.k % self.channels:
            raise ValueError(f"k must be a multiple of the channels, {self.channels}, not {self.k}")
        if not isinstance(self.sparsity, Sparsity | None):
            raise ValueError(f"sparsity of an update must be a Sparsity or None, not {self.sparsity!r}")
        if (self.forward or self.backward) and self.sparsity is None:
            raise ValueError("a compact copy needs a sparsity such as 2:8, not dense")
        if not (self.momentum or self.stores_half or self.forward or self.backward):
            raise ValueError("an update must store something: give momentum, half, forward or backward")

    @property
    def stores_half(self) -> bool:
        """The dense FP16 weights are stored."""
        return not (self.forward and self.backward) if self.half is None else self.half

    @property
    def group_size(self) -> int:
        """Elements of a group, M; 1 without a pattern."""
        return self.sparsity.m if self.sparsity else 1

    @property
    def kept_per_group(self) -> int:
        """Elements kept of a group, N; 0 without a pattern."""
        return self.sparsity.n if self.sparsity else 0

    @property
    def shape(self) -> tuple[int, int, int]:
        """(m, k, n) in reports: rows and columns of the weights, and no sums between them."""
        return self.k, 0, self.n

    @property
    def macs(self) -> int:
        """Multiply-adds of the array: none."""
        return 0

    macs_skipped = macs
    count = 1

    @property
    def segment(self) -> int:
        """Rows of a kernel position as they stream by, with zeros that fill its last group."""
        return -(-self.channels // self.group_size) * self.group_size if self.forward else self.channels

    @property
    def streamed(self) -> int:
        """Rows that stream by."""
        return self.k // self.channels * self.segment

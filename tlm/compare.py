"""SAT, SIGMA and a plain systolic array on the same GEMMs, with as many multipliers, the same memory and clock."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from rtl.config import BEAT, PRESETS, Config, SatConfig
from rtl.sigma.config import PRESETS as SIGMA_PRESETS
from rtl.sigma.config import SigmaConfig
from tlm.gemm import Gemm
from tlm.mapping import Mapping
from tlm.plan import nameless
from tlm.program import schedule
from tlm.scheduler import best_mapping
from tlm.sigma.mapping import SigmaMapping
from tlm.sigma.scheduler import best_sigma_mapping
from tlm.sigma.step import densities
from tlm.systolic import systolic_cycles
from tlm.workload.gemm_list import SparseGemm

ACCELERATORS = ("sat", "sigma", "systolic")
EQUAL = ("elements", "clock_mhz", "buffer_kib", "memory_latency", "read_bytes_per_cycle", "write_bytes_per_cycle")

MARGIN = 2.0  # of zeros that come by chance (tlm/sigma/occupancy.py): cycles are then within some per cent

# As SIGMA's of that name, which is its paper's size; SAT's paper has no array as large.
PAPER = SatConfig(
    name="paper",
    rows=128,
    columns=128,
    chunk=1024,
    update_lanes=16,
    **{name: getattr(SIGMA_PRESETS["paper"], name) for name in EQUAL if name != "elements"},
)


def plain(config: SatConfig) -> SatConfig:
    """SAT with the shortest groups that its datapath can take: a systolic array needs none."""
    return config.model_copy(update=dict(largest_m=BEAT, update_lanes=min(BEAT, config.update_lanes)))


@dataclass(frozen=True)
class Setup:
    """A SAT, whose array with sparsity off is the systolic one, and a SIGMA. Raises ValueError for unequal ones."""

    sat: SatConfig
    sigma: SigmaConfig

    def __post_init__(self):
        for name in EQUAL:
            ours, theirs = (getattr(config, name) for config in (self.sat, self.sigma))
            if ours != theirs:
                raise ValueError(f"{name} must be the same to compare, not {ours} of SAT and {theirs} of SIGMA")

    def config(self, accelerator: str) -> Config:
        """That of an accelerator."""
        return {"sat": self.sat, "sigma": self.sigma, "systolic": plain(self.sat)}[accelerator]


SETUPS = {name: Setup(config, SIGMA_PRESETS[name]) for name, config in (PRESETS | {"paper": PAPER}).items()}


@dataclass(frozen=True)
class Case:
    """A GEMM, and the shares of a and b that are not zero: what N:M keeps of b is among those of b."""

    gemm: Gemm
    density_a: float = 1.0
    density_b: float = 1.0

    @classmethod
    def of(cls, row: SparseGemm) -> "Case":
        """That of a list's row."""
        return cls(Gemm(row.m, row.k, row.n, layer=row.layer), row.density_a, row.density_b)

    @classmethod
    def trained(cls, gemm: Gemm) -> "Case":
        """That of a training step, whose activations and gradients are dense."""
        return cls(gemm, *densities(gemm))

    @property
    def useful(self) -> float:
        """Products of two values that are not zero, where zeros are spread evenly."""
        gemm = self.gemm
        return gemm.count * gemm.m * gemm.k * gemm.n * self.density_a * self.density_b


@dataclass(frozen=True)
class Taken:
    """What GEMMs take of an accelerator: clock cycles, useful products, and bytes read and written off-chip.

    steps, loads, stores  cycles in which the multipliers, the read channel and the write channel are in use
    formula  of the systolic array, cycles by the formula for a TPU's, which counts no memory; else None
    mapping  of a single GEMM: which operand stays, sizes of tiles or blocks, and their order
    """

    config: Config
    cycles: int
    useful: float
    bytes: float
    steps: int
    loads: int
    stores: int
    formula: int | None = None
    mapping: Mapping | SigmaMapping | None = None

    @property
    def utilisation(self) -> float:
        """Useful products in cycles x multipliers."""
        return self.useful / (self.cycles * self.config.elements)

    @property
    def bound(self) -> str:
        """What takes most of the cycles: steps, loads or stores; or latency, where none takes two thirds of them."""
        longest = max(("steps", "loads", "stores"), key=lambda name: getattr(self, name))
        return longest if 3 * getattr(self, longest) > 2 * self.cycles else "latency"

    @property
    def tflops(self) -> float:
        """Effective TFLOP/s: a useful product and its addition are two operations."""
        return 2 * self.useful / self.cycles * self.config.clock_mhz * 1e6 / 1e12

    def __add__(self, other: "Taken") -> "Taken":
        """Both one after the other."""
        both = {
            name: getattr(self, name) + getattr(other, name)
            for name in ("cycles", "useful", "bytes", "steps", "loads", "stores")
        }
        return Taken(self.config, **both, formula=None if self.formula is None else self.formula + other.formula)


def compare(cases: Iterable[Case], setup: Setup) -> dict[str, Taken]:
    """What each accelerator takes for all of the cases, one after another, each mapped for the fewest cycles.

    SAT skips what N:M leaves out of b, SIGMA zeros of both, the systolic array nothing. Raises ValueError for no cases.
    """
    total: dict[str, Taken] = {}
    for case in cases:
        for name in ACCELERATORS:
            one = taken(case, setup, name)
            total[name] = total[name] + one if name in total else one
    if not total:
        raise ValueError("there must be at least one GEMM to compare")
    return total


def taken(case: Case, setup: Setup, accelerator: str) -> Taken:
    """What one of them takes for a case."""
    nameless_gemm, sources = nameless(case.gemm)
    return _taken(replace(case, gemm=nameless_gemm), sources, setup, accelerator)


@lru_cache(maxsize=8192)  # the layers of a network are alike, and methods share GEMMs
def _taken(case: Case, _sources: tuple, setup: Setup, accelerator: str) -> Taken:
    """Cases that differ in their GEMM's sources alone are equal, but take other cycles."""
    gemm, config, formula = case.gemm, setup.config(accelerator), None
    if accelerator == "sigma":
        program, cycles = best_sigma_mapping(
            gemm, config, (case.density_a, case.density_b), margin=0.0 if gemm.sparsity else MARGIN
        )
    else:
        if accelerator == "systolic":
            gemm = replace(gemm, sparsity=None)
            formula = (
                gemm.count
                * systolic_cycles(m=gemm.m, n=gemm.n, k=gemm.k, rows=config.rows, columns=config.columns).cycles
            )
        mapping, cycles = best_mapping(gemm, config)
        program = schedule(gemm, config, mapping)
    runs = program.runs()
    stores = runs.total(lambda tile: program.write_cycles(tile) if tile.last else 0)
    return Taken(
        config,
        cycles,
        case.useful,
        sum(program.bytes_moved),
        runs.total(program.steps),
        runs.total(program.read_cycles),
        stores,
        formula,
        program.mapping,
    )

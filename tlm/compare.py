"""The same GEMMs on every accelerator of the table, with as many multipliers, the same memory and clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Self

from rtl.config import Config
from tlm.accelerator import Accelerator
from tlm.accelerators import TABLE, accelerator, configuration
from tlm.gemm import Gemm, check_density
from tlm.work import nameless
from tlm.workload.gemm_list import SparseGemm

# Fields that are equal in a comparison, so that the accelerator alone makes the difference.
EQUAL = ("elements", "clock_mhz", "buffer_kib", "memory_latency", "read_bytes_per_cycle", "write_bytes_per_cycle")


@dataclass(frozen=True)
class Setup:
    """A configuration of each accelerator that is compared, by its name.

    Raises ValueError for no or unequal ones, and for one that is not that accelerator's.
    """

    configs: Mapping[str, Config]

    def __post_init__(self):
        if not isinstance(self.configs, Mapping):
            raise ValueError(f"configs must be a mapping, by accelerators' names, not a {type(self.configs).__name__}")
        for name, one in self.configs.items():
            if not isinstance(one, Config):
                raise ValueError(f"the configuration of {name} must be a Config, not {one!r}")
        if not self.configs:
            raise ValueError("there must be at least one accelerator to compare")
        (first, config), *others = ((name, configuration(one, name)) for name, one in self.configs.items())
        for name, other in others:
            for field in EQUAL:
                if (ours := getattr(config, field)) != (theirs := getattr(other, field)):
                    raise ValueError(
                        f"{field} must be the same to compare, not {ours} of {accelerator(first).title} "
                        f"and {theirs} of {accelerator(name).title}"
                    )


def setups() -> dict[str, Setup]:
    """By its name each setup for which at least two accelerators of the table have a configuration.

    A configuration that differs in EQUAL from the first one of that name is of another size, and left out.
    """
    comparable = {name: row.presets if row.comparable is None else row.comparable for name, row in TABLE.items()}
    found: dict[str, dict[str, Config]] = {}
    for accelerator_name, configs in comparable.items():
        for name, config in configs.items():
            same = found.setdefault(name, {})
            first = next(iter(same.values()), config)
            if all(getattr(first, field) == getattr(config, field) for field in EQUAL):
                same[accelerator_name] = config
    return {name: Setup(configs) for name, configs in found.items() if len(configs) > 1}


@dataclass(frozen=True)
class Case:
    """A GEMM and the densities of a and b: shares of their values that are not zero, of b after N:M pruning."""

    gemm: Gemm
    density_a: float = 1.0
    density_b: float = 1.0

    def __post_init__(self):
        if not isinstance(self.gemm, Gemm):
            raise ValueError(f"a case must be of a Gemm, not of a {type(self.gemm).__name__}")
        for name in ("density_a", "density_b"):
            check_density(name, getattr(self, name))

    @classmethod
    def of(cls, row: SparseGemm) -> Self:
        """The case of a list's row."""
        return cls(Gemm(row.m, row.k, row.n, layer=row.layer), row.density_a, row.density_b)

    @classmethod
    def trained(cls, gemm: Gemm) -> Self:
        """The case of a GEMM of a training step, whose activations and gradients are dense."""
        return cls(gemm, *gemm.densities)

    @property
    def useful(self) -> float:
        """Products of two values that are not zero, where zeros are spread evenly."""
        gemm = self.gemm
        return gemm.count * gemm.m * gemm.k * gemm.n * self.density_a * self.density_b


@dataclass(frozen=True)
class GemmCost:
    """The cost of GEMMs on an accelerator: clock cycles, useful products, and bytes read and written off-chip.

    steps, loads, stores  cycles in which the multipliers, the read channel and the write channel are in use
    formula  cycles by the accelerator's other formula, where comparisons show it; else None
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
    mapping: Any = None

    @property
    def utilisation(self) -> float:
        """Useful products in cycles x multipliers."""
        return self.useful / (self.cycles * self.config.elements)

    @property
    def bound(self) -> str:
        """The largest part of the cycles: steps, loads or stores; or latency, where none takes two thirds of them."""
        longest = max(("steps", "loads", "stores"), key=lambda name: getattr(self, name))
        return longest if 3 * getattr(self, longest) > 2 * self.cycles else "latency"

    @property
    def tflops(self) -> float:
        """Effective TFLOP/s: a useful product and its addition are two operations."""
        return 2 * self.useful / self.cycles * self.config.clock_mhz * 1e6 / 1e12

    def __add__(self, other: "GemmCost") -> "GemmCost":
        """The cost of both, one after the other."""
        names = ("cycles", "useful", "bytes", "steps", "loads", "stores")
        both = {name: getattr(self, name) + getattr(other, name) for name in names}
        formula = None if self.formula is None or other.formula is None else self.formula + other.formula
        return GemmCost(self.config, **both, formula=formula)


def compare(cases: Iterable[Case], setup: Setup) -> dict[str, GemmCost]:
    """The cost on each accelerator of all of the cases, one after another, each mapped for the fewest cycles.

    Each skips the zeros that it can: see the accelerators' rows. Raises ValueError for no cases.
    """
    if not isinstance(setup, Setup):
        raise ValueError(f"a comparison must be by a Setup, as `setups` has them, not by a {type(setup).__name__}")
    total: dict[str, GemmCost] = {}
    for case in cases:
        if not isinstance(case, Case):
            raise ValueError(f"a Case is compared, not a {type(case).__name__}")
        for name, config in setup.configs.items():
            one = cost_of(case, name, config)
            total[name] = total[name] + one if name in total else one
    if not total:
        raise ValueError("there must be at least one GEMM to compare")
    return total


def cost_of(case: Case, name: str, config: Config) -> GemmCost:
    """The cost of a case on a configuration of the accelerator of that name."""
    return _cost_of(replace(case, gemm=nameless(case.gemm)), accelerator(name), config)


@lru_cache(maxsize=8192)  # the layers of a network are alike, and methods share GEMMs
def _cost_of(case: Case, row: Accelerator, config: Config) -> GemmCost:
    gemm = row.gemm_of(case.gemm)
    # Zeros of an N:M pattern are where it says; others fall by chance.
    densities = case.density_a, case.density_b
    program, cycles = row.best(gemm, config, densities=densities, by_chance=not case.gemm.sparsity)
    repeats = program.repeats()
    return GemmCost(
        config,
        cycles,
        case.useful,
        sum(program.bytes_moved),
        steps=repeats.total(program.steps),
        loads=repeats.total(program.read_cycles),
        stores=repeats.total(lambda tile: program.write_cycles(tile) if tile.last else 0),
        formula=row.formula.cycles(program) if row.formula and row.formula.compared else None,
        mapping=program.mapping,
    )

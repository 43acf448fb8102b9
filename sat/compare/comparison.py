"""One line of a comparison: GEMMs, and their cost on each accelerator."""

from dataclasses import asdict, dataclass, field, is_dataclass
from typing import Any

from tlm.accelerators import accelerator
from tlm.compare import GemmCost


@dataclass(frozen=True)
class Comparison:
    """A GEMM or the GEMMs of a training step, and their cost on each accelerator.

    case, variant     its name, and the method or densities: a row and a column of the heat map
    described         the same as data; a single GEMM has a 'layer'
    costs             accelerator's name -> cost
    published         cycles by published formulas: hardware's name -> cycles
    published_gains   heading of a heat map -> ratio of two of them
    """

    case: str
    variant: str
    described: dict[str, Any]
    costs: dict[str, GemmCost]
    published: dict[str, int] = field(default_factory=dict)
    published_gains: dict[str, float] = field(default_factory=dict)

    @property
    def challengers(self) -> list[str]:
        """The names of the accelerators that the others are compared with."""
        return [name for name in self.costs if accelerator(name).challenger]

    @property
    def fastest(self) -> str:
        """The name of the accelerator with the fewest cycles, of equal ones the first."""
        return min(self.costs, key=lambda name: self.costs[name].cycles)

    def gains(self, challenger: str) -> dict[str, float]:
        """How many times as fast a challenger is as each of the others: their cycles / its own."""
        own = self.costs[challenger].cycles
        return {name: cost.cycles / own for name, cost in self.costs.items() if name != challenger}

    @property
    def panels(self) -> dict[str, float]:
        """The gains of all challengers, by the headings of the heat map, and the published ones."""
        own = {
            f"{accelerator(challenger).title} against {name}": gain
            for challenger in self.challengers
            for name, gain in self.gains(challenger).items()
        }
        return own | self.published_gains

    def as_data(self) -> dict[str, Any]:
        """The line for --json (sat.compare.keys)."""
        published = dict(published=self.published) if self.published else {}
        gains = {f"{name}_gain": self.gains(name) for name in self.challengers}
        return self.described | {name: self._cost_data(cost) for name, cost in self.costs.items()} | published | gains

    def _cost_data(self, cost: GemmCost) -> dict[str, Any]:
        single = "layer" in self.described and cost.mapping is not None
        return dict(
            cycles=cost.cycles,
            utilisation=cost.utilisation,
            tflops=cost.tflops,
            bytes=round(cost.bytes),
            steps=cost.steps,
            loads=cost.loads,
            stores=cost.stores,
            bound=cost.bound,
            **(dict(mapping=_mapping_data(cost.mapping)) if single else {}),
            **(dict(formula_cycles=cost.formula) if cost.formula is not None else {}),
        )


def _mapping_data(mapping: Any) -> Any:
    """A mapping as data; one that is no dataclass in words."""
    return asdict(mapping) if is_dataclass(mapping) and not isinstance(mapping, type) else str(mapping)

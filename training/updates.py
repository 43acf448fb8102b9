"""The weight updates of a converted module's layers, on the layers' engines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from cosim import Engine, Weights
from rtl.golden import Rates
from tlm import Program
from tlm.accelerator import StepPlan
from tlm.workload.lowering import turned
from training.hooks import conversions
from training.products import Use


@dataclass(frozen=True)
class _Schedule:
    """The programs of one parameter: of each part of its columns the update, and the reductions that make its copies
    before use.

    engine, plan, readings  those for which they were made; the readings are what stages read of weights
    """

    engine: Engine
    plan: StepPlan | None
    readings: frozenset[str]
    parts: Sequence[Sequence[Program]]

    def holds(self, engine: Engine, plan: StepPlan | None, readings: frozenset[str]) -> bool:
        """Whether the programs are those of this engine, plan and readings; else they must be made anew."""
        return self.engine is engine and self.plan is plan and self.readings == readings


class Updates:
    """The updates of a converted module's layers, each on the engine that the module has at the time.

    They make the copies that the stages read which have run so far. A parameter that no layer has as a whole, as its
    weight or bias, is the host's. One that several have is updated as the first of them has it.
    """

    def __init__(self, module: nn.Module):
        self._conversions = conversions(module)
        self._schedules: dict[Tensor, _Schedule] = {}

    def __contains__(self, parameter: Tensor) -> bool:
        """Whether the parameter is updated by its layer's engine; else the host updates it.

        The host does so where the accelerator has no updates, and where the engine is the reference: that reads master
        weights, and would make copies for nobody.
        """
        uses = self._uses(parameter)
        return bool(uses) and uses[0].offload.copies_needed

    def _uses(self, parameter: Tensor) -> list[Use]:
        return [use for of in self._conversions for use in of.uses.get(parameter, {}).values()]

    @torch.no_grad()
    def run(self, parameter: nn.Parameter, velocity: Tensor, rates: Rates) -> None:
        """Update the parameter and its velocity, in place, from its gradient. Raises ValueError if it has none."""
        use, *_ = uses = self._uses(parameter)
        schedule = self._scheduled(parameter, uses)
        tensors = parameter, velocity, gradient_of(parameter)
        columns = (np.split(use.matrix(tensor), len(schedule.parts), axis=1) for tensor in tensors)
        found = [
            self._run(schedule.engine, programs, Weights(_own(w), _own(v), _own(g), rates))
            for programs, w, v, g in zip(schedule.parts, *columns, strict=True)
        ]
        for tensor, parts in zip((parameter, velocity), zip(*found, strict=True), strict=True):
            tensor.copy_(use.of_matrix(np.concatenate(parts, axis=1), tensor.shape))

    def _run(self, engine: Engine, programs: Sequence[Program], old: Weights) -> tuple[np.ndarray, np.ndarray]:
        """New weights and velocities (K, N)."""
        update, *reductions = programs
        updated, _ = engine.run(update, old)
        for reduction in reductions:
            engine.run(reduction, Weights(updated.weights))
        return updated.weights, updated.velocities

    def _scheduled(self, parameter: nn.Parameter, uses: Sequence[Use]) -> _Schedule:
        """The same programs in each step, whose costs an engine then knows, until there is reason for others."""
        use, *_ = uses
        engine, plan = use.offload.engine, use.offload.plan
        readings = frozenset(reading for one in uses for reading in _readings(one, use))
        schedule = self._schedules.get(parameter)
        if schedule is None or not schedule.holds(engine, plan, readings):
            wholes = [use.lowering.bias_update()] if parameter.dim() == 1 else use.lowering.updates(readings)
            parts = [plan.parts(whole) if plan else [whole] for whole in wholes]
            programs = [[engine.schedule_update(part) for part in of_whole] for of_whole in parts]
            schedule = self._schedules[parameter] = _Schedule(engine, plan, readings, programs)
        return schedule


def gradient_of(parameter: Tensor) -> Tensor:
    """The parameter's gradient. Raises ValueError for a parameter without one."""
    if parameter.grad is None:
        raise ValueError(f"a parameter of shape {tuple(parameter.shape)} has no gradient, and so no update")
    return parameter.grad


def _readings(use: Use, first: Use) -> Iterator[str]:
    """What the stages that have run read of a weight, as its first use has it."""
    for stage in {"ff", "bp"} & use.offload.stages:
        reading = use.lowering.reading(stage)
        yield reading if use.turned == first.turned else turned(reading)


def _own(columns: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(columns)

"""The weight updates of a converted module's layers, on the layers' engines."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from cosim import Engine, Weights
from rtl.golden import Rates
from tlm import Program, Update
from tlm.accelerator import StepPlan
from tlm.workload.lowering import Geometry, Lowering
from tlm.workload.methods import STAGES
from tlm.workload.window import Window
from training.conversion import offloaded
from training.layers import SatConv2d, SatLinear, SatMatMul
from training.precision import to_numpy


@dataclass(frozen=True)
class _Schedule:
    """The programs of one parameter: its update, and the reductions that make its weights' copies before use.

    engine, plan, stages  those for which they were made; the stages read the copies
    """

    engine: Engine
    plan: StepPlan | None
    stages: frozenset[str]
    programs: Sequence[Program]

    def holds(self, engine: Engine, plan: StepPlan | None, stages: frozenset[str]) -> bool:
        """Whether the programs are those of this engine, plan and stages; else they must be made anew."""
        return self.engine is engine and self.plan is plan and self.stages == stages


class Updates:
    """The updates of a converted module's layers, each on the engine that the layer has at the time.

    They make the copies that the stages read which have run so far, or those of all stages where none has.
    """

    def __init__(self, module: nn.Module):
        self._layers: dict[Tensor, list[SatLinear | SatConv2d]] = {}
        self._schedules: dict[Tensor, _Schedule] = {}
        for layer in offloaded(module):
            for parameter in layer.parameters(recurse=False):
                if parameter.requires_grad and not isinstance(layer, SatMatMul):
                    self._layers.setdefault(parameter, []).append(layer)

    def __contains__(self, parameter: Tensor) -> bool:
        """Whether the parameter is updated by its layer's engine; else the host updates it.

        The host does so where the accelerator has no updates, and where the engine is the reference: that reads master
        weights, and would make copies for nobody.
        """
        if parameter not in self._layers:
            return False
        engine = self._layers[parameter][0].offload.engine
        return engine.updates and not engine.is_reference

    @torch.no_grad()
    def run(self, parameter: nn.Parameter, velocity: Tensor, rates: Rates) -> None:
        """Update the parameter and its velocity, in place, from its gradient. Raises ValueError if it has none."""
        schedule = self._scheduled(parameter)
        engine, (update, *reductions) = schedule.engine, schedule.programs
        rows, _, columns = update.work.shape
        weights, velocities, gradients = (
            np.ascontiguousarray(_matrix(tensor)).reshape(rows, columns)
            for tensor in (parameter, velocity, gradient_of(parameter))
        )
        updated, _ = engine.run(update, Weights(weights, velocities, gradients, rates))
        for reduction in reductions:
            engine.run(reduction, Weights(updated.weights))
        for tensor, new in ((parameter, updated.weights), (velocity, updated.velocities)):
            tensor.copy_(torch.from_numpy(_of_shape(new, tensor.shape)))

    def _scheduled(self, parameter: nn.Parameter) -> _Schedule:
        """The same programs in each step, whose costs an engine then knows, until there is reason for others."""
        layer, *_ = sharing = self._layers[parameter]
        engine, plan = layer.offload.engine, layer.offload.plan
        stages = frozenset().union(*(one.offload.stages for one in sharing)) or frozenset(STAGES)
        schedule = self._schedules.get(parameter)
        if schedule is None or not schedule.holds(engine, plan, stages):
            whole = _update(layer, parameter, stages)
            parts = plan.parts(whole) if plan else [whole]
            schedule = _Schedule(engine, plan, stages, [engine.schedule_update(part) for part in parts])
            self._schedules[parameter] = schedule
        return schedule


def gradient_of(parameter: Tensor) -> Tensor:
    """The parameter's gradient. Raises ValueError for a parameter without one."""
    if parameter.grad is None:
        raise ValueError(f"a parameter of shape {tuple(parameter.shape)} has no gradient, and so no update")
    return parameter.grad


def _update(layer: SatLinear | SatConv2d, parameter: nn.Parameter, stages: frozenset[str]) -> Update:
    """The update of a layer's weight or bias. A size of one image does not matter to it."""
    positions, inputs, outputs = _matrix(layer.weight).shape
    window = Window((positions, 1))
    lowering = Lowering(
        layer.offload.layer,
        layer.offload.scheme.of_layer(layer.offload.layer),
        Geometry(1, positions, 1, inputs, outputs, window),
    )
    return lowering.update(stages) if parameter is layer.weight else lowering.bias_update()


def _matrix(parameter: Tensor) -> np.ndarray:
    """(kernel positions, Ci, Co) of a weight, (1, 1, Co) of a bias."""
    values = to_numpy(parameter)
    if values.ndim == 1:
        return values[None, None]
    if values.ndim == 2:
        return values.T[None]
    return values.transpose(2, 3, 1, 0).reshape(-1, *values.shape[1::-1])


def _of_shape(matrix: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(positions x Ci, Co) as a parameter (Co, Ci, Kh, Kw), (Co, Ci) or (Co,): the inverse of _matrix."""
    if len(shape) < 3:
        return matrix.T.reshape(shape)
    outputs, inputs, *kernel = shape
    return matrix.reshape(*kernel, inputs, outputs).transpose(3, 2, 0, 1)

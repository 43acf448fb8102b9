"""The options that commands share, as panels of --help. A command with other defaults has a panel that extends one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import typer

from sat import accelerators, options, planning
from sat.columns import Column, asked_for
from sat.commands import Panel
from tlm.accelerators import DEFAULT
from tlm.workload.methods import Scheme

NETWORK, DATA, METHOD, HARDWARE, OUTPUT = "Network", "Data", "Method", "Hardware", "Output"  # titles


@dataclass(frozen=True)
class Network(Panel):
    """The network whose training step is costed."""

    TITLE = NETWORK
    model: options.Model = "cnn"
    image: options.Image = None
    classes: options.Classes = None
    width: options.Width = 1.0
    topology: options.Topology = None
    onnx: options.Onnx = None
    module: options.Module = None
    input: options.Input = field(default_factory=list)
    host: options.Host = field(default_factory=list)
    batch: options.Batch = 32
    stage: options.Stage = None


@dataclass(frozen=True)
class TrainedNetwork(Panel):
    """The network that is trained."""

    TITLE = NETWORK
    model: options.Model = "cnn"
    width: options.Width = 1.0


@dataclass(frozen=True)
class Data(Panel):
    """What it is trained on."""

    TITLE = DATA
    data: options.Data = "digits"
    data_path: options.DataPath = None
    image: options.DataImage = None
    batch: options.Batch = 32


@dataclass(frozen=True)
class Pruning(Panel):
    """How a method prunes."""

    TITLE = METHOD
    sparsity: options.Patterns = field(default_factory=lambda: [options.USUAL])
    dense: options.Dense = None
    decay: options.Decay = None
    rescale: options.Rescale = False


@dataclass(frozen=True)
class Method(Pruning):
    """The method of training, and how it prunes."""

    method: options.Method = "bdwp"

    def scheme(self, model: str | None) -> Scheme:
        """The scheme that the options ask for (sat.options.scheme).

        model  the network whose own choice of dense layers holds where none is given
        """
        return options.scheme(self.method, self.sparsity, model, self.dense, self.decay, self.rescale)


@dataclass(frozen=True)
class DefaultHardware(Panel):
    """The configuration of the default accelerator, where there is no other."""

    TITLE = HARDWARE
    config: options.ConfigOfDefault = "vcu1525"


@dataclass(frozen=True)
class Hardware(Panel):
    """An accelerator, and its configuration."""

    TITLE = HARDWARE
    accelerator: accelerators.Name = DEFAULT
    config: options.Config = "vcu1525"


@dataclass(frozen=True)
class ScheduledHardware(Hardware):
    """An accelerator, and how work is laid on it."""

    dataflow: planning.Dataflow = planning.SCHEDULED
    plan: planning.PlanFile = None


@dataclass(frozen=True)
class Output(Panel):
    """What is shown, and where the data go."""

    TITLE = OUTPUT
    columns: options.Columns = None
    json: options.Json = None

    def asked(self, *tables: Sequence[Column]) -> tuple[str, ...]:
        """The keys of the columns that are asked for (sat.columns.asked_for)."""
        return asked_for(self.columns, *tables)


@dataclass(frozen=True)
class SeededOutput(Output):
    """The same with a seed, which changes nothing."""

    seed: Annotated[
        int,
        typer.Option(min=0, max=options.LARGEST_SEED, help="Echoed in --json: cycles do not depend on values."),
    ] = 0

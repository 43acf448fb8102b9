"""`sat cycles paper`: the paper's five networks, dense and BDWP 2:8, beside its own figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from rtl.config import Config
from sat import options, terminal
from sat.columns import Column, counted, named, shared, show, timed
from sat.planning import plan_for
from sat.report import ON_HOST
from tlm.accelerators import accelerator_of
from tlm.workload.methods import Scheme
from tlm.workload.networks import NETWORKS, layers
from tlm.workload.step import calls_of, whole_step

FIVE = ("resnet9", "vit", "vgg19", "resnet18", "resnet50")
METHOD, PATTERN = "bdwp", "2:8"
PAPERS = dict(speedup=1.75, ops_removed=0.48)  # arXiv 2309.13015: averages over its five networks

COLUMNS = [
    named("name", "the network"),
    Column("image", "height and width of its images", 2),
    Column("classes", "its outputs", 2),
    counted("dense_cycles", "clock cycles of a training step with method dense", 1),
    counted("cycles", f"clock cycles of a training step with {METHOD} {PATTERN}"),
    shared("ops_removed", "multiply-adds that pruning removes, of those of the dense step"),
    timed("speedup", "dense_cycles / cycles"),
]


@dataclass(frozen=True)
class Line:
    """One network's step: its cycles, dense and pruned, and the share of multiply-adds that pruning removes."""

    name: str
    image: int
    classes: int
    dense_cycles: int
    cycles: int
    ops_removed: float

    @property
    def speedup(self) -> float:
        """Dense cycles / cycles."""
        return self.dense_cycles / self.cycles

    def as_data(self) -> dict[str, Any]:
        """The line for --json (COLUMNS)."""
        return dict(vars(self), speedup=self.speedup)


def lines(batch: int, config: Config) -> list[Line]:
    """Every network's line. Raises ValueError for a configuration that does not take the pattern."""
    return [_line(name, batch, config) for name in FIVE]


def _line(name: str, batch: int, config: Config) -> Line:
    network, calls = NETWORKS[name], calls_of(layers(name), batch)
    steps = [whole_step(calls, scheme) for scheme in (Scheme(), options.scheme(METHOD, PATTERN, name))]
    dense, pruned = (sum(one.macs for one in step) for step in steps)
    dense_cycles, cycles = (plan_for(step, config).cycles for step in steps)
    return Line(name, network.image, network.classes, dense_cycles, cycles, 1 - pruned / dense)


def assumptions(batch: int, config: Config) -> list[str]:
    """The assumptions of the figures. The paper leaves most of them open; none was chosen to meet its figures."""
    dense = ", ".join(f"{name}'s {' '.join(NETWORKS[name].dense)}" for name in FIVE)
    return [
        f"batch {batch} for every network; the paper's are not known",
        "networks, images and classes as listed: ResNet9 and ViT for CIFAR-10, VGG19 for CIFAR-100, ResNet18 for Tiny "
        "ImageNet, ResNet50 for ImageNet; which ResNet9 and which ViT the paper took is not known",
        f"dense in both: the weight gradients; layers with fewer than 8 channels, so first convolutions; {dense}; "
        "attention's products",
        f"{config.name}: {accelerator_of(config).array(config)}, {config.clock_mhz:g} MHz; "
        f"reads {config.read_bytes_per_cycle:g} and writes {config.write_bytes_per_cycle:g} "
        f"bytes a cycle, {config.memory_latency} cycles latency, {config.buffer_kib} KiB operand buffer",
        "each GEMM's dataflow, tiles and order, and where copies are made, take the fewest cycles, dense and pruned",
        "GEMMs and updates follow each other without overlap, loads run one tile ahead; the updates are in the cycles",
        "speed-ups and removed operations are of 100 % of the networks' multiply-adds: none of them is the host's",
        f"not in the cycles, dense or pruned: {', '.join(ON_HOST)}",
    ]


def run(console: Console, batch: int, config: Config, json_file: Path | None, asked: Sequence[str] = ()) -> None:
    """Print the table with its assumptions, and write the same as data."""
    with terminal.spinner("scheduling five networks"):
        found = lines(batch, config)
    mean = {key: sum(getattr(line, key) for line in found) / len(found) for key in PAPERS}
    terminal.write_json(json_file, as_data(found, mean, batch, config))
    heading = f"{METHOD} {PATTERN} against dense training on {config.name}, a step of batch {batch}"
    _print_table(console, found, mean, heading, asked)
    console.print("assumed:")
    for text in assumptions(batch, config):
        console.print(f"- {text}")


def _print_table(
    console: Console, found: list[Line], mean: dict[str, float], heading: str, asked: Sequence[str]
) -> None:
    """A row for each network, their mean, and the paper's figures."""
    foot = [dict(of, name=name) for name, of in (("mean", mean), ("the paper", PAPERS))]
    show(console, heading, COLUMNS, [line.as_data() for line in found], foot, asked)


def as_data(found: list[Line], mean: dict[str, float], batch: int, config: Config) -> dict[str, Any]:
    """The lines, their mean and the assumptions as data."""
    return dict(
        networks=[line.as_data() for line in found],
        mean_speedup=mean["speedup"],
        mean_ops_removed=mean["ops_removed"],
        paper=PAPERS,
        method=METHOD,
        sparsity=PATTERN,
        batch=batch,
        config=config.model_dump(),
        assumptions=assumptions(batch, config),
    )

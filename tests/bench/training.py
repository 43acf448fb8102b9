"""What training costs beside the same loop in plain PyTorch, and how long a network of full size takes to be costed."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy

import cosim
from tests.bench.measure import CheckFailed, Row, best, interleaved, timed
from tlm.workload.methods import METHODS
from training import Settings, Trainer, digits, models

ROOT = Path(__file__).resolve().parents[2]
STEPS, SPEED = 30, 0.7  # steps of a turn; the share of plain PyTorch's speed to reach
NETWORK = ("--model", "resnet50", "--image", "224", "--batch", "64", "--method", "bdwp")
SECONDS, MEGABYTES = 2.0, 1024
TELLING = """
import atexit, re, runpy, sys
atexit.register(lambda: print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1], file=sys.stderr))
sys.argv[1:1] = ["cycles"]
runpy.run_module("sat", run_name="__main__")
"""


def training_rows(seed: int, quick: bool) -> Iterator[Row]:
    """Steps a second of the digits CNN by each method, in those of PyTorch in float32 with its own SGD."""
    data, settings = digits(seed), Settings(seed=seed)
    x, y = next(data.batches(settings.batch, seed))
    trainers = {name: Trainer("cnn", data, cosim.engine("functional"), name, "2:8", settings) for name in METHODS}
    calls = {name: _repeated(lambda trainer=trainer: trainer.step(x, y)) for name, trainer in trainers.items()}
    times = interleaved(2 if quick else 15, warm=True, plain=_repeated(_plain(x, y, settings)), **calls)
    plain = best(times["plain"]).wall
    for name in METHODS:
        ours = best(times[name]).wall
        row = f"training the digits CNN, {name}, batch {settings.batch}, threads: {torch.get_num_threads()}"
        yield Row(
            row,
            f"{STEPS / ours:.0f} steps/s = {plain / ours:.2f}x plain PyTorch in float32",
            plain / ours,
            f">= {SPEED}x",
            plain >= SPEED * ours,
        )


def _repeated(step: Callable[[], object]) -> Callable[[], None]:
    def turn() -> None:
        for _ in range(STEPS):
            step()

    return turn


def _plain(x: torch.Tensor, y: torch.Tensor, settings: Settings) -> Callable[[], float]:
    module = models.build("cnn", settings.seed)
    optimizer = torch.optim.SGD(module.parameters(), settings.lr, settings.momentum, weight_decay=settings.weight_decay)

    def step() -> float:
        optimizer.zero_grad()
        loss = cross_entropy(module(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def costing_rows(quick: bool) -> Iterator[Row]:
    """Seconds and memory of `sat cycles` for a whole step of ResNet50, from the command line to its end."""
    runs = [timed(_cost) for _ in range(1 if quick else 3)]
    seconds, megabytes = best([times for _, times in runs]).wall, max(peak for peak, _ in runs)
    what = f"sat cycles {' '.join(NETWORK)}"
    yield Row(f"{what}, time", f"{seconds:.2f} s", seconds, f"< {SECONDS:g} s", seconds < SECONDS)
    yield Row(f"{what}, memory", f"at most {megabytes:.0f} MB", megabytes, f"< {MEGABYTES} MB", megabytes < MEGABYTES)


def _cost() -> float:
    """Run the command and return its peak of memory in MB, which it tells itself.

    What a parent is told of its children starts with the parent's own memory, which a child has until it runs its
    program.
    """
    done = subprocess.run([sys.executable, "-c", TELLING, *NETWORK], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise CheckFailed(f"sat cycles failed: {done.stderr.strip()}")
    return int(done.stderr.split()[-1]) / 1024

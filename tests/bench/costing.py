"""How long a network of full size takes to be costed, from the command line to its end, and how long `sat` to start."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import TELLS_PEAK, CheckFailed, Row, best, interleaved

ROOT = Path(__file__).resolve().parents[2]
NETWORK = ("--model", "resnet50", "--image", "224", "--batch", "64", "--method", "bdwp")
MEGABYTES = 1024
TELLING = f"{TELLS_PEAK}import runpy\nsys.argv[1:1] = ['cycles']\nrunpy.run_module('sat', run_name='__main__')\n"
PYTORCH = ("-c", "import torch")  # what a command would load that looks at a network's layers with it
LIBRARIES = ("-c", "import numpy, pydantic.main, rich.table, typer.main")  # what every command of the model loads


def costing_rows(quick: bool) -> Iterator[Row]:
    """Time and memory of `sat cycles` for a whole step of ResNet50, and the time of `sat --help`: beside what Python
    takes to load PyTorch, and to load the libraries that the model stands on."""
    peaks: list[float] = []
    times = interleaved(
        2 if quick else 5,
        cycles=lambda: peaks.append(_cost()),
        pytorch=lambda: _run(*PYTORCH),
        help=lambda: _run("-m", "sat", "--help"),
        libraries=lambda: _run(*LIBRARIES),
    )
    seconds = {name: best(taken).wall for name, taken in times.items()}
    command = f"sat cycles {' '.join(NETWORK)}"
    for what, name, beside, most in ((command, "cycles", "pytorch", 1.0), ("sat --help", "help", "libraries", 3.0)):
        ratio = seconds[name] / seconds[beside]
        text = f"{seconds[name]:.2f} s = {ratio:.2f}x loading {'PyTorch' if beside == 'pytorch' else 'its libraries'}"
        yield Row(f"{what}, time", text, ratio, f"< {most:g}x", ratio < most, dict(seconds=seconds))
    most = max(peaks)
    yield Row(f"{command}, memory", f"at most {most:.0f} MB", most, f"< {MEGABYTES} MB", most < MEGABYTES)


def _run(*words: str) -> str:
    """What Python with these words says on standard error."""
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise CheckFailed(f"python {' '.join(words)} failed: {done.stderr.strip()}")
    return done.stderr


def _cost() -> float:
    """Run the command and return its peak of memory in MB, which it tells itself."""
    return int(_run("-c", TELLING, *NETWORK).split()[-1]) / 1024

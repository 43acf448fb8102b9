"""SCALE-Sim in an environment of its own: how it is installed, told what to do, and read."""

import os
import subprocess
import venv
from pathlib import Path

from tests.bench.measure import CheckFailed

VERSION = "3.0.0"
# It makes an int of an array with one element, which NumPy 2.4 refuses.
REQUIREMENTS = (f"scalesim=={VERSION}", "numpy<2.4")
DRIVER = """
from scalesim.scale_sim import scalesim
config, topology, layout, folder = sys.argv[1:]
scalesim(True, False, config, topology, layout, True).run_scale(folder)  # no traces, no progress; GEMMs
"""
RUN, REPORT = "run", "COMPUTE_REPORT.csv"
LAYOUT = "Layer,\n"  # of no layer: it is read whether it is used or not


class NotInstalled(RuntimeError):
    """SCALE-Sim cannot be installed."""


def alone() -> dict[str, str]:
    """The variables of a process that must not see this one's packages."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def installed(folder: Path) -> Path:
    """The Python of the environment in the folder, made if it is not there. Raises NotInstalled."""
    python = folder / "bin" / "python"
    check = f"from importlib.metadata import version; assert version('scalesim') == '{VERSION}'"
    if python.exists() and not _called(python, "-c", check).returncode:
        return python
    venv.create(folder, clear=True, with_pip=True)
    done = _called(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *REQUIREMENTS)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [
            f"pip ended {done.returncode}"
        ]
        raise NotInstalled(f"{' and '.join(REQUIREMENTS)} cannot be installed: {said[-1]}")
    return python


def configuration(rows: int, columns: int, dataflow: str) -> str:
    """Its configuration of an array. CALC: the memory brings whatever is asked for in time, and nothing stalls."""
    sections = {
        "general": dict(run_name=RUN),
        "architecture_presets": dict(
            ArrayHeight=rows,
            ArrayWidth=columns,
            IfmapSramSzkB=1024,
            FilterSramSzkB=1024,
            OfmapSramSzkB=1024,
            IfmapOffset=0,
            FilterOffset=10_000_000,
            OfmapOffset=20_000_000,
            Dataflow=dataflow,
            ReadRequestBuffer=64,
            WriteRequestBuffer=64,
        ),
        "layout": dict(
            IfmapCustomLayout=False,
            IfmapSRAMBankBandwidth=10,
            IfmapSRAMBankNum=10,
            IfmapSRAMBankPort=2,
            FilterCustomLayout=False,
            FilterSRAMBankBandwidth=10,
            FilterSRAMBankNum=10,
            FilterSRAMBankPort=2,
        ),
        "sparsity": dict(SparsitySupport="false"),
        "run_presets": dict(InterfaceBandwidth="CALC", UseRamulatorTrace=False),
    }
    return "\n".join(
        f"[{section}]\n" + "".join(f"{key}: {value}\n" for key, value in keys.items())
        for section, keys in sections.items()
    )


def cycles_in(report: str) -> list[int]:
    """Cycles of each GEMM in its COMPUTE_REPORT.csv. Raises CheckFailed for another form, and for stalls."""
    header, *lines = [[field.strip() for field in line.split(",")] for line in report.splitlines()]
    names = ("LayerID", "Total Cycles", "Stall Cycles")
    if missing := [name for name in names if name not in header]:
        raise CheckFailed(f"SCALE-Sim's report must have {', '.join(missing)}, not only {', '.join(header)}")
    rows = [[int(line[header.index(name)]) for name in names] for line in lines]
    for number, (layer, _, stalls) in enumerate(rows):
        if layer != number or stalls:
            raise CheckFailed(f"GEMM {number} must be in its place and without stalls, not {layer} with {stalls}")
    return [cycles for _, cycles, _ in rows]


def _called(python: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([python, *words], capture_output=True, text=True, env=alone())

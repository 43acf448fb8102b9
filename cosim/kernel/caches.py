"""How much of the processor's caches a GEMM may count on: what makes its blocks large or small, but changes no bit."""

import functools
import os
import re
from pathlib import Path

PROCESSORS = Path("/sys/devices/system/cpu")
SIZES = {1: (16 << 10, 32 << 10, 256 << 10), 2: (128 << 10, 512 << 10, 4 << 20)}  # level -> least, if unknown, most
UNITS = {"K": 10, "M": 20}


@functools.cache
def budget(processors: Path = PROCESSORS) -> tuple[int, int]:
    """Bytes of the first and of the second cache for what should stay there, for each of as many threads as there are
    processors: half of a cache, or three quarters of a thread's share where processors share it. The rest is for
    what streams through. Of caches that Linux does not tell, or that cannot be, the usual size is taken."""
    cpu = processors / f"cpu{min(os.sched_getaffinity(0))}" / "cache"
    found = dict(filter(None, map(_cache, sorted(cpu.glob("index*")))))
    sizes = []
    for level, (least, usual, most) in SIZES.items():
        size, sharers = found.get(level, (usual, 1))
        size = size if least <= size else usual
        sizes.append(min(size // 2, 3 * size // (4 * sharers), most))
    return sizes[0], sizes[1]


def _cache(folder: Path) -> tuple[int, tuple[int, int]] | None:
    """Level, and size in bytes with the number of processors that share it; None for one of instructions."""
    try:
        level, kind, size, shared = (
            (folder / name).read_text().strip() for name in ("level", "type", "size", "shared_cpu_list")
        )
        if kind == "Instruction":
            return None
        number, unit = re.fullmatch(r"(\d+)([KM])", size).groups()  # type: ignore[union-attr]
        ranges = [list(map(int, part.split("-"))) for part in shared.split(",")]
        return int(level), (int(number) << UNITS[unit], sum(last[-1] - last[0] + 1 for last in ranges))
    except (OSError, ValueError, AttributeError):
        return None

"""Waveforms for the documentation: of each block the ports in some cycles of the first test in its own file.

`pytest tests/rtl --record-waves build/waves` runs these tests alone, in MyHDL's simulator, and writes a file for each
block: JSON, {test, first, ports: {name: {bits, values}}}, where `first` is the number of the first cycle after reset
and each value is the hexadecimal text of what stands before that cycle's rising edge.
"""

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 400  # cycles looked at
SHOWN = 24


class Recorder:
    """An endpoint that notes every port of a device."""

    def __init__(self, dut):
        self.dut, self.values = dut, {name: [] for name in dut.ports if name not in ("clk", "update_clk")}

    def __call__(self, now):
        for name, values in self.values.items():
            if now < LONGEST:
                values.append(int(self.dut.ports[name]))

    def save(self, file: Path, test: str) -> None:
        """Write the liveliest cycles as the documentation reads them."""
        first = liveliest(self.values)
        ports = {
            name: dict(bits=len(self.dut.ports[name]), values=[f"{value:x}" for value in values[first : first + SHOWN]])
            for name, values in self.values.items()
        }
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(dict(test=test, first=first, ports=ports), indent=1) + "\n")


def liveliest(values: dict[str, list[int]], shown: int = SHOWN) -> int:
    """The first cycle of the earliest stretch in which the most ports change."""
    changes = [
        [cycle for cycle in range(1, len(of)) if of[cycle] != of[cycle - 1]]
        for of in values.values()
        if len(set(of)) > 1
    ]
    starts = range(max(1, max(map(len, values.values())) - shown + 1))
    return max(starts, key=lambda first: (sum(any(first < c < first + shown for c in of) for of in changes), -first))


def source(test: Path) -> Path:
    """The file that a test's file is about."""
    return ROOT / test.relative_to(ROOT / "tests").with_name(test.name.removeprefix("test_"))


def first_tests(items: list) -> list:
    """Of each file tests/rtl/.../test_x.py about a block rtl/.../x.py the first test in MyHDL's simulator."""
    chosen = {}
    for item in items:
        simulator = getattr(item, "callspec", None) and item.callspec.params.get("simulator")
        if simulator == "myhdl" and "build" in item.fixturenames and source(item.path).exists():
            chosen.setdefault(item.path, item)
    return list(chosen.values())

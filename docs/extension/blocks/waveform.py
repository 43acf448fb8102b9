"""A waveform of tests/support/waves.py as SVG; colours come from the page's style."""

import json
from html import escape
from pathlib import Path

LANE, HIGH = 26, 16  # pixels: a signal's height, a level's height
LEAST, DIGITS = (
    34,
    8,
)  # a cycle's least width in pixels; a number of so many digits fits a cycle, if one changes so soon
LETTER = 6.8  # pixels of a small letter
MOST = 18  # signals shown


def read(folder: Path, block: str) -> dict | None:
    """The record of a block's test, or None."""
    file = folder / f"{block}.json"
    return json.loads(file.read_text()) if file.exists() else None


def chosen(record: dict) -> dict[str, dict]:
    """The ports that are shown: those that change, at most so many, or all where none does."""
    ports = record["ports"]
    lively = {name: port for name, port in ports.items() if len(set(port["values"])) > 1}
    return dict(list((lively or ports).items())[:MOST])


def svg(record: dict) -> str:
    """The clock, and below it the ports that change."""
    ports = chosen(record)
    cycles = max(len(port["values"]) for port in ports.values())
    left = 12 + LETTER * max(len(_title(name, port)) for name, port in ports.items())
    cycle = _cycle([port["values"] for port in ports.values()])
    parts = [_numbers(left, cycle, cycles, record["first"]), _lane(0, left, "clk", _clock(cycle, cycles))]
    for row, (name, port) in enumerate(ports.items(), 1):
        drawn = (_level if port["bits"] == 1 else _bus)(port["values"], cycle)
        parts.append(_lane(row, left, _title(name, port), drawn))
    width, height = left + cycles * cycle + 8, 22 + LANE * (len(ports) + 1)
    return (
        f'<svg class="waveform" xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
        f'viewBox="0 0 {width:.0f} {height}" role="img" aria-label="waveform">\n' + "\n".join(parts) + "\n</svg>"
    )


def _cycle(values):
    """Pixels of a cycle: numbers that stand for one alone can be read, the last digits of longer ones."""
    short = [of[start] for of in values for start, end in _stretches(of) if end == start + 1]
    return max(LEAST, 10 + LETTER * min(DIGITS, max(map(len, short), default=0)))


def _stretches(values):
    """(start, end) of each stretch of equal values."""
    starts = [k for k in range(len(values)) if not k or values[k] != values[k - 1]]
    return list(zip(starts, [*starts[1:], len(values)], strict=True))


def _title(name, port):
    return name if port["bits"] == 1 else f"{name} [{port['bits']}]"


def _numbers(left, width, cycles, first):
    ticks = [
        f'<text class="tick" x="{left + width * (cycle + 0.5):.0f}" y="12">{first + cycle}</text>'
        f'<path class="grid" d="M{left + width * cycle:.0f} 18V1000"/>'
        for cycle in range(cycles)
    ]
    return "".join(ticks)


def _lane(row, left, title, drawn):
    top = 22 + LANE * row
    name = f'<text class="name" x="{left - 8:.0f}" y="{top + 13}">{escape(title)}</text>'
    return f'{name}<g transform="translate({left:.0f},{top})">{drawn}</g>'


def _clock(width, cycles):
    """The rising edge ends a cycle: what is drawn in it stands before that edge."""
    half = f"h{width / 2:.1f}"
    return f'<path class="level" d="M0 0{f"{half}v{HIGH}{half}v-{HIGH}" * cycles}"/>'


def _level(values, width):
    heights = [0 if value == "1" else HIGH for value in values]
    path = f"M0 {heights[0]}" + "".join(f"V{height}h{width:.1f}" for height in heights)
    return f'<path class="level" d="{path}"/>'


def _bus(values, cycle):
    """A box for each stretch of equal values."""
    parts, half = [], HIGH // 2
    for start, end in _stretches(values):
        x, width = start * cycle, (end - start) * cycle
        parts.append(
            f'<path class="value" d="M{x:.1f} {half}l3 -{half}h{width - 6:.1f}l3 {half}l-3 {half}h-{width - 6:.1f}z">'
            f"<title>{values[start]}</title></path>"
            f'<text class="number" x="{x + width / 2:.1f}" y="12">{_fitting(values[start], width - 8)}</text>'
        )
    return "".join(parts)


def _fitting(value, width):
    """The number's last digits, as many as there is room for."""
    room = int(width / LETTER)
    return value if len(value) <= room else f"…{value[len(value) - room + 1 :]}"

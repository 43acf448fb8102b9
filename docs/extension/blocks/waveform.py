"""A waveform of tests/support/waves.py as SVG; colours come from the page's style."""

import json
from html import escape
from pathlib import Path

CYCLE, LANE, HIGH = 34, 26, 16  # pixels: a cycle's width, a signal's height, a level's height
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
    parts = [_numbers(left, cycles, record["first"]), _lane(0, left, "clk", _clock(cycles))]
    for row, (name, port) in enumerate(ports.items(), 1):
        drawn = _level(port["values"]) if port["bits"] == 1 else _bus(port["values"])
        parts.append(_lane(row, left, _title(name, port), drawn))
    width, height = left + cycles * CYCLE + 8, 22 + LANE * (len(ports) + 1)
    return (
        f'<svg class="waveform" xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
        f'viewBox="0 0 {width:.0f} {height}" role="img">\n' + "\n".join(parts) + "\n</svg>"
    )


def _title(name, port):
    return name if port["bits"] == 1 else f"{name} [{port['bits']}]"


def _numbers(left, cycles, first):
    ticks = [
        f'<text class="tick" x="{left + CYCLE * (cycle + 0.5):.0f}" y="12">{first + cycle}</text>'
        f'<path class="grid" d="M{left + CYCLE * cycle:.0f} 18V1000"/>'
        for cycle in range(cycles)
    ]
    return "".join(ticks)


def _lane(row, left, title, drawn):
    top = 22 + LANE * row
    name = f'<text class="name" x="{left - 8:.0f}" y="{top + 13}">{escape(title)}</text>'
    return f'{name}<g transform="translate({left:.0f},{top})">{drawn}</g>'


def _clock(cycles):
    """The rising edge ends a cycle: what is drawn in it stands before that edge."""
    half = CYCLE / 2
    return f'<path class="level" d="M0 0{f"h{half:.0f}v{HIGH}h{half:.0f}v-{HIGH}" * cycles}"/>'


def _level(values):
    heights = [0 if value == "1" else HIGH for value in values]
    path = f"M0 {heights[0]}" + "".join(f"V{height}h{CYCLE}" for height in heights)
    return f'<path class="level" d="{path}"/>'


def _bus(values):
    """A box for each stretch of equal values."""
    parts, start = [], 0
    for end in range(1, len(values) + 1):
        if end == len(values) or values[end] != values[start]:
            x, width = start * CYCLE, (end - start) * CYCLE
            parts.append(
                f'<path class="value" d="M{x} {HIGH / 2:.0f}l3 -{HIGH / 2:.0f}h{width - 6}l3 {HIGH / 2:.0f}'
                f'l-3 {HIGH / 2:.0f}h-{width - 6}z"><title>{values[start]}</title></path>'
                f'<text class="number" x="{x + width / 2:.0f}" y="12">{_fitting(values[start], width - 8)}</text>'
            )
            start = end
    return "".join(parts)


def _fitting(value, width):
    """The number's last digits, as many as there is room for."""
    room = int(width / LETTER)
    return value if len(value) <= room else f"…{value[len(value) - room + 1 :]}"

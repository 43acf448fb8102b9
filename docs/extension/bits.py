"""A packed word as a row of boxes, the highest bit at the left; colours come from the page's style."""

from html import escape

from rtl.hdl.layout import Layout

WIDTH, HEIGHT, LETTER, LEAST = 720, 30, 6.6, 34  # pixels


def bar(layout: Layout) -> str:
    """The word's fields in Markdown, as SVG. Boxes are as wide as their names need: the bits stand above them."""
    names = list(reversed(layout.fields))
    needed = [max(LEAST, 12 + LETTER * max(len(name), len(_bits(*layout[name])))) for name in names]
    stretch = max(1.0, WIDTH / sum(needed))
    parts, x = [], 0.5
    for name, width in zip(names, (stretch * one for one in needed), strict=True):
        middle = x + width / 2
        parts.append(
            f'<rect class="value" x="{x:.1f}" y="16" width="{width:.1f}" height="{HEIGHT}"/>'
            f'<text class="number" x="{middle:.1f}" y="11">{_bits(*layout[name])}</text>'
            f'<text class="number" x="{middle:.1f}" y="35">{escape(name)}</text>'
        )
        x += width
    size = f'width="{x + 1:.0f}" height="{HEIGHT + 18}" viewBox="0 0 {x + 1:.0f} {HEIGHT + 18}"'
    return (
        f'```{{raw}} html\n<div class="wide">\n<svg class="waveform" xmlns="http://www.w3.org/2000/svg" {size}>\n'
        + "\n".join(parts)
        + "\n</svg>\n</div>\n```\n"
    )


def _bits(high, low):
    return str(low) if high - low == 1 else f"{high - 1}:{low}"

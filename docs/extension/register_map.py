"""AXI: the register map and the ports of sat_axi, from what its hardware is made of."""

import inspect

from docs.extension.bits import bar
from docs.extension.blocks.ports import without_direction
from docs.extension.text import Entry, escaped, parsed, table
from rtl.hdl.stream import Interface
from rtl.sat.axi import registers, sat_axi
from rtl.sat.config import PRESETS


def pages() -> dict[str, str]:
    """{path of the page: Markdown}."""
    bars = [
        f"**`{register.name}`** at {register.offset:#04x}\n\n{bar(registers.layout(register.name))}"
        for register in registers.REGISTERS
        if register.fields
    ]
    return {
        "register_map": "\n".join(
            [
                "# AXI ports and registers\n",
                "Of `sat_axi`, whose streams, port by port, are on [its own page](blocks/sat_axi.md).\n",
                "## Ports\n",
                _ports(),
                "A stream's word is in the low bits of `tdata`; the bits above it are ignored.\n",
                "## Registers\n",
                "`ro` is read only, `rw` takes what is written, byte by byte as `wstrb` says, `w1` acts when a 1 is "
                "written and reads as 0. A reset value that is a name is that parameter of the configuration. Any "
                "other address, and a write to what is read only, is answered with SLVERR.\n",
                registers.table(),
                "## Fields\n",
                *bars,
            ]
        )
    }


def _ports():
    entries = [part for part in parsed(inspect.getdoc(sat_axi.sat_axi.func)) if isinstance(part, Entry)]
    meanings = {name: entry.meaning for entry in entries for name in entry.names}
    rows = []
    each = {name: sat_axi.ports(config) for name, config in PRESETS.items()}
    for name, value in each["small"].items():
        widths = [_bytes(ports[name]) for ports in each.values()]
        rows.append(
            (
                f"`{name}{'_*' if isinstance(value, Interface) else ''}`",
                *widths,
                escaped(without_direction(meanings[name])),
            )
        )
    return table(("port", *(f"bytes on `{name}`" for name in PRESETS), "meaning"), rows)


def _bytes(value):
    return str(len(value.tdata) // 8) if hasattr(value, "tdata") else ""

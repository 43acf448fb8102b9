"""What Verilator and Icarus say of generated Verilog."""

import re
import subprocess

from cosim.tools import tool

LONGEST = 5000  # lines


def complaints(name, *arguments) -> str:
    """What a tool prints. A missing tool is a failure, with the line that installs it: these checks are not skipped."""
    done = subprocess.run([tool(name), *map(str, arguments)], capture_output=True, text=True)
    return done.stdout + done.stderr


def superfluous_waivers(top, configurations) -> set[tuple[str, str]]:
    """(block, warning) of each warning that is switched off, and that Verilator has in none of the configurations.

    configurations  the {module name: Path} of each; their files lose what switches warnings off
    """

    def block(module):
        return re.sub(r"(_\d+)+$", "", module)

    waived, said = set(), set()
    for files in configurations:
        for name, path in files.items():
            text = path.read_text()
            waived |= {
                (block(name), kind) for kind in re.findall(r"^/\* verilator lint_off (\w+) \*/ // \w", text, re.M)
            }
            path.write_text(re.sub(r"^/\* verilator .*\n", "", text, flags=re.M))
        warnings = complaints("verilator", "--lint-only", "-Wall", "--top-module", top, *files.values())
        said |= {(block(name), kind) for kind, name in re.findall(r"^%Warning-(\w+): .*?/(\w+)\.v:", warnings, re.M)}
    return waived - said

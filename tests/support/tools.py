"""Programs that are not installed: with SAT_APT=0 the tests that need them are skipped; else they fail, as in CI.

A test says what it needs by calling it: cosim.tools raises ToolMissing, subprocess FileNotFoundError. Where neither
would be seen, it says so by `needed`, or what a command prints goes through `heard`. Nothing is skipped for a program
that is there.
"""

import re

from cosim import install
from cosim.tools import PACKAGES, ToolMissing, missing

ABSENT = frozenset(missing(PACKAGES))  # looked up before any test changes the PATH
TOLD = re.compile(r"(\S+) is not installed; on Debian or Ubuntu: ")  # as ToolMissing says it


def absent_tool(error: BaseException | None) -> str | None:
    """The program for whose absence a test failed, if that is so and nothing may be installed."""
    if not install.forbidden():
        return None
    said = TOLD.match(str(error)) if isinstance(error, ToolMissing) else None
    name = error.filename if isinstance(error, FileNotFoundError) else said and said[1]
    return name if name in ABSENT else None


def needed(*names: str) -> None:
    """Raises ToolMissing for a program that is not there, and for Python's library."""
    for name in missing(names):
        raise ToolMissing(f"{name} is not installed; on Debian or Ubuntu: apt-get install {PACKAGES[name]}")


def heard(text: str) -> str:
    """What a command has printed. Raises ToolMissing where it says that a program is missing, and that is so."""
    for said in TOLD.finditer(text):
        if said[1] in ABSENT:
            raise ToolMissing(said.string[said.start() :])
    return text


def summary(tools: list[str]) -> str:
    """One line about the tests that were skipped.

    tools  the program that each of them missed
    """
    first = {package: tool for tool, package in reversed(PACKAGES.items())}  # vvp comes with iverilog
    names = sorted({first[PACKAGES[tool]] for tool in tools})
    return (
        f"{len(tools)} {'test' if len(tools) == 1 else 'tests'} skipped: {', '.join(names)} not installed "
        f"({install.SWITCH}=0); python -m cosim.install {' '.join(names)}"
    )

"""Installs the programs that co-simulation needs and pip cannot bring: `python -m cosim.install`, as root or with sudo.

Further tools by name, for example `python -m cosim.install verilator`. Programs that are there are left alone.
"""

import os
import shutil
import subprocess
import sys

from cosim.tools import PACKAGES, REQUIRED, missing


def commands(packages: list[str], root: bool) -> list[list[str]]:
    """The command lines that install Debian packages, with sudo unless the user is root."""
    apt = [*([] if root else ["sudo", "-n"]), "apt-get", "-o", "DPkg::Lock::Timeout=300"]
    return [[*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", *packages]]


def allowed() -> bool:
    """Whether this user may install packages without being asked for a password."""
    if shutil.which("apt-get") is None:
        return False
    return os.geteuid() == 0 or (
        shutil.which("sudo") is not None and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0
    )


def main(tools: list[str]) -> int:
    """Install those of the required tools, and of `tools`, that are missing.

    Returns the exit code: 0, or after one line that says why, 1 for a failure and 2 for an unknown tool.
    """
    unknown = set(tools) - PACKAGES.keys()
    if unknown:
        print(f"tools must be among {', '.join(PACKAGES)}, not {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    wanted = missing([*REQUIRED, *tools])
    if not wanted:
        return 0
    packages = [PACKAGES[tool] for tool in wanted]
    by_hand = f"apt-get install {' '.join(packages)}"
    if not allowed():
        print(f"{', '.join(wanted)} not found; as root: {by_hand}", file=sys.stderr)
        return 1
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in commands(packages, os.geteuid() == 0):
        print("+", *command, flush=True)
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            why = said[-1] if said else f"exit code {done.returncode}"
            print(f"{' '.join(command)} failed: {why}; as root: {by_hand}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

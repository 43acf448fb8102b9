"""Installs the programs that co-simulation needs and pip cannot bring: `python -m cosim.install`, as root or with sudo.

Further tools by name, for example `python -m cosim.install verilator`. Programs that are there are left alone. With
SAT_APT=0 in the environment nothing is installed, and tests that need a missing program are skipped.
"""

import os
import shutil
import subprocess
import sys

from cosim.tools import PACKAGES, REQUIRED, missing

SWITCH = "SAT_APT"  # the environment variable


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


def forbidden() -> bool:
    """Whether SAT_APT=0 forbids to install anything. Raises ValueError for a value that is neither 0 nor 1."""
    value = os.environ.get(SWITCH) or "1"
    if value not in ("0", "1"):
        raise ValueError(f"{SWITCH} must be 0 or 1, not {value!r}")
    return value == "0"


def main(tools: list[str]) -> int:
    """Install those of the required tools, and of `tools`, that are missing; say so before.

    Returns the exit code: 0, or after one line that says why, 1 for a failure and 2 for an unknown tool or SAT_APT.
    """
    try:
        kept_out = forbidden()
    except ValueError as error:
        return _refused(str(error))
    unknown = set(tools) - PACKAGES.keys()
    if unknown:
        return _refused(f"tools must be among {', '.join(PACKAGES)}, not {', '.join(sorted(unknown))}")
    wanted = missing([*REQUIRED, *tools])
    packages = list(dict.fromkeys(PACKAGES[tool] for tool in wanted))
    by_hand = f"apt-get install {' '.join(packages)}"
    if not wanted:
        return 0
    if kept_out:
        print(f"{', '.join(wanted)} not found, and {SWITCH}=0: nothing is installed; as root: {by_hand}")
        return 0
    if not allowed():
        return _refused(f"{', '.join(wanted)} not found; as root: {by_hand}; or set {SWITCH}=0 to go without", 1)
    return _install(packages, by_hand)


def _refused(why: str, code: int = 2) -> int:
    print(why, file=sys.stderr)
    return code


def _install(packages: list[str], by_hand: str) -> int:
    """Announce and run the commands; the exit code, after one line where one of them fails."""
    print(f"installing Debian packages: {' '.join(packages)} (with {SWITCH}=0 in the environment nothing is installed)")
    for command in commands(packages, os.geteuid() == 0):
        print("+", *command, flush=True)
        done = subprocess.run(
            command, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, capture_output=True, text=True
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            why = said[-1] if said else f"exit code {done.returncode}"
            return _refused(f"{' '.join(command)} failed: {why}; as root: {by_hand}", 1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

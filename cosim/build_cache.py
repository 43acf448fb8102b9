"""What is compiled once for each user: in a cache folder, by a hash of all that it is made from."""

import atexit
import functools
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

LARGEST = 1 << 30  # bytes of the folder; what was used least recently goes first


def kept(name: str, sources: Iterable[str], make: Callable[[Path], Path]) -> Path:
    """The file that `make` builds: from the user's cache, or built into it, or into `scratch` where it takes no file.

    name     of the file; the hash is put before its suffix
    sources  all that the file depends on, as text: sources, the compiler's version, its flags
    make     builds the file in an empty folder, and returns its path
    Processes that build it at the same time each put a whole one into its place. What `make` raises is passed on, but
    for OSError, with which it is called a second time.
    """
    digest = hashlib.sha256("\0".join(sources).encode()).hexdigest()[:24]
    hashed = Path(name).with_stem(f"{Path(name).stem}-{digest}").name
    try:
        return _kept(folder(), hashed, make)
    except OSError:  # it cannot be written, or is full
        return _kept(scratch(), hashed, make)


def folder() -> Path:
    """The user's cache folder for this project."""
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "sat-cosim"


@functools.cache
def scratch() -> Path:
    """A folder for this process's generated files, removed when it ends."""
    found = Path(tempfile.mkdtemp(prefix="sat-"))
    atexit.register(shutil.rmtree, found, ignore_errors=True)
    return found


def _kept(where: Path, name: str, make: Callable[[Path], Path]) -> Path:
    file = where / name
    if file.exists():
        os.utime(file)  # it is used
    else:
        where.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=scratch()) as work, tempfile.TemporaryDirectory(dir=where) as beside:
            os.replace(shutil.copy(make(Path(work)), beside), file)
        _trim(where)
    return file


def _trim(where: Path) -> None:
    """Remove the files that were used least recently, as long as all together take too many bytes."""
    files = [(file.stat(), file) for file in where.iterdir() if file.is_file()]
    surplus = sum(status.st_size for status, _ in files) - LARGEST
    for status, file in sorted(files, key=lambda found: found[0].st_mtime_ns):
        if surplus <= 0:
            break
        file.unlink(missing_ok=True)
        surplus -= status.st_size

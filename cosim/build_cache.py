"""What is compiled once for each user: in a cache folder, by a hash of all that it is made from.

A file is named by two hashes, of its sources and of its content: so one that was cut off, or that somebody changed, is
known and made anew.
"""

import atexit
import fcntl
import functools
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

LARGEST = 1 << 30  # bytes of the folder; what was used least recently goes first
DIGITS = 24  # of a hash
LONGEST_BUILD = 3600  # seconds
LOCK = ".lock"


def kept(name: str, sources: Iterable[str], make: Callable[[Path], Path]) -> Path:
    """The file that `make` builds: from the user's cache, or built into it, or into `scratch` where it takes no file.

    name     of the file; the hashes are put before its suffix
    sources  all that the file depends on, as text: sources, the compiler's version, its flags
    make     builds the file in an empty folder, and returns its path
    Processes and threads that want it at the same time wait for the one that builds it. What `make` raises is passed
    on, but for OSError, with which it is called a second time.
    """
    digest = hashlib.sha256("\0".join(sources).encode()).hexdigest()[:DIGITS]
    hashed = Path(name).with_stem(f"{Path(name).stem}-{digest}")
    try:
        return _kept(folder(), hashed, make)
    except OSError:  # it cannot be written, is full, or somebody else's
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


def _kept(where: Path, name: Path, make: Callable[[Path], Path]) -> Path:
    where.mkdir(parents=True, exist_ok=True)
    if where.stat().st_uid == os.geteuid():
        where.chmod(0o700)
    _check_owner(where, where.stat())
    if found := _found(where, name):
        return found
    with _alone(where / f"{name.stem}{LOCK}"):
        if found := _found(where, name):  # somebody has built it meanwhile
            return found
        with tempfile.TemporaryDirectory(dir=scratch()) as work, tempfile.TemporaryDirectory(dir=where) as beside:
            copy = Path(shutil.copy(make(Path(work)), beside))
            copy.chmod(0o600)
            _write_through(copy)
            file = where / name.with_stem(f"{name.stem}-{_digest(copy)}")
            os.replace(copy, file)
            _write_through(where)
        _trim(where)
    return file


def _found(where: Path, name: Path) -> Path | None:
    """The file of these sources, if it is whole; one that is not is removed."""
    for file in where.glob(f"{name.stem}-{'[0-9a-f]' * DIGITS}{name.suffix}"):
        try:
            _check_owner(file, file.lstat())
            if _digest(file) == file.stem[-DIGITS:]:
                os.utime(file)  # it is used
                return file
        except FileNotFoundError:  # another process has trimmed the folder
            continue
        file.unlink(missing_ok=True)
    return None


def _check_owner(path: Path, found: os.stat_result) -> None:
    """Raise PermissionError unless nobody but this user can write there: what is loaded could be anything."""
    if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) or stat.S_ISLNK(found.st_mode):
        raise PermissionError(f"{path} must be this user's own, and no other's to write")


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()[:DIGITS]


def _write_through(path: Path) -> None:
    """Have the disk keep a file, or a folder's names, before anybody rests on it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """While a file is locked, which others wait for; the lock ends with its process, whatever ends that."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)  # who waits for it has it open, and finds what was built


def _trim(where: Path) -> None:
    """Remove the files that were used least recently, as long as all together take too many bytes; and what processes
    that were killed have left."""
    files, now = [], time.time()
    for file in where.iterdir():
        try:
            status = file.lstat()
        except FileNotFoundError:
            continue
        if now - status.st_mtime > LONGEST_BUILD and (stat.S_ISDIR(status.st_mode) or file.suffix == LOCK):
            shutil.rmtree(file) if stat.S_ISDIR(status.st_mode) else file.unlink(missing_ok=True)
        elif stat.S_ISREG(status.st_mode):
            files.append((status, file))
    surplus = sum(status.st_size for status, _ in files) - LARGEST
    for status, file in sorted(files, key=lambda found: found[0].st_mtime_ns):
        if surplus <= 0:
            break
        file.unlink(missing_ok=True)
        surplus -= status.st_size

"""What is compiled once for each user: when it is built anew, where, and that the folder does not grow for ever."""

import errno
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cosim import build_cache
from cosim.build_cache import kept
from cosim.tools import ToolFailed

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "sat-cosim"


class Builder:
    """Builds files of some text, and counts them."""

    def __init__(self, text="built"):
        self.text, self.count = text, 0

    def __call__(self, folder):
        assert list(folder.iterdir()) == []
        self.count += 1
        (folder / "aside").write_text(self.text)
        return folder / "aside"


def test_it_is_built_once_and_anew_for_other_sources(folder):
    build = Builder()
    first, again, other = (kept("one.so", sources, build) for sources in (["a", "b"], ["a", "b"], ["ab"]))
    assert first == again != other and build.count == 2
    assert first.read_text() == "built" and first.suffix == ".so" and first.name.startswith("one-")
    assert sorted(folder.iterdir()) == sorted([first, other])


def test_the_folder_is_the_users(folder, monkeypatch, tmp_path):
    assert build_cache.folder() == folder
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert build_cache.folder() == tmp_path / ".cache/sat-cosim"


def test_where_it_cannot_be_written_the_process_has_its_own(folder):
    folder.write_text("a file where the folder should be")
    assert kept("one.so", ["a"], Builder()).parent == build_cache.scratch()


def test_where_the_disk_is_full_the_process_has_its_own_and_nothing_is_left(folder, monkeypatch):
    copy = shutil.copy

    def full(source, target):
        if folder in Path(target).parents:
            (Path(target) / "half").write_text("half of it")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return copy(source, target)

    monkeypatch.setattr(build_cache.shutil, "copy", full)
    file = kept("one.so", ["full"], Builder())
    assert file.parent == build_cache.scratch() and file.read_text() == "built" and list(folder.iterdir()) == []


def test_what_fails_leaves_nothing(folder):
    def refuse(_):
        raise ToolFailed("no")

    with pytest.raises(ToolFailed, match="^no$"):
        kept("one.so", ["a"], refuse)
    assert list(folder.iterdir()) == []


def test_those_who_build_it_together_all_have_it_whole(folder):
    with ThreadPoolExecutor(4) as pool:
        files = set(pool.map(lambda _: kept("one.so", ["a"], Builder("x" * 100_000)), range(8)))
    (file,) = files
    assert file.stat().st_size == 100_000 and list(folder.iterdir()) == [file]


def test_what_was_used_least_recently_goes_when_all_is_too_much(folder, monkeypatch):
    monkeypatch.setattr(build_cache, "LARGEST", 250)
    build = Builder("x" * 100)
    files = [kept("one.so", [source], build) for source in ("a", "b")]
    for age, file in zip((20, 10), files, strict=True):
        os.utime(file, (file.stat().st_atime, file.stat().st_mtime - age))
    assert kept("one.so", ["a"], build) == files[0]  # it is used, and so the youngest
    third = kept("one.so", ["c"], build)
    assert set(folder.iterdir()) == {files[0], third} and build.count == 3


@pytest.mark.parametrize("attack", ["truncated", "longer", "changed", "empty"])
def test_a_file_that_is_not_what_was_built_is_built_anew(attack, folder):
    build = Builder("x" * 1000)
    file = kept("one.so", ["a"], build)
    content = dict(truncated="x" * 999, longer="x" * 1001, changed="y" * 1000, empty="")[attack]
    file.write_text(content)
    assert kept("one.so", ["a"], build) == file and file.read_text() == "x" * 1000 and build.count == 2
    assert list(folder.iterdir()) == [file]


def test_a_file_or_folder_that_others_can_write_is_not_used(folder):
    build = Builder()
    file = kept("one.so", ["mine"], build)
    assert file.stat().st_mode & 0o777 == 0o600 and folder.stat().st_mode & 0o777 == 0o700
    file.chmod(0o666)
    assert kept("one.so", ["mine"], build).parent == build_cache.scratch() and build.count == 2
    file.unlink()
    (target := folder.parent / "elsewhere").write_text("built")
    file.symlink_to(target)
    assert kept("one.so", ["mine"], build).parent == build_cache.scratch()
    assert file.is_symlink() and target.read_text() == "built"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_not_used(folder):
    folder.mkdir()
    os.chown(folder, 12345, -1)
    assert kept("one.so", ["foreign"], Builder()).parent == build_cache.scratch() and list(folder.iterdir()) == []


def test_several_who_want_it_at_once_build_it_once(folder):
    class Slow(Builder):
        def __call__(self, folder):
            time.sleep(0.2)
            return super().__call__(folder)

    build = Slow("x" * 100_000)
    with ThreadPoolExecutor(4) as pool:
        files = set(pool.map(lambda _: kept("one.so", ["a"], build), range(8)))
    assert len(files) == 1 and build.count == 1 and list(folder.iterdir()) == list(files)


def test_several_processes_build_it_once_and_one_that_is_killed_leaves_the_others_whole(folder, tmp_path):
    code = """if True:
        import sys, time
        from cosim.build_cache import kept
        def build(folder):
            with open(sys.argv[1], "a") as log:
                log.write("built\\n")
            (folder / "aside").write_text("x" * 100_000)
            time.sleep(float(sys.argv[2]))
            return folder / "aside"
        print(kept("one.so", ["a"], build))"""

    def start(seconds):
        command = [sys.executable, "-c", code, str(tmp_path / "log"), str(seconds)]
        environment = os.environ | {"XDG_CACHE_HOME": str(folder.parent)}
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)

    victim = start(600)
    while not (tmp_path / "log").exists():
        time.sleep(0.02)
    others = [start(0.5) for _ in range(3)]
    time.sleep(0.5)
    victim.kill()  # while it holds the lock
    victim.communicate()
    files = {other.communicate(timeout=60)[0].strip() for other in others}
    assert (tmp_path / "log").read_text() == "built\nbuilt\n"
    (file,) = map(Path, files)
    assert file.parent == folder and file.stat().st_size == 100_000

"""What is read of the processor's caches, in folders like Linux's own."""

import os

import pytest

from cosim.kernel.caches import budget


def caches(folder, *rows):
    """A folder that tells each row's level, type, size and processors of this thread's first processor."""
    for number, row in enumerate(rows):
        index = folder / f"cpu{min(os.sched_getaffinity(0))}" / "cache" / f"index{number}"
        index.mkdir(parents=True)
        for name, value in zip(("level", "type", "size", "shared_cpu_list"), row, strict=False):
            (index / name).write_text(f"{value}\n")
    return folder


INSTRUCTIONS = 1, "Instruction", "64K", "0"


@pytest.mark.parametrize(
    "first, second, want",
    [
        ((1, "Data", "32K", "0"), (2, "Unified", "1024K", "0"), (16 << 10, 512 << 10)),
        ((1, "Data", "48K", "0-1"), (2, "Unified", "2M", "0,64"), (18 << 10, 768 << 10)),
        ((1, "Data", "64K", "0"), (2, "Unified", "4096K", "0-3"), (32 << 10, 768 << 10)),
        ((1, "Data", "0K", "0"), (2, "Unified", "1G", "0"), (16 << 10, 256 << 10)),
        ((1, "Data"), (2, "Unified", "1024K", "none"), (16 << 10, 256 << 10)),
        ((1, "Data", "8192K", "0"), (3, "Unified", "64K", "0"), (256 << 10, 256 << 10)),
    ],
)
def test_half_of_a_cache_is_taken_or_less_where_it_is_shared(tmp_path, first, second, want):
    assert budget(caches(tmp_path, first, INSTRUCTIONS, second)) == want


def test_without_caches_it_is_those_of_a_small_processor(tmp_path):
    assert budget(tmp_path) == (16 << 10, 256 << 10)


def test_this_processor_has_some():
    first, second = budget()
    assert 8 << 10 <= first < second <= 4 << 20

"""The kernel on images: the bits of the im2col matrix that is never made, and the memory that takes."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cosim.kernel import kernel
from rtl.sparsity import Sparsity
from tests.support.im2col import im2col
from tests.support.kernel import assert_same, golden, normal, special
from tests.support.windows import SIZE, WINDOWS, source_of
from tlm.workload.window import Window

ROOT = Path(__file__).resolve().parents[3]


def views(images):
    """The same images, and mirrored ones, at four kinds of strides."""
    planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    wider = np.repeat(images, 2, axis=3)
    return [images, planes.transpose(0, 2, 3, 1), wider[..., ::2], images[:, ::-1, :, ::-1]]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("channels", [1, 3, 8, 16, 40, 64])
def test_images_are_their_im2col_matrix(path, window, channels):
    rng, compared = np.random.default_rng(channels), 0
    images = special(rng, 2, *SIZE, channels, share=0.001)
    for view in views(images):
        source = source_of(view, window)
        for depth, sparsity in [(channels, None), (-(-channels // 8) * 8, Sparsity(2, 8))]:
            columns = im2col(view, window, depth)
            b = normal(rng, columns.shape[1], 19)
            assert_same(
                kernel.gemm(view, b, sparsity, source=source, output="fp16", threads=1 + compared % 2),
                golden(columns, b, sparsity, "fp16"),
            )
            compared += 1
        columns = im2col(view, window, channels).T
        b = normal(rng, columns.shape[1], 19)
        assert_same(kernel.gemm(view, b, source=replace(source, transposed=True)), golden(columns, b))
    assert compared == 8


def test_rows_run_over_lines_images_and_blocks(path):
    """More pixels than a block has rows, more of k than a panel holds, and images that are smaller than a vector."""
    rng = np.random.default_rng(1)
    for shape, window in [((60, 3, 5, 24), Window((3, 3), (1, 1), (1, 1))), ((2, 40, 41, 7), Window((3, 3)))]:
        images = normal(rng, *shape)
        columns, source = im2col(images, window, shape[3]), source_of(images, window)
        for n in (5, 70):
            b = normal(rng, columns.shape[1], n)
            assert_same(kernel.gemm(images, b, source=source, threads=2), golden(columns, b))
            b = normal(rng, columns.shape[0], n)
            assert_same(
                kernel.gemm(images, b, source=replace(source, transposed=True), threads=2), golden(columns.T, b)
            )


@pytest.mark.parametrize("caches", [(0, 0), (3 << 10, 40 << 10)], ids=str)
def test_small_caches_change_no_bit(path, caches, monkeypatch):
    monkeypatch.setattr(kernel, "budget", lambda: caches)
    test_rows_run_over_lines_images_and_blocks(path)
    test_transposed_images_meet_sparse_weights(path)


def test_transposed_images_meet_sparse_weights(path):
    """Then they are what is read in vectors."""
    images, sparsity = special(np.random.default_rng(4), 2, *SIZE, 24, share=0.002), Sparsity(2, 8)
    for window in (WINDOWS[1], WINDOWS[4]):
        columns = im2col(images, window, 24).T
        b = normal(np.random.default_rng(5), columns.shape[1], 19)
        assert_same(
            kernel.gemm(images, b, sparsity, source=source_of(images, window, True)), golden(columns, b, sparsity)
        )


def test_zeros_of_padding_and_depth_meet_infinite_weights(path):
    window, images = Window((3, 3), (1, 1), (1, 1)), normal(np.random.default_rng(2), 1, 4, 4, 3)
    for depth in (3, 4):
        columns = im2col(images, window, depth)
        b = normal(np.random.default_rng(3), columns.shape[1], 4)
        b[-1, 1], b[0, 2], b[3, 3] = np.inf, -np.inf, np.nan
        want = golden(columns, b)
        assert_same(kernel.gemm(images, b, source=source_of(images, window)), want)
        assert np.isnan(want).any()


@pytest.mark.parametrize(
    "change, rows, message",
    [
        (dict(height=8), 27, r"images must be \(2, 8, 10, 3\), not \(2, 9, 10, 3\)"),
        (dict(), 28, "must have a row for each element of the im2col matrix's rows, 9 positions of at least 3, not 28"),
        (dict(), 18, "9 positions of at least 3, not 18"),
        (dict(transposed=True), 27, "rows, 180, not 27"),
    ],
)
def test_images_that_do_not_fit_are_refused(path, change, rows, message):
    images = np.ones((2, *SIZE, 3), np.float16)
    source = replace(source_of(images, Window((3, 3), (1, 1), (1, 1))), **change)
    with pytest.raises(ValueError, match=message):
        kernel.gemm(images, np.ones((rows, 2), np.float16), source=source)
    with pytest.raises(ValueError, match="must be float16"):
        kernel.gemm(images.astype(np.float32), np.ones((rows, 2), np.float16), source=source)


MEMORY = """
import sys
from pathlib import Path
import numpy as np
from cosim.kernel import kernel
from rtl.sparsity import Sparsity
from tlm.feature_map import FeatureMap

def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) << 10

kernel.gemm(np.ones((200, 300), np.float16), np.ones((300, 200), np.float16), Sparsity(2, 8), threads=2)
small, case = np.ones((8, 8), np.float16), sys.argv[1]
if case == "matrices":
    a, b, call = np.ones((2000, 4000), np.float16), np.ones((4000, 2000), np.float16), {}
elif case == "weights":
    a, b, call = np.ones((64, 4096), np.float16), np.ones((4096, 4096), np.float16), dict(sparsity=Sparsity(4, 8))
else:
    a = np.ones((16, 64, 64, 64), np.float16)
    source = FeatureMap(16, 64, 64, 64, (3, 3), (1, 1), (1, 1), (1, 1), (64, 64), case == "transposed")
    b, call = np.ones((65536 if source.transposed else 576, 64), np.float16), dict(source=source)
before = peak()
c = kernel.gemm(a, b, threads=2, **call)
print((peak() - before) / 2 ** 20, (a.nbytes + b.nbytes + c.nbytes) / 2 ** 20, c.nbytes / 2 ** 20)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process's memory is read from /proc")
@pytest.mark.parametrize("case", ["matrices", "weights", "images", "transposed"])
def test_memory_is_the_operands_the_result_and_half_as_much_at_most(case):
    done = subprocess.run([sys.executable, "-c", MEMORY, case], cwd=ROOT, capture_output=True, text=True, check=True)
    more, everything, result = map(float, done.stdout.split())
    print(done.stdout)
    assert everything > 8 and more <= result + everything / 2

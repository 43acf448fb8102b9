"""The kernel's threads: their number changes no bit, and processes and threads of Python may call it at once."""

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from cosim.kernel import kernel
from cosim.tools import missing
from rtl.sparsity import Sparsity
from tests.support.kernel import assert_same, golden, normal, special

ROOT = Path(__file__).resolve().parents[3]
BESIDE_TORCH = """
import os
import numpy as np, torch
from cosim.kernel import kernel

def threads():
    return len(os.listdir("/proc/self/task"))

torch.set_num_threads(2)
torch.ones(512, 512) @ torch.ones(512, 512)
a, before = np.random.default_rng(1).standard_normal((300, 300)).astype(np.float16), threads()
alone, shared = (kernel.gemm(a, a, threads=number) for number in (1, 2))
print((alone == shared).all(), threads() - before, flush=True)
child = os.fork()
if not child:
    same = (kernel.gemm(a, a, threads=2) == alone).all()
    print(same, threads(), flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""


def test_threads_do_not_change_the_bits(path):
    rng = np.random.default_rng(4)
    for m, k, n in [(300, 70, 40), (20, 70, 900), (16, 400, 16)]:
        a, b = special(rng, m, k, share=0.001), normal(rng, k, n)
        for sparsity in (None, Sparsity(2, 8)):
            want = golden(a, b, sparsity)
            for threads in (1, 2, 5):
                assert_same(kernel.gemm(a, b, sparsity, threads=threads), want)


def product_of(seed):
    rng = np.random.default_rng(seed)
    return kernel.gemm(normal(rng, 200, 300), normal(rng, 300, 100), Sparsity(2, 8), threads=2)


def test_a_forked_process_has_threads_of_its_own(path):
    want = product_of(7)  # the parent's threads are there now
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert all(np.array_equal(want, got) for got in pool.map(product_of, [7] * 4, chunksize=1))
    assert np.array_equal(product_of(7), want)


def test_threads_of_python_may_call_it_at_the_same_time(path):
    want = product_of(7)
    with ThreadPoolExecutor(4) as pool:
        assert all(np.array_equal(want, got) for got in pool.map(product_of, [7] * 16))


def test_it_runs_where_the_process_is_pinned_and_after(path):
    want, before = product_of(8), os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert np.array_equal(product_of(8), want)
    finally:
        os.sched_setaffinity(0, before)
    assert np.array_equal(product_of(8), want)


@pytest.mark.skipif(bool(missing(["g++"])), reason="g++ is not installed")
def test_beside_torch_its_threads_do_the_work_but_not_in_a_forked_process():
    done = subprocess.run([sys.executable, "-c", BESIDE_TORCH], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("True 0\nTrue 2\n", "")

"""Operands of the functional kernel, and its golden model."""

import numpy as np

from rtl.golden import gemm, nm_mask, to_fp16


def normal(rng, *shape):
    return rng.standard_normal(shape).astype(np.float16)


def special(rng, *shape, share=0.01):
    """Normal values, among them some of all FP16 patterns: infinities, NaN of all payloads, zeros and subnormals."""
    patterns = rng.integers(0, 1 << 16, shape).astype(np.uint16)
    patterns[rng.random(shape) < 0.5] &= 0xFC00  # infinities and zeros
    return np.where(rng.random(shape) < share, patterns.view(np.float16), normal(rng, *shape))


def golden(a, b, sparsity=None, output="fp32"):
    if sparsity:
        b = np.where(nm_mask(b, sparsity.n, sparsity.m), b, np.float16(0))
    c = gemm(a, b)
    return to_fp16(c) if output == "fp16" else c


def bits(array):
    return array.view({2: np.uint16, 4: np.uint32}[array.itemsize])


def assert_same(got, want):
    assert (got.dtype, got.shape) == (want.dtype, want.shape) and got.flags.c_contiguous
    different = np.argwhere(bits(got) != bits(want))
    assert not len(different), f"{len(different)} of {want.size}, the first at {different[0]}"

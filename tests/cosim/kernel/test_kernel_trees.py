"""SIGMA's sums in C++, against the golden's trees tile by tile; and both paths against each other."""

import numpy as np
import pytest

from cosim import Operands
from cosim.kernel import kernel
from cosim.kernel.kernel_trees import Packing, tree_sums
from cosim.sigma import reference
from tests.cosim.programs import scheduled
from tests.cosim.support import VALUES, bits
from tests.support.sigma import sparse
from tests.support.sigma_configs import any_config, any_mapping
from tlm import Gemm

pytestmark = pytest.mark.skipif(kernel.paths() == ["numpy"], reason="g++ is not installed")


def test_a_run_is_summed_by_its_tree_from_the_lane_in_which_it_begins():
    """2^24 + 1 is lost in float32, but not where 1 + 1 is added first."""
    stream = np.ones((4, 1), np.float32)
    for row, kept, want in (([2**24, 0, 1, 1], 3, 2**24), ([2**24, 1, 1, 1], 4, 2**24 + 2)):
        values = np.array([row], np.float32)
        assert (values != 0).sum() == kept
        found = tree_sums(values, stream, Packing(rows=1, columns=8, engines=1, lanes=4, results=2))
        assert found.tolist() == [[want]] and found.dtype == np.float32


def test_zeros_of_the_stream_are_not_multiplied_and_those_of_a_whole_row_take_no_lane():
    values = np.array([[np.inf, 2**24, 1, 1]], np.float32)
    stream = np.array([[0, 0], [1, 1], [1, 0], [1, 1]], np.float32)
    found = tree_sums(values, stream, Packing(1, 8, 1, 4, 2))
    assert found.tolist() == [[2**24, 2**24]]  # (2^24 + 1) + 1: three lanes


@pytest.mark.parametrize("seed", range(40))
def test_any_operands_on_any_configuration_have_the_bits_of_the_path_in_numpy(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    config = any_config(rng)
    gemm = Gemm(*(int(rng.integers(1, 60)) for _ in range(3)), count=int(rng.integers(1, 3)))
    front = (gemm.count,) if gemm.count > 1 else ()
    shares = rng.choice([0.02, 0.3, 0.7, 1], 2)
    a, b = (
        sparse(rng, (*front, *shape), share, config.operands)
        for shape, share in zip(((gemm.m, gemm.k), (gemm.k, gemm.n)), shares, strict=True)
    )
    if config.operands == "fp16" and seed % 3 == 0:
        a = list(VALUES.values())[seed % len(VALUES)](rng, a.shape)
    program = scheduled(gemm, Operands(a, b), config, any_mapping(rng, config))
    found = reference.products(program, Operands(a, b))
    monkeypatch.setenv(kernel.CHOICE, "numpy")
    assert np.array_equal(bits(found), bits(reference.products(program, Operands(a, b))))

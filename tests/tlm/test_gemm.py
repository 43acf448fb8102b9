"""A matrix product: its sizes, its multiply-adds, and how many of them sparsity saves."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl.golden import nm_mask
from rtl.sparsity import Sparsity
from tests.support.properties import few
from tests.support.refused import refused
from tlm import Gemm
from tlm.feature_map import FeatureMap

PATTERNS = [None, "1:4", "2:4", "2:8", "4:8", "1:16", "4:16"]


@pytest.mark.parametrize(
    "change, complaint",
    [
        (dict(m=0), "GEMM size m must be at least 1, not 0"),
        (dict(k=-3), "GEMM size k must be at least 1, not -3"),
        (dict(n=0), "GEMM size n must be at least 1, not 0"),
        (dict(m=2.0), "GEMM size m must be an int, not 2.0"),
        (dict(count="2"), "GEMM size count must be an int, not '2'"),
        (dict(sparsity="2:8"), "sparsity of a GEMM must be a Sparsity or None, not '2:8'"),
        (dict(output="fp64"), "output must be one of fp32, fp16, not 'fp64'"),
        (dict(output=["fp32"]), r"output must be one of fp32, fp16, not \['fp32'\]"),
    ],
)
def test_a_wrong_size_or_output_is_refused_by_name(change, complaint):
    with pytest.raises(ValueError, match=complaint):
        Gemm(**{"m": 2, "k": 2, "n": 2, **change})


@few(60)
@given(st.integers(1, 9), st.integers(1, 70), st.integers(1, 9), st.sampled_from(PATTERNS))
def test_done_and_skipped_multiply_adds_make_the_dense_ones(m, k, n, pattern):
    gemm = Gemm(m, k, n, Sparsity.parse(pattern))
    assert gemm.macs + gemm.macs_skipped == m * k * n
    assert (gemm.macs_skipped == 0) or pattern


@few(60)
@given(st.integers(1, 70), st.sampled_from(PATTERNS[1:]))
def test_kept_is_what_the_contract_keeps_where_no_weight_is_zero(k, pattern):
    sparsity = Sparsity.parse(pattern)
    mask = nm_mask(np.arange(1, k + 1, dtype=np.float16)[:, None], sparsity.n, sparsity.m)
    assert Gemm(1, k, 1, sparsity).kept == mask.sum()


def test_gemms_that_differ_in_their_sources_alone_are_not_equal():
    images = FeatureMap(1, 4, 4, 8, (3, 3), (1, 1), (1, 1), (1, 1), (4, 4))
    matrix, of_a, of_b = Gemm(16, 72, 16), Gemm(16, 72, 16, source=images), Gemm(16, 72, 16, source_b=images)
    assert len({matrix, of_a, of_b}) == 3 and of_a == Gemm(16, 72, 16, source=replace(images))
    assert (of_a.sources, of_b.sources) == ((images, None), (None, images))
    with pytest.raises(ValueError, match="^source_b is of a transposed im2col matrix as it is, and must not say so"):
        Gemm(16, 72, 16, source_b=replace(images, transposed=True))


@pytest.mark.parametrize("k, pattern, of_b", [(64, None, 1), (64, "2:8", 1 / 4), (10, "2:8", 4 / 10)])
def test_the_densities_of_a_training_step_are_those_of_all_of_a_and_what_is_kept_of_b(k, pattern, of_b):
    assert Gemm(16, k, 16, Sparsity.parse(pattern)).densities == (1.0, of_b)


def test_a_quarter_of_the_multiply_adds_is_left_of_2_of_8():
    gemm = Gemm(16, 64, 8, Sparsity(2, 8))
    assert (gemm.macs, gemm.macs_skipped) == (2048, 6144)


IMAGES = FeatureMap(2, 6, 6, 3, (3, 3), (1, 1), (1, 1), (1, 1), (6, 6))


def test_a_source_is_that_of_the_operand():
    for m, k in ((72, 27), (72, 9 * 8)):  # the channels alone, or filled up to groups
        assert Gemm(m, k, 5, source=IMAGES).source == Gemm(5, k, m, source_b=IMAGES).source_b == IMAGES
    turned = replace(IMAGES, transposed=True)
    assert Gemm(27, 72, 5, source=turned)
    words = "must have 72 output pixels and 9 kernel positions of 3"
    for m, k in ((71, 27), (72, 26), (72, 18), (27, 72)):
        refused(words, Gemm, m, k, 5, source=IMAGES)
        refused(words, Gemm, 5, k, m, source_b=IMAGES)
    for m, k in ((36, 72), (72, 27)):
        refused(words, Gemm, m, k, 5, source=turned)
    refused("source of a GEMM must be a FeatureMap or None, not 'x'", Gemm, 1, 1, 1, source="x")
    refused("source_b of a GEMM must be a FeatureMap or None, not 0", Gemm, 1, 1, 1, source_b=0)

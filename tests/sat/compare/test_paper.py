"""The GEMMs of SIGMA's paper, and the counts that are published for them."""

import pytest

from sat.compare import paper
from tlm.compare import setups
from tlm.published.sigma import GEMMS

PUBLISHED = {  # the tables of SIGMA's paper at density 0.2: (SIGMA, TPU)
    "128-2048-4096": (66454, 73728),
    "320-3072-4096": (100576, 319488),
    "2048-4096-32": (4213, 68096),
    "35-8457-2560": (169308, 174260),
    "84-1024-4096": (33376, 40960),
    "256-256-2048": (5014, 16384),
}


def test_the_published_counts_stand_beside_ours(published):
    content, output = published
    rows = {row["layer"]: row for row in content["rows"] if row["density_a"] == 0.2}
    assert list(rows) == [gemm.name for gemm in GEMMS]
    for name, (sigma, tpu) in PUBLISHED.items():
        assert rows[name]["published"] == dict(sigma=sigma, tpu=tpu)
        assert all(type(count) is int for count in rows[name]["published"].values())
        assert f"{sigma:,}" in output and f"{tpu:,}" in output
        assert rows[name]["systolic"]["formula_cycles"] == tpu  # the same array, 128 x 128
    assert paper.NOTE in output


def test_each_gemm_comes_at_each_point_of_the_grid_and_once_with_a_sparse_b():
    jobs = paper.of_paper([1.0, 0.5], setups()["paper"])
    assert [name for name, _ in jobs] == [gemm.name for gemm in GEMMS for _ in range(5)]
    lines = [make() for name, make in jobs if name == "2048-1-128"]
    assert [line.variant for line in lines] == ["1, 1", "1, 0.5", "0.5, 1", "0.5, 0.5", "1, 2:8"]
    assert [line.described["sparsity"] for line in lines] == ["dense"] * 4 + ["2:8"]
    assert lines[-1].described["density_b"] == 2 / 8
    for line in lines:
        assert line.published_gains == {paper.GAIN: line.published["tpu"] / line.published["sigma"]}
        assert list(line.panels) == ["SIGMA against sat", "SIGMA against systolic", paper.GAIN]


def test_densities_are_shares_with_commas_between():
    assert paper.densities_of("1,0.5, 1e-1") == [1.0, 0.5, 0.1]


@pytest.mark.parametrize("text", ["0", "1.1", "0.5,", "", "half", "nan", "0.5;1", "-0.1"])
def test_other_words_are_refused(text):
    with pytest.raises(ValueError, match=r"^--densities must be numbers above 0 and up to 1 with commas between, not"):
        paper.densities_of(text)

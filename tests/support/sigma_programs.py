"""SIGMA's programs: two operands by hand, and strategies for any."""

import numpy as np
from hypothesis import strategies as st

from tests.support.sigma import configurations, mappings
from tlm import Gemm
from tlm.sigma.program import schedule_sigma
from tlm.sigma.zeros import ExactZeros, UniformDensity

MK = np.array([[0, 1, 1, 1], [1, 1, 1, 0], [1, 1, 1, 0]])


KN = np.array([[1, 1, 0, 1], [0, 1, 1, 0], [1, 0, 0, 1], [0, 0, 0, 0]])


@st.composite
def gemms(draw):
    """(GEMM, configuration, mapping)"""
    config = draw(configurations())
    gemm = Gemm(
        draw(st.integers(1, 30)),
        draw(st.integers(1, 60)),
        draw(st.integers(1, 30)),
        output=draw(st.sampled_from(["fp32", "fp16"])),
        count=draw(st.integers(1, 2)),
    )
    return gemm, config, draw(mappings(gemm, config))


@st.composite
def programs(draw):
    """Any program for random operands, of which whole rows and columns may be empty."""
    gemm, config, mapping = draw(gemms())
    rows, k, columns = mapping.sides(gemm)
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    shares = st.sampled_from([0, 0.02, 0.2, 0.6, 1])
    bitmaps = ExactZeros.of(
        rng.random((gemm.count, rows, k)) < draw(shares), rng.random((gemm.count, k, columns)) < draw(shares)
    )
    return schedule_sigma(gemm, config, bitmaps, mapping)


@st.composite
def uniform_programs(draw):
    """Any program for values that are spread evenly, so few that chunks are empty, or the last one is, or all are."""
    gemm, config, mapping = draw(gemms())
    share = st.one_of(st.sampled_from([0.0, 0.001, 0.01, 0.03, 0.1, 0.5, 1.0]), st.floats(0, 1))
    return schedule_sigma(gemm, config, UniformDensity(draw(share), draw(share)), mapping)

"""Configurations of SIGMA and operands with zeros, for properties: small ones, of every kind."""

import numpy as np
from hypothesis import strategies as st

from rtl.sigma.config import SigmaConfig
from tlm import Gemm
from tlm.blocks import ORDERS
from tlm.sigma.mapping import STATIONARY, SigmaMapping


@st.composite
def configurations(draw, most_engines: int = 4) -> SigmaConfig:
    """A small SIGMA of any shape, with or without a buffer, whose memory is anything from starved to unlimited."""
    lanes = draw(st.sampled_from([2, 4, 8, 16]))
    return SigmaConfig(
        engines=draw(st.integers(1, most_engines)),
        lanes=lanes,
        results=draw(st.integers(2, lanes)),
        rows=draw(st.integers(1, 20)),
        columns=draw(st.integers(8, 40)),
        operands=draw(st.sampled_from(["fp16", "bf16"])),
        buffer_kib=draw(st.sampled_from([0, 1, 1000])),
        memory_latency=draw(st.sampled_from([0, 1, 5, 40])),
        read_bytes_per_cycle=draw(st.sampled_from([0.75, 8.0, 64.0, 1e6])),
        write_bytes_per_cycle=draw(st.sampled_from([0.75, 8.0, 1e6])),
    )


@st.composite
def mappings(draw, gemm: Gemm, config: SigmaConfig) -> SigmaMapping:
    """Any mapping that fits, with blocks up to a little beyond the operands."""
    stationary = draw(st.sampled_from(list(STATIONARY)))
    rows, _, columns = SigmaMapping(stationary, 1, 1).sides(gemm)
    return SigmaMapping(
        stationary,
        draw(st.integers(1, min(config.rows, rows + 1))),
        draw(st.integers(1, min(config.columns, columns + 1))),
        draw(st.sampled_from(list(ORDERS))),
    )


def sparse(rng: np.random.Generator, shape: tuple[int, ...], density: float, operands: str = "fp16") -> np.ndarray:
    """Normal numbers, of which about so large a share is not zero; bfloat16 ones of many exponents in float32."""
    values = np.where(rng.random(shape) < density, rng.standard_normal(shape), 0).astype(np.float32)
    if operands == "fp16":
        return values.astype(np.float16)
    return as_bf16(values * np.float32(2.0) ** rng.integers(-70, 60, shape))


def as_bf16(values: np.ndarray) -> np.ndarray:
    """The nearest bfloat16 numbers towards zero, in float32."""
    return (values.astype(np.float32).view(np.uint32) & 0xFFFF0000).view(np.float32)

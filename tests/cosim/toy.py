"""The dot-product unit on the functional engine: its arithmetic, and its row in the table of engines' accelerators."""

import numpy as np
import pytest

from cosim import accelerators
from cosim.accelerator import ExecutionRow, ProgramKind
from cosim.exchange import Operands
from cosim.operands import check_operands
from rtl.golden import to_fp16
from tests.support import toy
from tests.support.toy import DotConfig, DotProgram
from tlm.gemm import Gemm
from tlm.memory import Memory


def products(program: DotProgram, operands: Operands) -> np.ndarray:
    """c (M, N), or (count, M, N): products of all lanes are summed pair by pair, and these sums with k ascending."""
    a, b = (side.astype(np.float32) for side in operands.arrays)
    lanes, k = program.config.lanes, program.gemm.k
    c = np.zeros((*a.shape[:-1], b.shape[-1]), np.float32)
    for start in range(0, k, lanes):
        stop = min(start + lanes, k)
        c += pairwise_sum(a[..., :, start:stop, None] * b[..., None, start:stop, :])
    return c if program.gemm.output == "fp32" else to_fp16(c)


def pairwise_sum(parts: np.ndarray) -> np.ndarray:
    """The sum over the last axis but one, of neighbours first."""
    while parts.shape[-2] > 1:
        odd = parts[..., -1:, :] if parts.shape[-2] % 2 else parts[..., :0, :]
        even = parts.shape[-2] // 2 * 2
        parts = np.concatenate([parts[..., 0:even:2, :] + parts[..., 1:even:2, :], odd], axis=-2)
    return parts[..., 0, :]


def schedule(gemm: Gemm, operands: Operands, config: DotConfig, mapping: str | None, memory: Memory) -> DotProgram:
    """The same program whatever the operands."""
    return toy.schedule(gemm, config, mapping, memory=memory)


DOT = ExecutionRow(programs={DotProgram: ProgramKind(check_operands, products)}, schedule=schedule)


def add_toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its two rows, in both tables of accelerators until the test ends."""
    toy.add_toy(monkeypatch)
    monkeypatch.setitem(accelerators.TABLE, toy.DOT.name, DOT)

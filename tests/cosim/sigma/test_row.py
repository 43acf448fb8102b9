"""SIGMA's row: programs for the zeros of their operands, which are pruned, and of one format."""

from dataclasses import replace

import numpy as np
import pytest

from cosim import Operands
from cosim.sigma import codec
from cosim.sigma.pieces import SigmaPieces
from cosim.sigma.row import SIGMA, check
from rtl.sigma.config import PRESETS, SigmaConfig
from rtl.sparsity import Sparsity
from tests.cosim.programs import scheduled
from tests.support.sigma import sparse
from tlm import Gemm
from tlm.sigma.program import SigmaProgram
from tlm.sigma.zeros import UniformDensity

SMALL = PRESETS["small"]
BF16 = SigmaConfig(engines=2, lanes=4, results=4, rows=4, columns=8, operands="bf16")
PATTERN = Sparsity(2, 4)


def case(config=SMALL, sparsity=None, count=1, mapping="mk", density=0.6):
    """(program, operands)"""
    rng, front = np.random.default_rng(1), (count,) if count > 1 else ()
    given = Operands(*(sparse(rng, (*front, *shape), density, config.operands) for shape in ((5, 10), (10, 7))))
    return scheduled(Gemm(5, 10, 7, sparsity, count=count), given, config, mapping), given


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("config", [SMALL, BF16], ids=["fp16", "bf16"])
@pytest.mark.parametrize("mapping", ["mk", "kn"])
def test_the_operands_that_a_program_was_made_for_pass_and_others_do_not(config, count, mapping):
    program, given = case(config, count=count, mapping=mapping)
    check(program, given)
    for side in ("a", "b"):
        other = getattr(given, side).copy()
        other[..., -1, -1] = 0 if other[..., -1, -1].all() else 1
        with pytest.raises(
            ValueError, match="^the program must be made for the zeros of its operands, not for zeros in"
        ):
            check(program, replace(given, **{side: other}))


def test_the_sign_of_a_zero_and_the_values_of_others_are_free():
    program, given = case()
    check(
        program, Operands(*(np.where(side == 0, np.float16(-0.0), np.float16(np.nan)) for side in (given.a, given.b)))
    )


@pytest.mark.parametrize("mapping", ["mk", "kn"])
def test_b_must_be_pruned_whatever_the_program_was_made_for(mapping):
    program, given = case(sparsity=PATTERN, mapping=mapping, density=1.0)
    with pytest.raises(ValueError, match="^b must be pruned to 2:4: 2 values a group, not 4$"):
        check(program, given)
    kept = given.b.copy()
    kept[np.arange(10) % 4 > 1] = 0  # of the last group, which has two elements, both
    check(scheduled(program.gemm, Operands(given.a, kept), SMALL, mapping), Operands(given.a, kept))


def test_a_program_from_densities_is_costed_alone():
    program, given = case()
    with pytest.raises(ValueError, match=r"made for the zeros of its operands \(ExactZeros\), not for densities: Uni"):
        check(replace(program, zeros=UniformDensity(0.5, 0.5)), given)


def test_operands_are_of_the_configurations_format():
    assert [SIGMA.operand_format(config) for config in (SMALL, BF16)] == ["fp16", "bf16"]
    (program, given), (_, halves) = case(BF16), case()
    with pytest.raises(ValueError, match="^operand a must be float32 with 2 dimensions, not float16 with 2$"):
        check(program, halves)
    with pytest.raises(ValueError, match=r"^operand b must hold bfloat16 numbers, not np.float32\(.*\) at \(\d, \d\)$"):
        check(program, Operands(given.a, given.b * np.float32(1.001)))


def test_the_row_says_how_its_programs_are_treated():
    kind = SIGMA.programs[SigmaProgram]
    assert (kind.codec, kind.prunes, kind.updating, kind.pieces) == (codec, False, False, SigmaPieces)
    assert SIGMA.for_operands and SIGMA.device_of(SMALL).name == "sigma"

"""From operands to SIGMA's program for them: for their zeros, pruned ones too, and by its own mappings."""

import numpy as np
import pytest

from cosim import Operands
from cosim.sigma.scheduling import cycles_at_least
from rtl.sigma.config import PRESETS
from rtl.sparsity import Sparsity
from tests.cosim.programs import scheduled
from tests.cosim.support import operands
from tests.support.sigma import sparse
from tests.support.sigma_configs import any_config
from tlm import Gemm, Mapping, simulate
from tlm.sigma.mapping import SigmaMapping
from tlm.sigma.program import SigmaProgram

SMALL = PRESETS["small"]
KIND = "a mapping on this accelerator must be a SigmaMapping or an operand's name"


def given(shape, of_a, of_b, seed=1):
    (m, k, n), rng = shape, np.random.default_rng(seed)
    return Operands(sparse(rng, (m, k), of_a), sparse(rng, (k, n), of_b))


@pytest.mark.parametrize("mapping", ["mk", "kn", SigmaMapping("mk", 3, 8), SigmaMapping("kn", 3, 8, "columns")])
def test_the_bitmaps_are_those_of_the_sides(mapping):
    both, gemm = given((9, 20, 11), 0.4, 0.3), Gemm(9, 20, 11)
    program = scheduled(gemm, both, SMALL, mapping)
    assert isinstance(program, SigmaProgram)
    sides = (both.a, both.b) if program.dataflow == "mk" else (both.b.T, both.a.T)
    for bitmap, side in zip((program.zeros.stationary, program.zeros.stream), sides, strict=True):
        assert np.array_equal(bitmap[0], side != 0)
    if isinstance(mapping, SigmaMapping):
        assert program.mapping == mapping
    else:
        assert program.mapping == SigmaMapping(mapping, SMALL.rows, SMALL.columns)


@pytest.mark.parametrize("of_a, of_b, expected", [(0.1, 1.0, "mk"), (1.0, 0.1, "kn")])
def test_by_default_that_operand_stays_which_takes_fewer_cycles(of_a, of_b, expected):
    both, gemm = given((40, 40, 40), of_a, of_b), Gemm(40, 40, 40)
    cycles = {name: simulate(scheduled(gemm, both, SMALL, name)).cycles for name in ("mk", "kn")}
    program = scheduled(gemm, both, SMALL)
    assert program.dataflow == expected == min(cycles, key=cycles.get) and simulate(program).cycles == cycles[expected]


def test_where_there_is_no_difference_a_stays():
    both = Operands(*(np.ones((8, 8), np.float16),) * 2)
    assert scheduled(Gemm(8, 8, 8), both, SMALL).dataflow == "mk"


@pytest.mark.parametrize("mapping, values", [("mk", [(0, 12), (1, 0)]), ("kn", [(0, 16), (0, 4), (1, 0)])])
def test_several_products_have_a_bitmap_each(mapping, values):
    b = np.stack([np.ones((4, 5), np.float16), np.zeros((4, 5), np.float16)])
    program = scheduled(Gemm(3, 4, 5, count=2), Operands(np.ones((2, 3, 4), np.float16), b), SMALL, mapping)
    assert [(tile.item, tile.fold.values) for tile in program.tiles()] == values and program.macs == 3 * 4 * 5


@pytest.mark.parametrize(
    "mapping, text",
    [
        ("os", "the stationary operand must be one of mk, kn, not 'os'"),
        (Mapping("os", 1, 1, 16), f"{KIND}, not Mapping.*"),
        (3, f"{KIND}, not 3"),
        (SigmaMapping("mk", 9, 1), r"rows of a block must be from 1 to 8 \(small\), not 9"),
    ],
)
def test_a_mapping_that_is_the_other_accelerators_or_does_not_fit_is_refused(mapping, text):
    with pytest.raises(ValueError, match=f"^{text}$"):
        scheduled(Gemm(8, 8, 8, Sparsity(2, 8)), Operands(*operands(8, 8, 8)), SMALL, mapping)


@pytest.mark.parametrize("seed", range(30))
def test_of_any_operands_on_any_configuration_the_mapping_is_that_of_fewer_cycles(seed):
    """Also where one of them was not walked through, since its steps alone take longer."""
    rng = np.random.default_rng(seed)
    config, shape = any_config(rng), [int(rng.integers(1, 60)) for _ in range(3)]
    both, gemm = given(shape, *rng.choice([0.02, 0.3, 1], 2), seed), Gemm(*shape)
    config = config.model_copy(update=dict(operands="fp16"))
    programs = {name: scheduled(gemm, both, config, name) for name in ("mk", "kn")}
    cycles = {name: simulate(program).cycles for name, program in programs.items()}
    assert scheduled(gemm, both, config).dataflow == min(cycles, key=cycles.get)
    for name, program in programs.items():
        assert cycles_at_least(program) <= simulate(program).busy <= cycles[name]

"""SAT's row, and that of its array as a plain systolic one: programs by name, the best ones, and the TPU's formula."""

import pytest

from rtl.sat.config import BEAT, PRESETS, SystolicConfig
from rtl.sparsity import Sparsity
from tests.support.memories import BURST
from tlm import Gemm, Mapping, schedule, simulate
from tlm.published.tpu import systolic_cycles
from tlm.sat.program import schedule_gemm
from tlm.sat.row import SAT, SYSTOLIC, best
from tlm.sat.scheduler import best_mapping
from tlm.sat.update_program import schedule_update

SMALL = PRESETS["small"]
PLAIN = SystolicConfig.of(SMALL)
GEMM = Gemm(30, 40, 50, Sparsity(1, 4), "fp16")


@pytest.mark.parametrize("config", [SMALL, PLAIN], ids=["sat", "systolic"])
@pytest.mark.parametrize("mapping", [None, "os", "ws", Mapping("ws", 3, 5, 8, "columns")], ids=str)
def test_a_program_is_that_of_a_mapping_or_a_dataflows_largest_tiles(config, mapping):
    assert schedule(GEMM, config, mapping) == schedule_gemm(GEMM, config, mapping or "os")
    assert schedule(GEMM, config, mapping, memory=BURST) == schedule_gemm(GEMM, config, mapping or "os", BURST)
    with pytest.raises(ValueError, match="^no program of SAT depends on its operands' zeros: they cannot be str$"):
        schedule(GEMM, config, mapping, zeros="of no meaning here")


@pytest.mark.parametrize("memory", [None, BURST], ids=["rates", "bursts"])
def test_the_best_program_is_that_of_the_best_mapping_of_the_dataflows_or_of_all(memory):
    for dataflows, meant in (((), ("os", "ws")), (("ws",), ("ws",))):
        program, cycles = best(GEMM, SMALL, dataflows, densities=(0.5, 0.5), by_chance=True, memory=memory)
        assert (program.mapping, cycles) == best_mapping(GEMM, SMALL, meant, memory)
        assert program == schedule(GEMM, SMALL, program.mapping, memory=memory) and cycles == simulate(program).cycles


def test_a_plain_array_has_the_shortest_groups_and_everything_else_of_sats():
    for name, config in SAT.presets.items():
        plain = SYSTOLIC.presets[name]
        same = set(type(config).model_fields) - {"largest_m", "update_lanes"}
        assert {field: getattr(plain, field) for field in same} == {field: getattr(config, field) for field in same}
        assert plain.largest_m == BEAT and plain.update_lanes == min(BEAT, config.update_lanes)


def test_sat_updates_skips_zeros_and_plans_and_the_plain_array_does_not():
    for row, own in ((SAT, True), (SYSTOLIC, False)):
        assert (row.counts_updates, row.skips_zeros, row.plans) == (own, own, own)
        assert row.schedule_update is schedule_update and list(row.dataflows) == ["os", "ws"]
    assert SAT.formula is None


def test_the_plain_arrays_formula_is_that_of_a_tpu():
    program = schedule(Gemm(30, 40, 50, count=3), PLAIN)
    assert SYSTOLIC.formula.cycles(program) == 3 * systolic_cycles(m=30, n=50, k=40, rows=4, columns=4).cycles
    assert SYSTOLIC.formula.compared

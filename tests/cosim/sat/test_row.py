"""SAT's row: one program whatever the operands, two kinds of programs, and pieces of both."""

import pytest

from cosim import Operands
from cosim.sat import gemm_codec, update_codec
from cosim.sat.row import SAT, update_pieces
from cosim.sat.update_pieces import UpdatePieces
from rtl.sat import layouts
from rtl.sat.config import SystolicConfig
from tests.cosim.programs import scheduled, update_of
from tests.cosim.support import TINY, operands
from tests.support.memories import BURST
from tlm import Gemm, GemmProgram, Mapping, UpdateProgram, schedule
from tlm.sigma.mapping import SigmaMapping

GEMM = Gemm(5, 20, 9)
NAMES = "a mapping on this accelerator must be a Mapping or a dataflow's name"


@pytest.mark.parametrize("config", [TINY, SystolicConfig.of(TINY)], ids=["sat", "systolic"])
def test_a_program_is_the_models_whatever_the_operands(config):
    for seed in (1, 2):
        given = Operands(*operands(5, 20, 9, seed))
        assert scheduled(GEMM, given, config) == schedule(GEMM, config) == scheduled(GEMM, given, config, "os")
        assert scheduled(GEMM, given, config, mine := Mapping("ws", 3, 2, 4)).mapping == mine


def test_a_program_is_for_the_memory_that_is_given():
    assert SAT.schedule(GEMM, Operands(*operands(5, 20, 9)), TINY, None, BURST).memory is BURST


@pytest.mark.parametrize(
    "mapping, text",
    [
        ("mk", "dataflow must be one of os, ws, not 'mk'"),
        (SigmaMapping("mk", 1, 1), f"{NAMES}, not SigmaMapping.*"),
        (3, f"{NAMES}, not 3"),
        (Mapping("os", 3, 1, 4), r"rows of a tile must be from 1 to 2 \(os, tiny\), not 3"),
    ],
)
def test_a_mapping_that_is_another_accelerators_or_does_not_fit_is_refused(mapping, text):
    with pytest.raises(ValueError, match=f"^{text}$"):
        scheduled(GEMM, Operands(*operands(5, 20, 9)), TINY, mapping)


def test_gemms_are_pruned_by_the_arithmetic_and_updates_need_the_updaters_clock():
    gemms, updates = SAT.programs[GemmProgram], SAT.programs[UpdateProgram]
    assert (gemms.codec, gemms.prunes, gemms.updating) == (gemm_codec, True, False)
    assert (updates.codec, updates.prunes, updates.updating) == (update_codec, False, True)
    assert SAT.operand_format(TINY) == "fp16" and not SAT.for_operands


def test_a_piece_of_an_update_takes_a_quarter_of_the_cycles_that_a_gemms_may_take():
    program = update_of(90, 40, 9, "2:8")
    assert len(update_pieces(program, 4000)) == len(UpdatePieces(program, 1000)) > len(UpdatePieces(program, 4000))


def test_a_systolic_array_is_sats_device_with_its_own_widths():
    sat, plain = SAT.device_of(TINY), SAT.device_of(config := SystolicConfig.of(TINY))
    assert sat.block is plain.block and plain.line_bits == layouts.line_bits(config) < sat.line_bits

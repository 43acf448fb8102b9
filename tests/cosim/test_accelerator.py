"""A row of the table: the kinds of its programs by type, subclasses among them, and its RTL, if it has one."""

from dataclasses import dataclass, fields

import pytest

from cosim.accelerator import ExecutionRow, ProgramKind
from cosim.sat.row import SAT
from cosim.sigma.row import SIGMA
from rtl.sigma.config import PRESETS as SIGMAS
from tests.cosim.programs import program_of, update_of
from tests.cosim.support import TINY
from tests.cosim.toy import DOT
from tests.support.mixed import mixed_program
from tests.support.toy import PRESETS as TOYS
from tlm import Gemm, GemmProgram, Mapping, UpdateProgram, schedule


def test_a_program_of_a_subclass_is_treated_as_its_base():
    mixed = mixed_program(Gemm(5, 18, 5), TINY, Mapping("os", 2, 3, 16), (("os", 4), ("ws", 8)))
    assert type(mixed) is not GemmProgram and SAT.kind_of(mixed) is SAT.kind_of(program_of(2, 3, 4))


def test_a_subclass_with_a_row_of_its_own_is_treated_by_that():
    @dataclass(frozen=True)
    class Special(UpdateProgram):
        pass

    own = ProgramKind(lambda program, operands: None, lambda program, operands: None)
    row = ExecutionRow({UpdateProgram: SAT.kind_of(update_of(3, 4, 3)), Special: own}, SAT.schedule)
    base = update_of(3, 4, 3)
    assert row.kind_of(Special(base.update, base.config, base.memory)) is own is not row.kind_of(base)


@pytest.mark.parametrize(
    "row, program, names",
    [
        (SAT, schedule(Gemm(2, 3, 4), SIGMAS["small"]), "GemmProgram, UpdateProgram, not a SigmaProgram"),
        (SIGMA, program_of(2, 3, 4), "SigmaProgram, not a GemmProgram"),
        (DOT, update_of(3, 4, 3), "DotProgram, not a UpdateProgram"),
        (SAT, None, "GemmProgram, UpdateProgram, not a NoneType"),
    ],
)
def test_another_accelerators_program_is_refused_by_type(row, program, names):
    with pytest.raises(ValueError, match=f"^a program on this accelerator must be a {names}$"):
        row.kind_of(program)


def test_a_row_without_a_device_says_so_in_one_line():
    assert SAT.device_of(TINY).name == "sat" and SIGMA.device_of(SIGMAS["small"]).name == "sigma"
    with pytest.raises(ValueError, match="^accelerator dot has no RTL: its programs run on the functional engine$"):
        DOT.device_of(TOYS["small"])


def test_only_sats_arithmetic_prunes_by_itself():
    assert (SAT.prunes, SIGMA.prunes, DOT.prunes) == (True, False, False)


def test_what_a_row_leaves_out_means_fp16_without_rtl_and_programs_for_all_operands():
    left_out = {field.name for field in fields(ExecutionRow)} - {"programs", "schedule"}
    row = ExecutionRow(SAT.programs, SAT.schedule)
    assert left_out == {"device", "verilog", "operand_format", "for_operands"}
    assert (row.device, row.verilog, row.operand_format(TINY), row.for_operands) == (None, None, "fp16", False)

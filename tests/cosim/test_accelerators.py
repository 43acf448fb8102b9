"""The table of accelerators that run on engines: a row for each, and one line for whatever has none."""

import pytest

from cosim import accelerators
from cosim.sat.row import SAT
from cosim.sigma.row import SIGMA
from rtl.sat.config import PRESETS, SystolicConfig
from rtl.sigma.config import PRESETS as SIGMAS
from tests.cosim.programs import program_of, update_of
from tests.cosim.support import TINY
from tests.cosim.toy import DOT, add_toy
from tests.support.toy import PRESETS as TOYS
from tlm import Gemm, schedule
from tlm.accelerators import TABLE

SYSTOLIC = SystolicConfig.of(TINY)


def test_every_accelerator_of_the_model_has_a_row_by_its_name():
    assert accelerators.TABLE.keys() == TABLE.keys() == {"sat", "sigma", "systolic"}
    for config, row in ((PRESETS["small"], SAT), (SYSTOLIC, SAT), (SIGMAS["small"], SIGMA)):
        assert accelerators.execution_row_of(config) is row


def test_a_program_is_treated_as_its_configurations_row_says():
    for program, row in (
        (program_of(2, 3, 4), SAT),
        (program_of(2, 3, 4, config=SYSTOLIC), SAT),
        (update_of(3, 4, 3), SAT),
        (schedule(Gemm(2, 3, 4), SIGMAS["small"]), SIGMA),
    ):
        assert accelerators.kind_of(program) is row.programs[type(program)]


@pytest.mark.parametrize("value", [None, "small", TINY, program_of])
def test_only_a_program_is_treated_as_one(value):
    with pytest.raises(
        ValueError, match=f"^a program must be a tlm.transactions.Program, not a {type(value).__name__}$"
    ):
        accelerators.kind_of(value)


def test_a_row_that_is_added_is_found_and_has_no_rtl(monkeypatch):
    config = TOYS["small"]
    with pytest.raises(ValueError, match="^a configuration must be of one of sat, sigma, systolic, not of dot$"):
        accelerators.execution_row_of(config)
    add_toy(monkeypatch)
    assert accelerators.execution_row_of(config) is DOT
    with pytest.raises(ValueError, match="^accelerator dot has no RTL: its programs run on the functional engine$"):
        accelerators.device_of(config)
    with pytest.raises(ValueError, match="^accelerator dot has no RTL$"):
        accelerators.verilog_of(config)

"""Which plan a command runs by."""

import pytest

from rtl.sat_config import PRESETS
from rtl.sigma.config import PRESETS as SIGMA_PRESETS
from rtl.sparsity import Sparsity
from sat.planning import SCHEDULED, check_dataflow, dataflows, plan_for
from tlm import Gemm, Update, make_plan

SMALL = PRESETS["small"]
STEP = [Gemm(30, 40, 50, Sparsity(2, 8), "fp16", "one", "ff"), Update(40, 50, 40, Sparsity(2, 8), True, layer="one")]


@pytest.mark.parametrize("dataflow, dataflows", [("os", ("os",)), ("ws", ("ws",)), (SCHEDULED, ("os", "ws"))])
def test_it_is_the_best_one_with_that_dataflow(dataflow, dataflows):
    plan = plan_for(STEP, SMALL, dataflow)
    assert plan == make_plan(STEP, SMALL, dataflows) and plan.gemms[0].dataflow in dataflows
    assert plan_for(STEP, SMALL).cycles <= plan.cycles


def test_it_is_the_one_in_the_file(tmp_path):
    plan = make_plan(STEP, SMALL, ("os",), ("use",))
    plan.save(tmp_path / "plan.json")
    assert plan_for(STEP, SMALL, file=tmp_path / "plan.json") == plan != plan_for(STEP, SMALL)


@pytest.mark.parametrize(
    "dataflow, file, words",
    [
        ("is", None, "dataflow must be one of os, ws, scheduled, not 'is'"),
        ("", None, "dataflow must be one of os, ws, scheduled, not ''"),
        ("ws", "plan.json", "--dataflow ws cannot go with --plan, which has its own"),
    ],
)
def test_an_unknown_dataflow_and_one_beside_a_file_are_refused(dataflow, file, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        plan_for(STEP, SMALL, dataflow, file and tmp_path / file)


def test_a_plan_of_another_step_or_configuration_is_refused(tmp_path):
    make_plan(STEP[:1], SMALL).save(tmp_path / "plan.json")
    with pytest.raises(ValueError, match="plan.json: the plan is for another training step"):
        plan_for(STEP, SMALL, file=tmp_path / "plan.json")
    with pytest.raises(ValueError, match="another configuration: name must be 'medium', not 'small'"):
        plan_for(STEP[:1], PRESETS["medium"], file=tmp_path / "plan.json")


@pytest.mark.parametrize(
    "config, own, other", [(SMALL, ("os", "ws"), "mk"), (SIGMA_PRESETS["small"], ("mk", "kn"), "os")]
)
def test_dataflows_are_the_accelerators_own(config, own, other):
    assert dataflows(config) == own
    for name in (*own, SCHEDULED):
        check_dataflow(name, config)
    for name in (other, ""):
        with pytest.raises(ValueError, match=f"^dataflow must be one of {', '.join(own)}, scheduled, not {name!r}$"):
            check_dataflow(name, config)

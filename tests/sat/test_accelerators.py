"""What commands know of each accelerator."""

from dataclasses import replace

import pytest
from tlm.sigma.step import cost_on_sigma, densities

from rtl.sat_config import PRESETS, SatConfig
from rtl.sigma.config import PRESETS as SIGMA_PRESETS
from rtl.sparsity import Sparsity
from sat import accelerators, terminal
from sat.planning import SCHEDULED
from tests.sat.support import refused
from tlm import Gemm, Update, make_plan, predict
from tlm.sigma.published import sigma_cycles
from tlm.systolic import systolic_cycles

PATTERN = Sparsity(2, 8)
STEP = [
    Gemm(30, 40, 50, PATTERN, "fp16", "one", "ff"),
    Gemm(5, 6, 7, layer="one", stage="wu", count=3),
    Update(40, 50, 40, PATTERN, True, layer="one"),
]
DENSE = [replace(STEP[0], sparsity=None), STEP[1]]


def report(name, config="small", dataflow=SCHEDULED, plan=None):
    kind = accelerators.kind(name)
    return accelerators.report(kind, STEP, [*DENSE, STEP[2]], kind.load(config), dataflow, plan)[0]


def test_sat_runs_all_of_the_step_sigma_and_the_systolic_array_its_gemms():
    found = {name: report(name) for name in accelerators.KINDS}
    assert {name: [row["stage"] for row in one.rows] for name, one in found.items()} == dict(
        sat=["ff", "wu", "update"], sigma=["ff", "wu"], systolic=["ff", "wu"]
    )
    assert found["sat"].totals["cycles"] == make_plan(STEP, PRESETS["small"]).cycles
    runs = cost_on_sigma(STEP, SIGMA_PRESETS["small"])
    assert [row["cycles"] for row in found["sigma"].rows] == [taken.cycles for _, taken in runs]
    systolic = accelerators.load_systolic("small")
    assert found["systolic"].totals["cycles"] == make_plan(DENSE, systolic).cycles
    assert {row["sparsity"] for row in found["systolic"].rows} == {"dense"}


def test_only_a_sparse_step_on_hardware_that_skips_is_faster_than_the_dense_one():
    sat, sigma, systolic = (report(name).totals for name in accelerators.KINDS)
    assert sat["speedup"] > 1.3 and sigma["speedup"] > 1.1 and systolic["speedup"] == 1
    for totals in (sat, sigma, systolic):
        assert totals["busy"] + totals["memory_wait"] == totals["cycles"] and 0 < totals["utilisation"] <= 1
        assert totals["macs"] + totals["macs_skipped"] == 30 * 40 * 50 + 3 * 5 * 6 * 7
    assert systolic["macs_skipped"] == 0 and sigma["macs_skipped"] == sat["macs_skipped"] == 30 * 30 * 50


def test_what_the_host_does_is_told():
    assert [accelerators.KINDS[name].on_host for name in ("sat", "sigma")] == [
        terminal.ON_HOST,
        (*terminal.ON_HOST, "weight updates, and N:M copies"),
    ]
    assert accelerators.KINDS["systolic"].on_host == accelerators.KINDS["sigma"].on_host


@pytest.mark.parametrize(
    "name, flow, flows", [("sat", "ws", {"ws", ""}), ("sigma", "kn", {"kn"}), ("systolic", "os", {"os"})]
)
def test_a_dataflow_is_the_accelerators_own(name, flow, flows):
    assert {row["dataflow"] for row in report(name, dataflow=flow).rows} - {"update"} == flows - {""}


@pytest.mark.parametrize(
    "name, flow, words",
    [
        ("sat", "mk", "dataflow must be one of os, ws, scheduled, not 'mk'"),
        ("sigma", "os", "dataflow must be one of mk, kn, scheduled, not 'os'"),
        ("systolic", "kn", "dataflow must be one of os, ws, scheduled, not 'kn'"),
    ],
)
def test_another_accelerators_is_refused(name, flow, words):
    with pytest.raises(ValueError, match=f"^{words}$"):
        report(name, dataflow=flow)


@pytest.mark.parametrize("name", ["sigma", "systolic"])
def test_so_is_a_plan_which_is_sats(name, tmp_path):
    with pytest.raises(ValueError, match="^--plan is SAT's, and cannot go with another --accelerator$"):
        report(name, plan=tmp_path / "plan.json")


@pytest.mark.parametrize("config", PRESETS)
def test_a_systolic_array_is_sat_with_the_shortest_groups(config):
    found, sat = accelerators.load_systolic(config), PRESETS[config]
    assert found.largest_m == 4 and found.update_lanes <= 4
    assert SatConfig(**found.model_dump()) == found  # all rules hold
    same = dict(largest_m=sat.largest_m, update_lanes=sat.update_lanes)
    assert found.model_copy(update=same) == sat == accelerators.load_systolic(found).model_copy(update=same)


def test_its_cycles_do_not_depend_on_the_groups():
    shapes = [(30, 40, 50), (3, 200, 7), (100, 9, 100)]
    for flow in ("os", "ws"):
        assert [predict(*shape, mapping=flow, config=accelerators.load_systolic("small")).busy for shape in shapes] == [
            predict(*shape, mapping=flow, config=PRESETS["small"].model_copy(update=dict(largest_m=4))).busy
            for shape in shapes
        ]


def test_dense_leaves_gemms_without_sparsity_and_the_formula_of_a_tpu_counts_each():
    assert accelerators.dense(STEP) == DENSE
    one, other = (systolic_cycles(m=gemm.m, n=gemm.n, k=gemm.k, rows=4, columns=4).cycles for gemm in DENSE)
    kind = accelerators.kind("systolic")
    config = kind.load("small")
    assert kind.formula[0](kind.runs(STEP, config, "scheduled", None), config) == [one, 3 * other]
    assert other == 2 * 2 * (5 + 4 + 4)  # b stays: 2 x 2 tiles; a would have taken 2 * 2 * 15


@pytest.mark.parametrize("stationary", ["mk", "kn"])
def test_the_latency_model_of_sigmas_paper_counts_the_operand_that_stays(stationary):
    kind = accelerators.kind("sigma")
    config = kind.load("medium")  # 64 multipliers in Flex-DPEs of 16
    sides = {"mk": lambda gemm: dict(m=gemm.m, n=gemm.n), "kn": lambda gemm: dict(m=gemm.n, n=gemm.m)}[stationary]
    expected = [
        gemm.count * sigma_cycles(**sides(gemm), k=gemm.k, words=16, elements=64, density=density).total
        for gemm in STEP
        if isinstance(gemm, Gemm)
        for density in [densities(gemm)[stationary == "kn"]]
    ]
    assert kind.formula[0](kind.runs(STEP, config, stationary, None), config) == expected and len(expected) == 2


def test_an_unknown_one_is_refused_by_name_in_every_command():
    for command in ("cycles", "verify", "verilog"):
        assert (
            refused(command, "--accelerator", "tpu")
            == "sat: accelerator must be one of sat, sigma, systolic, not 'tpu'"
        )


def test_a_title_names_all_but_sat():
    small = PRESETS["small"]
    assert [accelerators.title(name, small) for name in accelerators.KINDS] == [
        "small",
        "sigma small",
        "systolic small",
    ]


@pytest.mark.parametrize("command", ["cycles", "verify", "verilog"])
def test_a_configuration_of_another_accelerator_is_refused_in_one_line(command, tmp_path):
    for accelerator, config in (("sigma", PRESETS["small"]), ("sat", SIGMA_PRESETS["small"])):
        file = tmp_path / "config.json"
        file.write_text(config.model_dump_json())
        assert f"{file}: " in refused(command, "--accelerator", accelerator, "--config", file)

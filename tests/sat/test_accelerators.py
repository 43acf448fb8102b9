"""The accelerators that a command can take, and the report of a step on one of them."""

from dataclasses import replace

import pytest

from rtl.sat.config import PRESETS, SatConfig, SystolicConfig
from rtl.sigma.config import PRESETS as SIGMA_PRESETS
from rtl.sparsity import Sparsity
from sat import accelerators
from sat.planning import SCHEDULED
from sat.report import ON_HOST
from tests.sat.support import refused
from tlm import Gemm, Update, make_plan, predict
from tlm.accelerators import TABLE
from tlm.published.sigma import sigma_cycles
from tlm.published.tpu import systolic_cycles
from tlm.step import cost

PATTERN = Sparsity(2, 8)
STEP = [
    Gemm(30, 40, 50, PATTERN, "fp16", "one", "ff"),
    Gemm(5, 6, 7, layer="one", stage="wu", count=3),
    Update(40, 50, 40, PATTERN, True, layer="one"),
]
DENSE = [replace(STEP[0], sparsity=None), STEP[1]]
ON_HOST_ONLY = "weight updates, and N:M copies"


def reported(name, config="small", dataflow=SCHEDULED, plan=None):
    """(report, cycles by the other formula) of the step on an accelerator."""
    row = TABLE[name]
    return accelerators.report(row, STEP, [*DENSE, STEP[2]], row.load(config), dataflow, plan)


def report(name, **options):
    return reported(name, **options)[0]


def test_sat_runs_all_of_the_step_sigma_and_the_systolic_array_its_gemms():
    found = {name: report(name) for name in TABLE}
    assert {name: [row["stage"] for row in one.rows] for name, one in found.items()} == dict(
        sat=["ff", "wu", "update"], sigma=["ff", "wu"], systolic=["ff", "wu"]
    )
    assert found["sat"].totals["cycles"] == make_plan(STEP, PRESETS["small"]).cycles
    runs = cost(STEP, SIGMA_PRESETS["small"], dataflows=())
    assert [row["cycles"] for row in found["sigma"].rows] == [taken.cycles for _, taken in runs]
    with_zeros = SatConfig(**TABLE["systolic"].load("small").model_dump())  # SAT of the same size, and its dense step
    assert found["systolic"].totals["cycles"] == make_plan(DENSE, with_zeros).cycles
    assert {row["sparsity"] for row in found["systolic"].rows} == {"dense"}


def test_only_a_sparse_step_on_hardware_that_skips_is_faster_than_the_dense_one():
    sat, sigma, systolic = (report(name).totals for name in TABLE)
    assert sat["speedup"] > 1.3 and sigma["speedup"] > 1.1 and systolic["speedup"] == 1
    for totals in (sat, sigma, systolic):
        assert totals["busy"] + totals["memory_wait"] == totals["cycles"] and 0 < totals["utilisation"] <= 1
        assert totals["macs"] + totals["macs_skipped"] == 30 * 40 * 50 + 3 * 5 * 6 * 7
    assert systolic["macs_skipped"] == 0 and sigma["macs_skipped"] == sat["macs_skipped"] == 30 * 30 * 50


def test_the_hosts_part_of_a_step_is_told():
    found = {name: accelerators.on_host(row) for name, row in TABLE.items()}
    assert found == dict(sat=ON_HOST, sigma=(*ON_HOST, ON_HOST_ONLY), systolic=(*ON_HOST, ON_HOST_ONLY))


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
    load, sat = TABLE["systolic"].load, PRESETS[config]
    found = load(config)
    assert type(found) is SystolicConfig and found.largest_m == 4 and found.update_lanes <= 4
    same = dict(largest_m=sat.largest_m, update_lanes=sat.update_lanes)
    for one in (found, load(found)):
        assert SatConfig(**(one.model_dump() | same)) == sat


def test_its_cycles_do_not_depend_on_the_groups():
    shapes = [(30, 40, 50), (3, 200, 7), (100, 9, 100)]
    for flow in ("os", "ws"):
        assert [predict(*shape, mapping=flow, config="small", accelerator="systolic").busy for shape in shapes] == [
            predict(*shape, mapping=flow, config=PRESETS["small"].model_copy(update=dict(largest_m=4))).busy
            for shape in shapes
        ]


def test_the_formula_of_a_tpu_counts_each_dense_gemm():
    one, other = (systolic_cycles(m=gemm.m, n=gemm.n, k=gemm.k, rows=4, columns=4).cycles for gemm in DENSE)
    assert reported("systolic")[1] == [one, 3 * other]
    assert other == 2 * 2 * (5 + 4 + 4)  # b stays: 2 x 2 tiles; a would have taken 2 * 2 * 15


@pytest.mark.parametrize("stationary", ["mk", "kn"])
def test_the_latency_model_of_sigmas_paper_counts_the_operand_that_stays(stationary):
    config = TABLE["sigma"].load("medium")  # 64 multipliers in Flex-DPEs of 16
    sides = {"mk": lambda gemm: dict(m=gemm.m, n=gemm.n), "kn": lambda gemm: dict(m=gemm.n, n=gemm.m)}[stationary]
    expected = [
        gemm.count * sigma_cycles(**sides(gemm), k=gemm.k, words_per_cycle=16, elements=64, density=density).total
        for gemm in STEP[:2]
        for density in [gemm.densities[stationary == "kn"]]
    ]
    assert reported("sigma", config=config, dataflow=stationary)[1] == expected and len(expected) == 2


def test_an_unknown_one_is_refused_by_name_in_every_command():
    for command in ("cycles", "verify", "verilog"):
        assert (
            refused(command, "--accelerator", "tpu")
            == "sat: accelerator must be one of sat, sigma, systolic, not 'tpu'"
        )


def test_a_title_names_all_but_sat():
    small = PRESETS["small"]
    assert [accelerators.title(row, small) for row in TABLE.values()] == [
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

"""A training step on each accelerator: its programs, their cost, and plans that are followed or refused."""

import sys
from dataclasses import replace
from math import prod

import pytest

from rtl.sat.config import PRESETS, SystolicConfig
from rtl.sigma.config import PRESETS as SIGMA_PRESETS
from tests.support.memories import BURST
from tests.support.steps import STEP, TINY
from tests.support.toy import PRESETS as DOT
from tests.support.toy import add_toy
from tlm import Gemm, GemmProgram, UpdateProgram, load_plan, make_plan, schedule, simulate
from tlm.report import step_report
from tlm.sat.scheduler import best_mapping
from tlm.sigma.scheduler import best_sigma_mapping
from tlm.step import cost, programs
from tlm.workload.methods import Scheme
from tlm.workload.step import calls_of, whole_step
from tlm.workload.topology import read_topology

GEMMS, SIGMA = STEP[:5], SIGMA_PRESETS["small"]
SYSTOLIC = SystolicConfig.of(TINY)


def test_without_a_plan_sat_runs_by_its_default_mapping_and_updates_its_weights():
    listed = list(programs(STEP, TINY))
    assert [program.work for program in listed] == STEP
    assert listed[:5] == [schedule(gemm, TINY) for gemm in GEMMS] and isinstance(listed[0], GemmProgram)
    assert all(isinstance(program, UpdateProgram) for program in listed[5:])


def test_of_given_dataflows_each_gemm_runs_by_the_best_mapping():
    for dataflows, meant in (((), ("os", "ws")), (("ws",), ("ws",))):
        costed = cost(GEMMS, TINY, dataflows=dataflows)
        assert [(program.mapping, taken.cycles) for program, taken in costed] == [
            best_mapping(gemm, TINY, meant) for gemm in GEMMS
        ]


def test_by_a_plan_each_gemm_and_update_runs_as_it_says():
    plan = make_plan(STEP, TINY, ("ws",), ("use",))
    costed = cost(STEP, TINY, plan)
    assert [program.work for program, _ in costed] == GEMMS + [part for one in STEP[5:] for part in plan.parts(one)]
    assert [program.mapping for program, _ in costed[:5]] == [plan.mapping(gemm) for gemm in GEMMS]
    assert sum(taken.cycles for _, taken in costed) == plan.cycles


@pytest.mark.parametrize("config", [TINY, SIGMA, SYSTOLIC, DOT["small"]], ids=lambda config: config.accelerator)
def test_a_cost_is_the_simulated_one_of_the_works_own_program(config, monkeypatch):
    add_toy(monkeypatch)
    costed = cost([*STEP, *(replace(one, layer=f"{one.layer} again") for one in STEP)], config)
    half = len(costed) // 2
    layers = [program.work.layer for program, _ in costed]
    assert layers[half:] == [f"{layer} again" for layer in layers[:half]] and half >= len(GEMMS)
    for program, taken in costed:
        assert taken.cycles == simulate(program).cycles == taken.busy + taken.waiting


@pytest.mark.parametrize("config", [SIGMA, SYSTOLIC, DOT["small"]], ids=lambda config: config.accelerator)
def test_an_accelerator_without_an_update_unit_or_whose_host_updates_is_costed_for_the_gemms_alone(config, monkeypatch):
    add_toy(monkeypatch)
    costed = cost(STEP, config)
    dense = config is SYSTOLIC
    assert [program.work for program, _ in costed] == [
        replace(gemm, sparsity=None) if dense else gemm for gemm in GEMMS
    ]


def test_equal_layers_are_simulated_once(monkeypatch):
    simulated = []
    monkeypatch.setattr("tlm.step.simulate", lambda program: simulated.append(program) or simulate(program))
    twins = [replace(STEP[0], layer=name) for name in ("a", "b", "c")]
    costed = cost([*twins, replace(STEP[0], output="fp32")], TINY)
    assert len(simulated) == 2 and len(costed) == 4
    assert [program.work.layer for program, _ in costed[:3]] == ["a", "b", "c"]


def test_on_sigma_each_gemm_is_costed_by_its_best_program():
    for program, taken in cost(STEP, SIGMA):
        best, cycles = best_sigma_mapping(program.gemm, SIGMA)
        assert program == best and taken.cycles == cycles
    free = sum(taken.cycles for _, taken in cost(STEP, SIGMA))
    for name in ("mk", "kn"):
        costed = cost(STEP, SIGMA, dataflows=(name,))
        assert {program.dataflow for program, _ in costed} == {name}
        assert sum(taken.cycles for _, taken in costed) >= free


def test_another_memory_is_asked_by_all_programs(monkeypatch):
    add_toy(monkeypatch)
    for config in (TINY, SIGMA, SYSTOLIC, DOT["small"]):
        costed = cost(STEP, config, memory=BURST)
        assert all(program.memory == BURST for program, _ in costed)
        assert [taken.cycles for _, taken in costed] != [taken.cycles for _, taken in cost(STEP, config)]


@pytest.mark.parametrize("config", [SIGMA, SYSTOLIC, DOT["small"]], ids=lambda config: config.accelerator)
def test_what_is_costed_makes_a_report(config, monkeypatch):
    add_toy(monkeypatch)
    costed = cost(STEP, config)
    report = step_report(costed, costed)
    assert [row["macs"] + row["macs_skipped"] for row in report.rows] == [prod(gemm.shape) for gemm in GEMMS]
    assert report.totals["cycles"] == sum(taken.cycles for _, taken in costed) and report.totals["speedup"] == 1
    assert all(row["utilisation"] <= row["filled"] <= 1 for row in report.rows)


@pytest.mark.parametrize("made", [cost, programs])
@pytest.mark.parametrize(
    "config, choices, complaint",
    [
        (PRESETS["small"], dict(plan=True), "the plan is for another configuration: name must be 'small', not 'tiny'"),
        (SIGMA, dict(plan=True), "the plan is for another accelerator: config must be a SigmaConfig, not a SatConfig"),
        (
            SYSTOLIC,
            dict(plan=True),
            "the plan is for another accelerator: config must be a SystolicConfig, not a Sat.*",
        ),
        (TINY, dict(plan=True, dataflows=("os",)), r"dataflows \(os\) cannot go with a plan, which has its own"),
        (DOT["small"], {}, "a configuration must be one of SatConfig, SigmaConfig, SystolicConfig, not a DotConfig"),
        (None, {}, "a configuration must be one of SatConfig, SigmaConfig, SystolicConfig, not a NoneType"),
    ],
)
def test_what_does_not_belong_together_is_refused_before_anything_is_made(made, config, choices, complaint):
    plan = {"plan": make_plan(STEP, TINY)} if choices.get("plan") else {}
    with pytest.raises(ValueError, match=f"^{complaint}$"):
        made(STEP, config, **choices | plan)


@pytest.mark.parametrize("config, name", [(TINY, "mk"), (SIGMA, "os"), (SYSTOLIC, "mk")])
def test_an_unknown_dataflow_is_refused(config, name):
    with pytest.raises(ValueError, match=f"must be one of .*, not '{name}'$"):
        cost([Gemm(4, 4, 4)], config, dataflows=(name,))


def plan_and_report(file, layers):
    """All that is done for a topology of so many layers, of which five are different."""
    sizes = ["16,24,8", "8,16,24", "24,8,8", "8,8,8", "16,16,16"]
    file.write_text("Layer,M,N,K,\n" + "".join(f"layer{number},{sizes[number % 5]},\n" for number in range(layers)))
    work = whole_step(calls_of([listed.layer for listed in read_topology(file)], 1), Scheme.of("bdwp", 2, 8))
    plan = make_plan(work, TINY)
    plan.save(file.with_suffix(".json"))
    costed = cost(work, TINY, load_plan(file.with_suffix(".json"), work, TINY))
    return step_report(costed, costed)


def calls_in(function, *arguments):
    """The number of calls of functions, its own and those of all that it calls."""
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        function(*arguments)
    finally:
        sys.setprofile(before)
    return calls


def test_a_topology_of_four_times_as_many_layers_takes_four_times_as_many_calls(tmp_path):
    file = tmp_path / "topology.csv"
    assert len(plan_and_report(file, 10).rows) == 4 * 10 - 1
    few, many = (calls_in(plan_and_report, file, layers) for layers in (200, 800))
    assert 3.5 * few < many < 4.5 * few

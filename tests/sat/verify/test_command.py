"""`sat verify`, on Verilog that is right; tests/sat/verify/test_faults.py is about Verilog that is not."""

import json
import re
from dataclasses import replace

import pytest

import cosim
from cosim.accelerators import TABLE
from cosim.engines.functional import Functional
from cosim.engines.myhdl_engine import MyhdlEngine
from rtl.sat.config import PRESETS, SatConfig
from rtl.sigma.config import PRESETS as SIGMA_PRESETS
from tests.sat.support import data, refused, sat
from tlm import Gemm, make_plan, predict
from tlm.step import programs
from training import models, whole_step


@pytest.mark.parametrize("engine, shape, rows", [("myhdl", (1, 8, 2), 1), ("icarus", (9, 40, 18), 4)])
def test_gemms_are_equal_in_bits_and_in_cycles(engine, shape, rows, tmp_path):
    file, config = tmp_path / "verify.json", SatConfig(name="tiny", rows=rows, columns=rows, chunk=16)
    (tmp_path / "config.json").write_text(config.model_dump_json())
    words = ("--engine", engine, "--config", tmp_path / "config.json", "--seed", 7)
    output = sat("verify", "gemm", *shape, *words, "--json", file).output
    found = data(file)
    assert found["equal"] and not found["difference"] and found["seed"] == 7
    assert [(row["stage"], row["dataflow"]) for row in found["checked"]] == [
        (kind, flow) for kind in ("normal", "edges", "special", "special_half") for flow in ("os", "ws")
    ]
    assert all(row["bits_equal"] and row["cycles_equal"] for row in found["checked"])
    assert [row["cycles"] for row in found["checked"]] == [
        predict(*shape, "2:8", config, output, flow).cycles
        for output in ("fp32", "fp16", "fp32", "fp16")
        for flow in ("os", "ws")
    ]
    assert f"equal: {8 * shape[0] * shape[2]:,} elements and all cycles of 8 GEMMs" in output


def test_training_steps_are_equal_in_bits_cycles_and_weights(tmp_path):
    output = sat("verify", "--steps", 2, "--batch", 1, "--json", tmp_path / "verify.json").output
    found = data(tmp_path / "verify.json")
    assert found["equal"] and len(found["checked"]) == 32 and found["tensors"] == 84
    assert (found["model"], found["method"], found["sparsity"], found["steps"]) == ("cnn", "bdwp", "2:8", 2)
    assert {row["stage"] for row in found["checked"]} == {"ff", "bp", "wu", "update"}
    assert re.search(
        r"equal: [\d,]+ elements and all cycles of 22 GEMMs\n"
        r"equal: [\d,]+ weights with velocities and N:M copies, and all cycles, of 10 updates",
        output,
    )
    assert "equal: 84 tensors (weights, buffers, gradients, momenta) after 2 steps" in output


def test_the_operands_follow_from_the_seed(monkeypatch):
    seen = []

    def record(self, program, operands):
        seen.append(operands.a.tobytes() + operands.b.tobytes())
        return Functional(self.config).run(program, operands)

    monkeypatch.setattr(MyhdlEngine, "_run", record)
    for seed in (1, 1, 2):
        sat("verify", "gemm", 30, 50, 30, "--sparsity", "dense", "--engine", "myhdl", "--seed", seed)
    one, again, other = seen[:8], seen[8:16], seen[16:]
    assert one == again and not set(one) & set(other) and len(set(seen)) == 8
    assert one[::2] == one[1::2]  # both dataflows have the same


@pytest.mark.parametrize("place", ["use", "update"])
def test_updates_are_counted_and_reductions_where_there_are_any(place, tiny, monkeypatch, tmp_path):
    monkeypatch.setattr(MyhdlEngine, "_run", lambda self, *work: Functional(self.config).run(*work))
    module = models.build("tiny", 0)
    step = whole_step(module, (4, 1, 8, 8), "bdwp", 2, 4)
    plan = make_plan(step, PRESETS["small"], generations=(place,))
    plan.save(tmp_path / "plan.json")
    output = sat(
        "verify", *tiny, "--engine", "myhdl", "--batch", 4, "--steps", 1, "--plan", tmp_path / "plan.json"
    ).output
    weights = sum(one.numel() for one in module.parameters())
    reductions = [one for one in programs(step, PRESETS["small"], plan) if one.work.stage == "reduce"]
    assert bool(reductions) == (place == "use")
    of = f"3 updates and {len(reductions)} reductions\n" if reductions else "3 updates\n"
    assert f"equal: {weights} weights with velocities and N:M copies, and all cycles, of {of}" in output


def test_an_engine_is_no_markup(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    assert "engine must be one of" in sat("verify", "--engine", "[/x]", code=2).stderr


def test_waves_are_written_and_the_kept_verilog_can_be_checked_again(tmp_path):
    words = ("verify", "gemm", 3, 9, 5, "--sparsity", "dense")
    sat(*words, "--waves", tmp_path / "run.vcd", "--keep", tmp_path / "kept")
    waves = (tmp_path / "run.vcd").read_text()
    assert "$enddefinitions" in waves and "device_out_cycle" in waves
    sat(*words, "--verilog", tmp_path / "kept")
    assert "holds another configuration than medium" in refused(
        *words, "--config", "medium", "--verilog", tmp_path / "kept"
    )


def test_a_difference_names_layer_stage_element_cycle_and_file(tmp_path):
    sat("verify", "gemm", 1, 1, 1, "--keep", tmp_path / "kept")
    rounding = tmp_path / "kept" / "sat_fp_round_5_10.v"
    rounding.write_text(rounding.read_text().replace("guard &&", "!guard &&"))
    waves = tmp_path / "run.vcd"
    result = sat(
        "verify",
        "--steps",
        1,
        "--batch",
        1,
        "--verilog",
        tmp_path / "kept",
        "--waves",
        waves,
        "--json",
        tmp_path / "verify.json",
        code=1,
    )
    found = data(tmp_path / "verify.json")
    assert not found["equal"] and [row["bits_equal"] for row in found["checked"]] == [False]
    words = re.search(
        r"not equal: (\S+) (\S+): element \((\d+), (\d+)\) is 0x\w{4}, not 0x\w{4}; it left the array at "
        r"cycle (\d+); .* elements differ; see (\S+),",
        result.stderr,
    )
    assert words[1] == "conv1" and words[2] == "ff" and words[6] == str(waves)
    assert 0 < int(words[5]) < found["checked"][0]["cycles"]


@pytest.mark.parametrize(
    "words, complaint",
    [
        (["gemm", 0, 4, 4], "GEMM size m must be at least 1, not 0"),
        (["gemm", 4, 4, 4, "--sparsity", "3:8"], "not 3:8"),
        (
            ["gemm", 4, 4, 4, "--method", "dense"],
            "--method is an option of sat verify steps, sat verify forward and sat verify sample, and no",
        ),
        (["--verilog", "a", "--keep", "b"], "keep and verilog exclude each other"),
        (["--engine", "functional"], "engine must be myhdl, icarus or verilator"),
        (["gemm", 4, 4, 4, "--engine", "myhdl", "--waves", "x.vcd"], "engine myhdl has no option 'waves'"),
        (["gemm", 4, 4, 4, "--initial", 3], "engine icarus has no option 'initial'"),
        (["gemm", 4, 4, 4, "--waves", "x.vcd", "--jobs", 2], "--waves cannot go with --jobs"),
        (
            ["--accelerator", "sigma", "--config", "paper"],
            "one result word of configuration paper has 32768 bits",
        ),
        (["--verilog", "nowhere"], "verilog folder nowhere must hold sat_harness.v"),
        (["--accelerator", "sigma", "--plan", "p.json"], "--plan cannot go with --accelerator sigma"),
        (["sample", 3, "--accelerator", "sigma", "--dataflow", "mk"], "--dataflow on SIGMA is for sat verify gemm"),
        *(
            (["--accelerator", "systolic", *words], f"{words[0]} cannot go with --accelerator systolic")
            for words in (
                ["--plan", "p.json"],
                ["--sparsity", "2:4"],
                ["--method", "bdwp"],
                ["--dense", "none"],
                ["--decay", 0.1],
                ["--rescale"],
            )
        ),
        (
            ["gemm", 4, 4, 4, "--accelerator", "sigma", "--dataflow", "os"],
            "must be one of mk, kn, scheduled, not 'os'",
        ),
        (["--accelerator", "sigma", "--dataflow", "mk"], "--dataflow on SIGMA is for sat verify gemm"),
        (["gemm", 4, 4, 4, "--dataflow", "kn"], "dataflow must be one of os, ws, scheduled, not 'kn'"),
        (["--density-a", 0.5], "--density-a is an option of sat verify gemm, and no option of sat verify steps"),
        (["--accelerator", "sigma", "--density-b", 0.5], "--density-b is an option of sat verify gemm"),
        (
            ["--accelerator", "sigma", "--config", "tiny"],
            "config must be one of small, medium, vcu1525, paper or a JSON",
        ),
    ],
)
def test_bad_input_is_refused(words, complaint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert complaint in refused("verify", *words)


@pytest.mark.parametrize("accelerator, own", [("sigma", SIGMA_PRESETS["small"]), ("systolic", PRESETS["small"])])
def test_a_plan_is_for_one_accelerator_alone(accelerator, own, tmp_path):
    """Neither a plan that was made for SAT runs on another accelerator, nor a file of another one's on SAT."""
    plan = make_plan([Gemm(4, 8, 4)], PRESETS["small"])
    plan.save(tmp_path / "plan.json")
    words = ("verify", "--accelerator", accelerator, "--plan", tmp_path / "plan.json")
    assert refused(*words) == f"sat: --plan cannot go with --accelerator {accelerator}"
    changed = plan.model_dump() | dict(config=own.model_dump() | dict(accelerator=accelerator))
    (tmp_path / "other.json").write_text(json.dumps(changed))
    assert f"{tmp_path}/other.json: config." in refused("verify", "--plan", tmp_path / "other.json")


def test_programs_that_cannot_be_cut_are_not_sampled(monkeypatch):
    kinds = {base: replace(kind, pieces=None) for base, kind in TABLE["sat"].programs.items()}
    monkeypatch.setitem(TABLE, "sat", replace(TABLE["sat"], programs=kinds))
    assert refused("verify", "sample", 3) == "sat: no sample is drawn on --accelerator sat"


def test_a_missing_simulator_is_named_with_what_installs_it(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert "vvp is not installed; on Debian or Ubuntu: apt-get install iverilog g++" in refused(
        "verify", "gemm", 4, 4, 4
    )


def test_a_forward_pass_alone_is_that_of_evaluation(tmp_path):
    words = (
        "verify",
        "forward",
        "--engine",
        "verilator",
        "--batch",
        3,
        "--seed",
        2,
        "--json",
        tmp_path / "forward.json",
    )
    output = sat(*words).output
    found = data(tmp_path / "forward.json")
    assert [row["layer"] for row in found["checked"]] == ["conv1", "conv2", "conv3", "linear"]
    assert {row["stage"] for row in found["checked"]} == {"ff"} and found["equal"] and found["tensors"] == 1
    assert "of 4 GEMMs" in output and found["batch"] == 3 and found["seed"] == 2


def test_several_processes_give_the_same_as_one(tmp_path):
    for jobs in (1, 2):
        words = ("verify", "sample", 6, "--engine", "verilator", "--batch", 2, "--jobs", jobs, "--initial", 5)
        sat(*words, "--json", tmp_path / f"{jobs}.json")
    assert (tmp_path / "1.json").read_text() == (tmp_path / "2.json").read_text()
    assert len(data(tmp_path / "1.json")["checked"]) == 6


def test_the_engines_are_named_in_help():
    for command in (("train",), ("verify",)):
        assert all(name in sat(*command, "--help").output for name in cosim.ENGINES)

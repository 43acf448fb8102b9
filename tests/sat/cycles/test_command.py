"""`sat cycles`."""

from dataclasses import replace

import pytest

from rtl.sat.config import PRESETS
from rtl.sigma.config import PRESETS as SIGMA_PRESETS
from tests.sat.support import data, refused, sat
from tlm import Gemm, Mapping, make_plan, schedule, schedule_update, simulate
from tlm.blocks import ORDERS
from tlm.report import DEFINITIONS
from tlm.sat.dataflow import group_of
from tlm.sigma.scheduler import best_sigma_mapping
from training import models, training_step, update_step

ROW = [key for key in DEFINITIONS if key not in ("dense_cycles", "speedup")]


def step(method, n=None, m=None, batch=8):
    module = models.build("cnn", 0)
    return training_step(module, (batch, 1, 8, 8), method, n, m) + update_step(module, (batch, 1, 8, 8), method, n, m)


def possible(work, row, config):
    """The programs that a row may be of: all that it does not say is in which order the blocks run."""
    if not isinstance(work, Gemm):
        return [schedule_update(work, config)]
    (rows, depth, columns), group = row["tile"], group_of(work)[0]
    return [
        schedule(work, config, Mapping(row["dataflow"], rows, columns, -(-depth // group) * group, order))
        for order in ORDERS
    ]


@pytest.mark.parametrize("method, pattern, config", [("bdwp", (2, 4), "vcu1525"), ("dense", (None, None), "small")])
def test_rows_are_the_models_cycles_and_totals_their_sums(method, pattern, config, tmp_path):
    file = tmp_path / "deep" / "cycles.json"
    sat("cycles", "--method", method, "--sparsity", "2:4", "--config", config, "--batch", 8, "--json", file)
    found, work = data(file), step(method, *pattern)
    assert list(found) == [
        "model",
        "method",
        "sparsity",
        "decay",
        "rescale",
        "dense_layers",
        "sparsity_by_layer",
        "batch",
        "accelerator",
        "config",
        "seed",
        "rows",
        "totals",
        "on_host",
        "macs_seen",
        "macs_unseen",
        "unseen",
    ]
    assert (found["macs_seen"], found["macs_unseen"]) == (sum(one.macs + one.macs_skipped for one in work), 0)
    assert found["config"] == PRESETS[config].model_dump() and found["seed"] == 0
    assert len(found["rows"]) == len(work) == 11 + 5
    for one, row in zip(work, found["rows"], strict=True):
        assert list(row) == ROW and (row["layer"], row["stage"]) == (one.layer, one.stage)
        assert [row["m"], row["k"], row["n"]] == list(one.shape) and row["sparsity"] == str(one.sparsity or "dense")
        costs = [simulate(program) for program in possible(one, row, PRESETS[config])]
        assert (row["cycles"], row["busy"]) in [(cost.cycles, cost.busy) for cost in costs]
        assert row["cycles"] == row["busy"] + row["memory_wait"] and (row["busy"] > 0) and row["utilisation"] <= 1
        assert row["macs"] + row["macs_skipped"] == row["m"] * row["k"] * row["n"]
    for key in ("macs", "macs_skipped", "cycles", "bytes", "busy", "memory_wait"):
        assert found["totals"][key] == sum(row[key] for row in found["rows"])


def test_a_dataflow_can_be_fixed_and_the_scheduled_step_is_no_slower_in_any_row(tmp_path):
    rows, totals = {}, {}
    for name in ("os", "ws", "scheduled"):
        sat("cycles", "--dataflow", name, "--config", "small", "--batch", 4, "--json", tmp_path / name)
        rows[name], totals[name] = (data(tmp_path / name)[key] for key in ("rows", "totals"))
    for name in ("os", "ws"):
        assert {row["dataflow"] for row in rows[name] if row["stage"] != "update"} == {name}
        assert all(best["cycles"] <= row["cycles"] for best, row in zip(rows["scheduled"], rows[name], strict=True))
        assert totals[name]["dense_cycles"] == make_plan(step("dense", batch=4), PRESETS["small"], (name,)).cycles
    assert {row["dataflow"] for row in rows["scheduled"]} == {"os", "ws", "update", ""}
    assert totals["scheduled"]["cycles"] < min(totals["os"]["cycles"], totals["ws"]["cycles"])


def test_a_sparse_step_is_compared_with_the_dense_one(tmp_path):
    sat("cycles", "--json", tmp_path / "sparse.json")
    sat("cycles", "--method", "dense", "--json", tmp_path / "dense.json")
    sparse, dense = (data(tmp_path / f"{name}.json")["totals"] for name in ("sparse", "dense"))
    assert sparse["dense_cycles"] == dense["cycles"] == dense["dense_cycles"] and dense["speedup"] == 1
    assert sparse["speedup"] == dense["cycles"] / sparse["cycles"] > 1


def test_the_table_shows_every_row_and_the_help_every_definition():
    output = sat("cycles").output
    assert [output.count(layer) for layer in ("conv1 ", "conv2 ", "conv3 ", "linear ")] == [3, 4, 4, 4]
    assert output.count("linear.bias") == 1 and "speed-up" in output and "total" in output
    text = sat("cycles", "--help").output
    assert all(f"{key}: " in text for key in DEFINITIONS)


def test_an_ablation_shows_the_step_with_one_choice_made_otherwise(tiny, tmp_path):
    words = (*tiny, "--config", "small", "--batch", 4, "--json")
    output = sat("cycles", "ablate", *words, tmp_path / "ablation.json").output
    sat("cycles", *words, tmp_path / "usual.json")
    found, usual = data(tmp_path / "ablation.json"), data(tmp_path / "usual.json")
    variants = {(row["what"], row["choice"]): row for row in found.pop("ablation")}
    assert found == usual and "one choice made otherwise" in output
    assert (
        variants["as it is", "2:4, scheduled"]["cycles"]
        == variants["N:M", "2:4"]["cycles"]
        == usual["totals"]["cycles"]
    )
    assert variants["N:M", "dense"]["cycles"] == usual["totals"]["dense_cycles"]
    assert len(variants) == 5 + 7 and all(f"{row['cycles']:,}" in output for row in variants.values())


def test_patterns_beside_a_dense_step_are_those_of_bdwp(tiny, tmp_path):
    found = {}
    for method in ("dense", "bdwp"):
        file = tmp_path / method
        sat("cycles", "ablate", *tiny, "--method", method, "--config", "small", "--batch", 4, "--json", file)
        found[method] = {row["choice"]: row["cycles"] for row in data(file)["ablation"] if row["what"] == "N:M"}
    assert found["dense"] == found["bdwp"] and found["dense"]["2:4"] != found["dense"]["dense"]


@pytest.mark.parametrize("method, n, m", [("bdwp", 2, 8), ("sdgp", 1, 4), ("dense", None, None)])
def test_rows_on_sigma_are_its_schedulers_gemms_and_the_host_updates(method, n, m, tmp_path):
    words = ("--method", method, "--sparsity", f"{n}:{m}" if n else "2:8", "--config", "small", "--batch", 4)
    output = sat("cycles", "--accelerator", "sigma", *words, "--json", tmp_path / "sigma").output
    found, config = data(tmp_path / "sigma"), SIGMA_PRESETS["small"]
    assert (found["accelerator"], found["config"]) == ("sigma", config.model_dump())
    gemms = training_step(models.build("cnn", 0), (4, 1, 8, 8), method, n, m)
    gemms = [one for one in gemms if isinstance(one, Gemm)]  # without sdgp's reductions
    for one, row in zip(gemms, found["rows"], strict=True):
        program, cycles = best_sigma_mapping(one, config, (1.0, one.kept / one.k))
        assert list(row) == ROW and (row["layer"], row["stage"]) == (one.layer, one.stage)
        assert [row["m"], row["k"], row["n"]] == list(one.shape) and row["sparsity"] == str(one.sparsity or "dense")
        assert (row["cycles"], row["dataflow"], row["tile"]) == (cycles, program.dataflow, program.tile)
        assert row["cycles"] == row["busy"] + row["memory_wait"] and 0 < row["utilisation"] <= row["filled"] <= 1
        assert (row["macs"], row["macs_skipped"]) == (one.macs, one.macs_skipped)
        assert row["utilisation"] == row["macs"] / (row["cycles"] * 16)
        assert row["bytes"] == sum(row[f"bytes_{part}"] for part in ("values", "indices", "results"))
    for key in ("macs", "macs_skipped", "cycles", "bytes", "busy", "memory_wait"):
        assert found["totals"][key] == sum(row[key] for row in found["rows"])
    dense = [replace(one, sparsity=None) for one in gemms]
    assert found["totals"]["dense_cycles"] == sum(best_sigma_mapping(one, config)[1] for one in dense)
    assert "on sigma small" in output and "weight updates, and N:M copies" in output
    assert found["on_host"][-1] == "weight updates, and N:M copies"
    assert f"no settings: {sum(found['formula_cycles']):,} cycles" in output
    assert len(found["formula_cycles"]) == len(found["rows"])


def test_on_sigma_an_operand_can_be_fixed_and_the_best_one_is_no_slower(tmp_path):
    rows = {}
    for name in ("mk", "kn", "scheduled"):
        sat("cycles", "--accelerator", "sigma", "--dataflow", name, "--config", "small", "--json", tmp_path / name)
        rows[name] = data(tmp_path / name)["rows"]
    assert [{row["dataflow"] for row in rows[name]} for name in ("mk", "kn")] == [{"mk"}, {"kn"}]
    for mk, kn, best in zip(*rows.values(), strict=True):
        assert best["cycles"] == min(mk["cycles"], kn["cycles"])


def test_a_systolic_array_does_every_product_and_its_formula_stands_beside_it(tmp_path):
    words = ("--model", "cnn", "--batch", 4, "--config", "small")
    output = sat("cycles", "--accelerator", "systolic", *words, "--json", tmp_path / "systolic").output
    sat("cycles", "--method", "dense", *words, "--json", tmp_path / "sat")
    found, dense = (
        data(tmp_path / "systolic"),
        [row for row in data(tmp_path / "sat")["rows"] if row["stage"] != "update"],
    )
    assert (found["accelerator"], found["config"]["largest_m"]) == ("systolic", 4)
    for row, one in zip(found["rows"], dense, strict=True):
        assert (row["layer"], row["stage"], row["sparsity"], row["macs_skipped"]) == (
            one["layer"],
            one["stage"],
            "dense",
            0,
        )
        assert row["macs"] == one["macs"] == row["count"] * row["m"] * row["k"] * row["n"]
        assert row["busy"] + row["memory_wait"] == row["cycles"] and 0 < row["utilisation"] <= 1
    assert found["totals"]["speedup"] == 1 and found["totals"]["cycles"] == found["totals"]["dense_cycles"]
    of_conv1 = next(row for row in found["rows"] if (row["layer"], row["stage"]) == ("conv1", "ff"))
    assert [of_conv1[key] for key in "mkn"] == [256, 9, 8]
    assert found["formula_cycles"][0] == 3 * 2 * (256 + 4 + 4)  # b stays, in 3 x 2 tiles
    assert f"without memory: {sum(found['formula_cycles']):,} cycles" in output and "on systolic small" in output
    assert len(found["formula_cycles"]) == len(found["rows"])


def test_a_name_is_no_markup(tiny, tmp_path):
    file = tmp_path / "config.json"
    file.write_text('{"name": "[/x]", "rows": 2, "columns": 2}')
    for words in ((), ("ablate",)):
        assert "[/x]" in sat("cycles", *words, *tiny, "--config", file, "--batch", 4).output


@pytest.mark.parametrize(
    "words, complaint",
    [
        (["--dataflow", "is"], "dataflow must be one of os, ws, scheduled, not 'is'"),
        (["--plan", "nowhere.json"], "No such file or directory: 'nowhere.json'"),
        (["--plan", "nowhere.json", "--dataflow", "os"], "--dataflow os cannot go with --plan, which has its own"),
        *(
            ([name, option, "os"], f"{option} is an option of sat cycles step, and no option of sat cycles {name}")
            for name in ("ablate", "paper")
            for option in ("--dataflow", "--plan")
        ),
        (["--accelerator", "sigma", "--dataflow", "os"], "dataflow must be one of mk, kn, scheduled, not 'os'"),
        (["--accelerator", "systolic", "--dataflow", "mk"], "dataflow must be one of os, ws, scheduled, not 'mk'"),
        (["--accelerator", "sigma", "--plan", "p.json"], "--plan is SAT's, and cannot go with another --accelerator"),
        (
            ["--accelerator", "systolic", "--plan", "p.json"],
            "--plan is SAT's, and cannot go with another --accelerator",
        ),
        (["ablate", "--accelerator", "sigma"], "steps on SIGMA are not planned"),
        (["ablate", "--accelerator", "systolic"], "steps on systolic are not planned"),
        (
            ["paper", "--accelerator", "sigma"],
            "--accelerator is an option of sat cycles step and sat cycles ablate, and",
        ),
        (
            ["--accelerator", "sigma", "--config", "huge"],
            "config must be one of small, medium, vcu1525, paper or a JSON",
        ),
    ],
)
def test_bad_input_is_refused(words, complaint):
    assert complaint in refused("cycles", *words)


def test_a_sigma_of_any_number_of_flex_dpes_has_its_papers_latency_model_beside_it(tmp_path):
    file = tmp_path / "three.json"
    file.write_text('{"engines": 3, "lanes": 8, "results": 5, "rows": 12}')
    output = sat("cycles", "--accelerator", "sigma", "--config", file, "--batch", 2).output
    assert "by the latency model of SIGMA's paper" in output

"""`sat cycles`."""
import pytest

from rtl.config import PRESETS
from tests.sat.support import data, sat
from tlm import predict
from tlm.report import DEFINITIONS


@pytest.mark.parametrize("method, config", [("bdwp", "vcu1525"), ("dense", "small")])
def test_rows_are_the_models_cycles_and_totals_their_sums(method, config, tmp_path):
    file = tmp_path / "deep" / "cycles.json"
    sat("cycles", "--method", method, "--sparsity", "2:4", "--config", config, "--batch", 8, "--json", file)
    found = data(file)
    assert found["config"] == PRESETS[config].model_dump() and found["seed"] == 0 and len(found["rows"]) == 11
    for row in found["rows"]:
        output = "fp32" if row["stage"] == "wu" or (row["layer"], row["stage"]) == ("conv2", "bp") else "fp16"
        expected = predict(row["m"], row["k"], row["n"], row["sparsity"], PRESETS[config], output)
        assert row["cycles"] == expected.cycles == row["busy"] + row["memory_wait"]
        assert row["macs"] + row["macs_skipped"] == row["m"] * row["k"] * row["n"]
    for key in ("macs", "macs_skipped", "cycles", "bytes", "memory_wait"):
        assert found["totals"][key] == sum(row[key] for row in found["rows"])


def test_a_sparse_step_is_compared_with_the_dense_one(tmp_path):
    sat("cycles", "--json", tmp_path / "sparse.json")
    sat("cycles", "--method", "dense", "--json", tmp_path / "dense.json")
    sparse, dense = (data(tmp_path / f"{name}.json")["totals"] for name in ("sparse", "dense"))
    assert sparse["dense_cycles"] == dense["cycles"] == dense["dense_cycles"] and dense["speedup"] == 1
    assert sparse["speedup"] == dense["cycles"] / sparse["cycles"] > 1


def test_the_table_shows_every_row_and_the_help_every_definition():
    output = sat("cycles").output
    assert [output.count(layer) for layer in ("conv1 ", "conv2 ", "conv3 ", "linear ")] == [2, 3, 3, 3]
    assert "speed-up" in output and "total" in output
    text = sat("cycles", "--help").output
    assert all(f"{key}: " in text for key in DEFINITIONS)

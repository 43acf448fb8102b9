"""`sat verify sample`: pieces of a step on Icarus."""

import re
import shutil

import pytest

from cosim.engines.functional import Functional
from cosim.engines.icarus_engine import IcarusEngine
from tests.cosim.faults import FAULTS, plant
from tests.sat.support import data, refused, sat

WORDS = ("verify", "sample", 16, "--batch", 1, "--seed", 5)


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """(what is printed, the data) of a sample; the Verilog is kept in the folder."""
    folder = tmp_path_factory.mktemp("sample")
    output = sat(*WORDS, "--keep", folder / "kept", "--json", folder / "verify.json").output
    return output, data(folder / "verify.json"), folder / "kept"


def test_a_piece_of_each_layer_and_stage_is_equal_in_bits_and_cycles(one):
    output, found, _ = one
    assert found["equal"] and len(found["checked"]) == 16 and found["steps"] == 1 and found["seed"] == 5
    assert all(row["bits_equal"] and row["cycles_equal"] and row["cycles"] > 0 for row in found["checked"])
    assert {row["dataflow"] for row in found["checked"]} >= {"os", "ws", "update"}
    assert re.fullmatch(
        r"rows \d+ to \d+, columns \d+ to \d+, k \d+ to \d+ of \d+ x \d+ x \d+", found["checked"][0]["piece"]
    )
    assert re.search(
        r"equal: [\d,]+ elements and all cycles of 11 pieces of GEMMs\n"
        r"equal: [\d,]+ weights with velocities and N:M copies, and all cycles, of 5 pieces of updates\n"
        r"sampled: 16 pieces, of 16 of the step's 16 layers and stages\n",
        output,
    )


def test_the_share_of_the_multiplications_is_said_exactly(one):
    output, found, folder = one
    sample, by_hand = found["sample"], 0
    for row in found["checked"]:
        whole, rest = divmod(row["k"], 8)
        kept = row["k"] if row["sparsity"] == "dense" else 2 * whole + min(2, rest)
        by_hand += row["m"] * kept * row["n"] * (row["stage"] != "update")
    assert sample["macs_covered"] == by_hand and sample["share"] == by_hand / sample["macs"]
    assert (sample["asked"], sample["drawn"], sample["pairs"], sample["pairs_covered"]) == (16, 16, 16, 16)
    assert f"{sample['macs_covered']:,} of {sample['macs']:,}; seed 5\n" in output
    sat("cycles", "--batch", 1, "--config", "small", "--json", folder.parent / "cycles.json")
    assert sample["macs"] == data(folder.parent / "cycles.json")["totals"]["macs"]


@pytest.mark.parametrize("seed", [5, 6])
def test_the_same_seed_checks_the_same_pieces_and_another_seed_others(one, seed, monkeypatch, tmp_path):
    monkeypatch.setattr(IcarusEngine, "_run", lambda self, *work: Functional(self.config).run(*work))
    sat(*WORDS, "--seed", seed, "--json", tmp_path / "verify.json")
    assert (data(tmp_path / "verify.json") == one[1]) == (seed == 5)


def test_a_fault_in_the_verilog_is_found_and_named_with_its_place(one, tmp_path):
    fault = next(fault for fault in FAULTS if fault.name == "ties away from zero")
    shutil.copytree(one[2], tmp_path / "verilog")
    plant(tmp_path / "verilog", fault)
    result = sat(*WORDS, "--verilog", tmp_path / "verilog", "--json", tmp_path / "verify.json", code=1)
    found = data(tmp_path / "verify.json")
    assert not found["equal"] and not found["checked"][-1]["bits_equal"] and found["sample"]["asked"] == 16
    row = found["checked"][-1]
    assert re.search(
        rf"not equal: {row['layer']} {row['stage']}: element \(\d+, \d+\) .*; the piece is " + re.escape(row["piece"]),
        result.stderr,
    )


@pytest.mark.parametrize(
    "words, complaint",
    [
        (["sample", 5, "--image", 32], "model cnn takes images of (1, 8, 8), not (1, 32, 32)"),
        (["sample", 5, "--steps", 1], "--steps is an option of sat verify steps, and no option of sat verify sample"),
        (["gemm", 4, 4, 4, "--sample", 5], "--sample is a command of its own, sat verify sample, and no option of"),
        (
            ["gemm", 4, 4, 4, "--width", 1],
            "--width is an option of sat verify steps, sat verify forward and sat verify sample, and no",
        ),
        (
            ["gemm", 4, 4, 4, "--dense", "fc"],
            "--dense is an option of sat verify steps, sat verify forward and sat verify sample, and no",
        ),
        (
            ["gemm", 4, 4, 4, "--rescale"],
            "--rescale is an option of sat verify steps, sat verify forward and sat verify sample, and no",
        ),
        (["sample", 5, "--rescale"], "rescale is for methods that prune gradients, not bdwp"),
        (["sample", 5, "--data", "cifar10", "--model", "resnet9"], "data cifar10 needs --data-path"),
    ],
)
def test_options_that_would_do_nothing_or_cannot_be_are_refused(words, complaint):
    assert complaint in refused("verify", *words)

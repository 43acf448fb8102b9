"""`sat verify` of SIGMA and of a systolic array: Verilog that is right, and Verilog that is not."""

import re
import shutil

import pytest

from cosim.engines.functional import Functional
from cosim.engines.myhdl_engine import MyhdlEngine
from rtl.sigma.config import PRESETS
from tests.sat.support import data, refused, sat
from tlm import predict

GEMM = ("verify", "gemm", 9, 20, 6, "--accelerator", "sigma", "--seed", 3)
ELEMENT = r"element \(\d, \d\) is 0x\w{8}, not 0x\w{8}; it left the array at cycle \d+; \d+ of 54 elements differ"
FAULTS = {  # (file, old text, new text, what is said of the place)
    "a bit of the products": ("sigma_fp16_mul.v", "2'h0};", "2'h0} | 32'h4000;", ELEMENT),
    "sums of a row not added": ("sigma_fan_adder.v", "addend = right;", "addend = 32'h80000000;", ELEMENT),
    "a step too many": (
        "sigma_tile_sequencer.v",
        "(issuing && ((count + 1) == length))",
        "(issuing && (count == length))",
        r"tile \d+, which ends at cycle \d+, takes \d+ cycles, not \d+ as the model says",
    ),
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The Verilog as --keep leaves it, after a check that found it right, and what that said."""
    folder = tmp_path_factory.mktemp("kept")
    words = ("--density-a", 0.4, "--density-b", 0.5, "--keep", folder / "verilog", "--json", folder / "verify.json")
    return folder, sat(*GEMM, *words).output


def test_gemms_with_either_operand_staying_are_equal_in_bits_and_in_cycles(kept):
    folder, output = kept
    found = data(folder / "verify.json")
    assert (found["accelerator"], found["engine"]) == ("sigma", "icarus")
    assert found["config"] == PRESETS["small"].model_dump()
    assert (found["density_a"], found["density_b"], found["equal"], found["difference"]) == (0.4, 0.5, True, "")
    assert [(row["stage"], row["dataflow"]) for row in found["checked"]] == [
        (kind, name) for kind in ("normal", "edges", "special", "special_half") for name in ("mk", "kn")
    ]
    assert all(row["bits_equal"] and row["cycles_equal"] and row["cycles"] > 0 for row in found["checked"])
    assert f"equal: {8 * 9 * 6} elements and all cycles of 8 GEMMs" in output and "sigma small, seed 3" in output


def test_zeros_take_fewer_cycles(kept, tmp_path):
    words = ("--verilog", kept[0] / "verilog", "--json", tmp_path / "x")
    sat(*GEMM, *words, "--sparsity", "dense")
    sparse, dense = (
        [row["cycles"] for row in data(file)["checked"]] for file in (kept[0] / "verify.json", tmp_path / "x")
    )
    assert len(sparse) == 8 and all(few < more for few, more in zip(sparse, dense, strict=True))


def test_an_operand_of_zeros_alone_is_multiplied_too(kept):
    words = ("--density-a", 0, "--dataflow", "scheduled", "--verilog", kept[0] / "verilog")
    assert "equal: 216 elements" in sat(*GEMM, *words).output


def test_training_steps_are_equal_in_bits_cycles_and_weights(kept, tiny, tmp_path):
    words = (*tiny, "--batch", 2, "--steps", 2, "--verilog", kept[0] / "verilog", "--json", tmp_path / "x")
    output = sat("verify", "--accelerator", "sigma", *words).output
    found = data(tmp_path / "x")
    assert found["equal"] and found["tensors"] == 18 and len(found["checked"]) == 10
    assert {row["stage"] for row in found["checked"]} == {"ff", "bp", "wu"}
    assert "all cycles of 10 GEMMs" in output and "updates" not in output
    assert "equal: 18 tensors (weights, buffers, gradients, momenta) after 2 steps" in output


SAMPLE = ("verify", "sample", 5, "--accelerator", "sigma", "--batch", 1, "--seed", 2)


def test_a_sample_of_a_step_is_equal_in_bits_and_in_cycles(kept, tiny, tmp_path):
    output = sat(*SAMPLE, *tiny, "--verilog", kept[0] / "verilog", "--json", tmp_path / "x").output
    found = data(tmp_path / "x")
    assert found["equal"] and len(found["checked"]) == 5 == found["sample"]["drawn"]
    assert {row["stage"] for row in found["checked"]} == {"ff", "bp", "wu"} and found["sample"]["pairs_covered"] == 5
    assert {row["dataflow"] for row in found["checked"]} <= {"mk", "kn"}
    assert all(re.fullmatch(r"rows \d+ to \d+, columns .*, k .* of .*", row["piece"]) for row in found["checked"])
    assert "all cycles of 5 pieces of GEMMs" in output and "updates" not in output


def test_the_same_seed_draws_the_same_pieces_and_another_one_others(tmp_path, monkeypatch):
    monkeypatch.setattr(MyhdlEngine, "_run", lambda self, *work: Functional(self.config).run(*work))
    for name, seed in (("a", 2), ("b", 2), ("c", 3)):
        sat(*SAMPLE, "--engine", "myhdl", "--seed", seed, "--json", tmp_path / name)
    one, again, other = (data(tmp_path / name)["checked"] for name in "abc")
    assert one == again != other


def test_a_fault_is_found_by_a_sample_and_named_with_its_place(kept, tiny, tmp_path):
    file, old, new, _ = FAULTS["a bit of the products"]
    shutil.copytree(kept[0] / "verilog", tmp_path / "verilog")
    text = (tmp_path / "verilog" / file).read_text()
    (tmp_path / "verilog" / file).write_text(text.replace(old, new))
    result = sat(*SAMPLE, *tiny, "--verilog", tmp_path / "verilog", "--json", tmp_path / "x", code=1)
    row = data(tmp_path / "x")["checked"][-1]
    place = re.escape(row["piece"])
    assert re.search(
        rf"not equal: {row['layer']} {row['stage']}: element \(\d+, \d+\) .*; the piece is {place}", result.stderr
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_makes_it_fail_and_the_words_say_where(fault, kept, tmp_path):
    file, old, new, where = FAULTS[fault]
    shutil.copytree(kept[0] / "verilog", tmp_path / "verilog")
    text = (tmp_path / "verilog" / file).read_text()
    assert text.count(old) == 1
    (tmp_path / "verilog" / file).write_text(text.replace(old, new))
    line = sat(*GEMM, "--verilog", tmp_path / "verilog", "--json", tmp_path / "x", code=1).stderr
    assert re.search(rf"^sat: not equal: gemm normal: {where}", line, re.MULTILINE), line
    found = data(tmp_path / "x")
    assert not found["equal"] and found["difference"] in line


def test_verilog_of_another_accelerator_is_refused(kept):
    line = refused("verify", "gemm", 4, 4, 4, "--verilog", kept[0] / "verilog")
    assert "/verilog must hold sat_harness.v and configuration.json" in line


def test_a_systolic_array_takes_dense_gemms(tmp_path):
    output = sat("verify", "gemm", 9, 20, 6, "--accelerator", "systolic", "--json", tmp_path / "x").output
    found = data(tmp_path / "x")
    assert (found["accelerator"], found["sparsity"], found["equal"]) == ("systolic", "dense", True)
    assert {row["sparsity"] for row in found["checked"]} == {"dense"} and found["config"]["largest_m"] == 4
    assert [row["cycles"] for row in found["checked"]] == [
        predict(9, 20, 6, config="small", accelerator="systolic", output=output, mapping=flow).cycles
        for output in ("fp32", "fp16", "fp32", "fp16")
        for flow in ("os", "ws")
    ]
    assert "systolic small, seed 0" in output


def test_steps_on_it_are_those_of_method_dense(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(MyhdlEngine, "_run", lambda self, *work: Functional(self.config).run(*work))
    sat(
        "verify",
        "--accelerator",
        "systolic",
        *tiny[:2],
        "--engine",
        "myhdl",
        "--batch",
        2,
        "--steps",
        1,
        "--json",
        tmp_path / "x",
    )
    found = data(tmp_path / "x")
    assert (found["method"], found["sparsity"]) == ("dense", "dense")
    assert [row["sparsity"] for row in found["checked"]] == ["dense"] * 8

"""The network that a command costs, built in, as a topology or as a module; in `sat cycles` and `sat plan`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sat.support import data, refused, sat
from tlm.workload.networks import NETWORKS
from training import models, training_step

ROOT = Path(__file__).resolve().parents[2]
MODULE = """\
import torch
def net():
    return torch.nn.Sequential(torch.nn.Conv2d(3, 16, 3, stride=2), torch.nn.ReLU(), torch.nn.Conv2d(16, 8, 3))
def wide():
    return torch.nn.Sequential(torch.nn.ReLU())
def fails():
    return dict()["key"]
def number():
    return 3
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a module and two topologies, in which the command runs."""
    (tmp_path / "mine_to_cost.py").write_text(MODULE)
    (tmp_path / "own.csv").write_text("Layer,M,N,K,Sparsity,Batch,\na,8,16,16,1:4,3,\n")
    (tmp_path / "gemms.csv").write_text("Layer,M,N,K,\nfirst,64,32,48,\nsecond,64,10,32,\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(*words):
    sat("cycles", "--config", "small", *words, "--json", "out.json")
    return data(Path("out.json"))


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "cnn"])
def test_a_networks_rows_are_the_gemms_of_its_module(name, folder):
    found = rows("--model", name, "--image", 32, "--classes", 7, "--width", 0.125, "--batch", 2, "--method", "sdwp")
    module = models.build(name, 0, image=32, classes=7, width=0.125)
    gemms = training_step(module, (2, 3, 32, 32), "sdwp", 2, 8)
    work = [row for row in found["rows"] if row["stage"] in ("ff", "bp", "wu")]
    assert [(row["layer"], row["stage"], row["m"], row["n"], row["count"]) for row in work] == [
        (gemm.layer, gemm.stage, gemm.m, gemm.n, gemm.count) for gemm in gemms
    ]
    assert (found["model"], found["dense_layers"]) == (name, list(NETWORKS[name].dense))
    (head,) = (row for row in work if (row["layer"], row["stage"]) == (NETWORKS[name].dense[0], "bp"))
    assert head["sparsity"] == "dense" and any(row["sparsity"] == "2:8" for row in work)


def test_layers_stay_dense_that_are_named(folder):
    found = rows("--model", "resnet18", "--width", 0.125, "--batch", 1, "--dense", "layer1.*,layer2.*")
    sparse = {row["layer"].split(".")[0] for row in found["rows"] if row["sparsity"] == "2:8"}
    assert {"layer3", "layer4", "fc"} <= sparse and not {"layer1", "layer2"} & sparse
    assert found["dense_layers"] == ["layer1.*", "layer2.*"]


def test_a_topology_is_costed_as_a_training_step(folder):
    found = rows("--topology", "gemms.csv", "--batch", 1)
    assert found["model"] == "gemms" and found["batch"] == 1
    assert [(row["layer"], row["stage"], row["m"], row["k"], row["n"]) for row in found["rows"]] == [
        ("first", "ff", 64, 48, 32),
        ("second", "ff", 64, 32, 10),
        ("second", "bp", 64, 10, 32),
        ("second", "wu", 32, 64, 10),
        ("first", "wu", 48, 64, 32),
        ("first", "update", 48, 0, 32),
        ("second", "update", 32, 0, 10),
    ]
    assert rows("--topology", "gemms.csv", "--batch", 3)["rows"][0]["m"] == 192


def test_layers_of_one_name_in_a_topology_have_weights_of_their_own(folder):
    Path("twins.csv").write_text("Layer,M,N,K,\nsame,8,16,16\nsame,8,16,16\n")
    found = rows("--topology", "twins.csv", "--batch", 1)
    assert [row["stage"] for row in found["rows"]] == ["ff", "ff", "bp", "wu", "wu", "update", "update"]


def test_a_module_of_ones_own_is_traced(folder):
    found = rows("--module", "mine_to_cost:net", "--input", "2,3,9,9")
    assert (found["model"], found["batch"], found["dense_layers"]) == ("mine_to_cost:net", 2, [])
    assert [(row["layer"], row["stage"], row["sparsity"]) for row in found["rows"][:4]] == [
        ("0", "ff", "dense"),
        ("2", "ff", "2:8"),
        ("2", "bp", "2:8"),
        ("2", "wu", "dense"),
    ]


@pytest.mark.parametrize("command", ["cycles", "plan"])
@pytest.mark.parametrize(
    "words, complaint",
    [
        (["--topology", "none.csv"], "none.csv"),
        (["--topology", "mine_to_cost.py"], "its first line must be"),
        (["--topology", "gemms.csv", "--model", "vit"], "--model cannot go with --topology"),
        (["--topology", "gemms.csv", "--width", "0.5"], "--width cannot go with --topology"),
        (["--topology", "gemms.csv", "--module", "a:b"], "--module cannot go with --topology"),
        (["--module", "mine_to_cost:net"], "--module needs an --input, [NAME:]SIZES[:DTYPE], such as 1,3,224,224 or"),
        (["--module", "mine_to_cost:net", "--input", "1,x"], "not '1,x'"),
        (["--module", "mine_to_cost:net", "--input", "1,0,9,9"], "not '1,0,9,9'"),
        (["--module", "mine_to_cost:net", "--input", "1,3,9,9", "--batch", "2"], "--batch cannot go with --module"),
        (
            ["--module", "mine_to_cost:net", "--input", "1,4,9,9"],
            "net fails on inputs (1, 4, 9, 9) float32: Runtime",
        ),
        (["--module", "mine_to_cost:wide", "--input", "1,4"], "mine_to_cost:wide multiplies no matrices"),
        (["--module", "mine_to_cost:fails", "--input", "1,4"], "KeyError: 'key'"),
        (
            ["--module", "mine_to_cost:number", "--input", "1,4"],
            "mine_to_cost:number must make an nn.Module, or a module and its inputs, not int",
        ),
        (["--module", ".mine:net", "--input", "1,4"], "cannot be imported: TypeError"),
        (["--dense", "layer1"], "dense names no layer: 'layer1' matches none of conv1, conv2"),
        (
            ["--model", "resnet50", "--batch", "1000000"],
            "GEMM size m must be at most 2^27, not 12544000000 in conv1 ff",
        ),
        (["--module", "mine_to_cost:other", "--input", "1,4"], "cannot be imported: AttributeError"),
        (
            ["--module", "nowhere:net", "--input", "1,4"],
            "cannot be imported: ModuleNotFoundError: No module",
        ),
        (["--module", "net", "--input", "1,4"], "module must be PACKAGE:FACTORY, not 'net'"),
        (["--input", "1,3,9,9"], "--input needs --module"),
        (["--host", "conv1"], "--host needs --module"),
        (
            ["--module", "mine_to_cost:net", "--input", "1,3,9,9", "--host", "5"],
            "host names no layer and no module: '5'",
        ),
        (
            ["--module", "mine_to_cost:net", "--input", "1,3,9,9", "--host", "*"],
            "for the array: all 27,648 multiply-adds",
        ),
        (["--module", ""], "--module must not be empty"),
        (["--onnx", ""], "--onnx must not be empty"),
        (["--module", "mine_to_cost:net", "--input", "1,3,9,9", "--host", ""], "--host must not be empty"),
        (["--module", "mine_to_cost:net", "--input", "1,3,9,9:int64"], "must be numbers of one kind, not torch.int64"),
        (["--topology", "own.csv", "--batch", "2"], "--batch cannot go with own.csv, in which each layer has its own"),
        (["--topology", "own.csv", "--sparsity", "1:4"], "--sparsity cannot go with own.csv, in which each layer"),
        (["--stage", "bp"], "stage must be ff, not 'bp'"),
        (["--sparsity", "2:8", "--sparsity", "conv9=1:4"], "sparsity names no layer: 'conv9' matches none of conv1"),
        (["--onnx", "none.onnx", "--model", "vit"], "--model cannot go with --onnx"),
        (["--model", "resnet18", "--image", "48"], "image of resnet18 must be one of 32, 64, 224, not 48"),
        (["--model", "resnet18", "--width", "0"], "width must be a number above 0"),
        (["--decay", "1e-4", "--method", "sdgp"], "method sdgp has none"),
        (["--rescale"], "rescale is for methods that prune gradients, not bdwp"),
    ],
)
def test_what_cannot_be_costed_is_refused_in_one_line(folder, command, words, complaint):
    assert complaint in refused(command, *words)


def test_what_stays_on_the_host_is_named_with_its_multiply_adds(folder):
    found = rows("--module", "mine_to_cost:net", "--input", "2,3,9,9", "--host", "0")
    whole = rows("--module", "mine_to_cost:net", "--input", "2,3,9,9")
    assert (whole["macs_unseen"], whole["unseen"]) == (0, [])
    assert found["macs_seen"] + found["macs_unseen"] == whole["macs_seen"]
    assert found["unseen"] == [dict(module="0", call="conv2d", macs=2 * 2 * 16 * 16 * 27)]
    assert {row["layer"] for row in found["rows"]} == {"2", "2.bias"}


def test_the_forward_pass_alone_is_costed(folder):
    step, forward = (
        rows("--module", "mine_to_cost:net", "--input", "2,3,9,9", *more) for more in ((), ("--stage", "ff"))
    )
    assert [row for row in step["rows"] if row["stage"] == "ff"] == [
        row | dict(share=row["cycles"] / step["totals"]["cycles"]) for row in forward["rows"]
    ]


def test_patterns_of_their_own_hold_for_layers_of_a_network_and_of_a_file(folder):
    found = rows(
        "--model", "resnet9", "--width", 0.125, "--batch", 1, "--sparsity", "2:8", "--sparsity", "block2.*=1:4"
    )
    assert {row["sparsity"] for row in found["rows"] if row["layer"] == "block2.conv"} == {"1:4", "dense"}
    assert {row["sparsity"] for row in found["rows"] if row["layer"] == "block3.conv"} == {"2:8", "dense"}
    Path("own.csv").write_text("Layer,M,N,K,Sparsity,\na,8,16,16,1:4,\nb,8,16,16,4:4,\nc,8,16,16,,\n")
    assert "bdwp 2:8, N:M of the file, batch 32" in sat("cycles", "--topology", "own.csv").output
    listed = {row["layer"]: row["sparsity"] for row in rows("--topology", "own.csv")["rows"] if row["stage"] == "ff"}
    assert listed == {"a": "1:4", "b": "dense", "c": "2:8"}


def test_scale_sims_own_count_is_told(folder):
    header = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,"
    Path("odd.csv").write_text(f"{header}\na, 8, 8, 3, 3, 1, 1, 2,\n")
    output = " ".join(sat("cycles", "--topology", "odd.csv", "--batch", 2).output.split())
    assert "forward pass: 162 multiply-adds; SCALE-Sim, which rounds outputs up, would count 288" in output
    Path("even.csv").write_text(f"{header}\na, 9, 9, 3, 3, 1, 1, 2,\n")
    assert "SCALE-Sim" not in sat("cycles", "--topology", "even.csv").output


def test_costing_a_network_needs_no_pytorch():
    code = (
        "import sys; sys.argv = ['sat', 'cycles', '--model', 'vgg19']\n"
        "import sat.__main__\ntry: sat.__main__.main()\nexcept SystemExit as end: code = end.code\n"
        "print(code, sorted({'torch', 'sklearn', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] in ("None []", "0 []"), done.stderr


@pytest.mark.parametrize("words", [["cycles"], ["plan", "-o", "plan.json"], ["cycles", "paper", "--batch", "1"]])
def test_who_no_longer_reads_loses_no_file(folder, words):
    command = [sys.executable, "-m", "sat", *words, "--config", "small", "--json", str(folder / "out.json")]
    reading, writing = os.pipe()
    os.close(reading)
    where = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=folder, stdout=writing, stderr=subprocess.DEVNULL, env=where)
    os.close(writing)
    assert data(folder / "out.json") and (words[0] != "plan" or data(folder / "plan.json"))

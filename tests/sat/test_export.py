"""`sat export`."""

import json
import shutil
import sys
from hashlib import sha256

import numpy as np
import pytest
import torch

from tests.sat.support import data, refused, sat
from training import digits, models, nm_mask
from training.compact import Compact, unpacked
from training.two_of_four import TwoOfFour


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "run"
    sat("train", "--steps", 60, "--batch", 16, "--out", folder)
    return folder


@pytest.fixture(scope="module")
def four_of_eight(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "run"
    sat("train", "--steps", 1, "--batch", 2, "--sparsity", "4:8", "--out", folder)
    return folder


@pytest.fixture(scope="module")
def backward_alone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "run"
    sat("train", "--steps", 1, "--batch", 2, "--method", "sdwp", "--out", folder)
    return folder


def loaded(file):
    return torch.load(file, weights_only=True)


def test_the_plain_network_recognises_what_the_run_reported(run, tmp_path):
    output = sat("export", run, "-o", tmp_path, "--format", "pt").stdout
    plain, test = models.build("cnn", seed=5).eval(), digits(seed=0)
    plain.load_state_dict(loaded(tmp_path / "weights.pt"))
    right = sum(int((plain(x).argmax(1) == y).sum()) for x, y in test.test_batches(120))
    accuracy = data(run / "report.json")["accuracy"]
    assert accuracy > 0.7 and abs(right - accuracy * test.test_size) <= 3
    assert "Weights of cnn, bdwp 2:8, as they were evaluated" in output and str(run / "weights.pt") in output


def test_weights_masks_and_copies_belong_together(run, tmp_path):
    sat("export", run, "-o", tmp_path, "--format", "pt", "--as", "2:4")
    masters, state, masks = (
        loaded(file) for file in (run / "weights.pt", tmp_path / "weights.pt", tmp_path / "masks.pt")
    )
    assert masks.keys() == {"conv2.weight", "conv3.weight", "linear.weight"} and state.keys() == masters.keys()
    copies, pairs = unpacked(tmp_path / "compact.npz", Compact), unpacked(tmp_path / "two_of_four.npz", TwoOfFour)
    assert copies.keys() == pairs.keys() == masks.keys()
    for name, mask in masks.items():
        half = masters[name].half()
        assert torch.equal(mask, nm_mask(half, 2, 8, dim=1)) and torch.equal(state[name], (half * mask).float())
        for copy in (copies[name], pairs[name]):
            assert np.array_equal(copy.dense, state[name].numpy())


def test_its_data_say_what_is_in_the_files(run, tmp_path):
    sat("export", run, "-o", tmp_path / "out", "--as", "2:4", "--json", tmp_path / "x.json")
    told = data(tmp_path / "out" / "export.json")
    assert told == data(tmp_path / "x.json") and (told["model"], told["sparsity"], told["width"]) == ("cnn", "2:8", 1.0)
    assert told["accuracy"] == data(run / "report.json")["accuracy"]
    assert told["source"]["sha256"] == sha256((run / "weights.pt").read_bytes()).hexdigest()
    for name, of in told["files"].items():
        content = (tmp_path / "out" / name).read_bytes()
        assert of == dict(bytes=len(content), sha256=sha256(content).hexdigest())
    assert {file.name for file in (tmp_path / "out").iterdir()} == {*told["files"], "export.json"}
    rows = {row["weight"]: row for row in told["weights"]}
    dense, pruned = rows["conv1.weight"], rows["conv3.weight"]
    assert (dense["sparsity"], dense["density"], dense["bytes_compact"]) == ("dense", 1, dense["bytes_dense"])
    assert pruned == dict(
        weight="conv3.weight",
        layer="conv3",
        shape=[16, 16, 3, 3],
        method="bdwp",
        sparsity="2:8",
        density=0.25,
        bytes_dense=2 * 2304,
        bytes_compact=3 * 576,
        bytes_2_4=2 * 1152 + 576,
    )
    assert told["totals"]["bytes_compact"] == sum(row["bytes_compact"] for row in rows.values())


def test_data_alone_are_on_standard_output(run, tmp_path):
    result = sat("export", run, "-o", tmp_path, "--json", "-")
    assert json.loads(result.stdout) == data(tmp_path / "export.json") and "files in" in result.stderr


def test_a_stopped_run_is_exported_from_its_checkpoint(run, tmp_path):
    shutil.copytree(run, tmp_path / "stopped")
    for name in ("weights.pt", "report.json"):
        (tmp_path / "stopped" / name).unlink()
    one, two = tmp_path / "one", tmp_path / "two"
    assert "checkpoint.pt" in sat("export", tmp_path / "stopped", "-o", one, "--format", "pt").stdout.splitlines()[0]
    sat("export", run, "-o", two, "--format", "pt")
    found, wanted = loaded(one / "weights.pt"), loaded(two / "weights.pt")
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)


def test_four_of_eight_is_exported_but_not_as_2_4(four_of_eight, tmp_path):
    line = refused("export", four_of_eight, "-o", tmp_path, "--as", "2:4")
    assert line == "sat: layer conv2: 2:4 keeps at most 2 of 4 inputs, not up to 4 as its 4:8 does"
    assert list(tmp_path.iterdir()) == []
    sat("export", four_of_eight, "-o", tmp_path)
    assert data(tmp_path / "export.json")["weights"][1]["density"] == 0.5


def test_methods_that_evaluate_dense_weights_have_no_masks(backward_alone, tmp_path):
    sat("export", backward_alone, "-o", tmp_path, "--format", "pt")
    assert loaded(tmp_path / "masks.pt") == {} == unpacked(tmp_path / "compact.npz", Compact)
    masters, state = loaded(backward_alone / "weights.pt"), loaded(tmp_path / "weights.pt")
    assert torch.equal(state["conv2.weight"], masters["conv2.weight"].half().float())
    line = refused("export", backward_alone, "-o", tmp_path, "--as", "2:4")
    assert line == "sat: --as 2:4 needs pruned weights, and sdwp 2:8 evaluates dense ones"


def test_files_of_an_earlier_export_do_not_stay(run, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    sat("export", run, "-o", tmp_path, "--format", "pt", "--as", "2:4")
    assert (tmp_path / "two_of_four.npz").exists()
    told = data(tmp_path / "export.json")
    (tmp_path / "export.json").write_text(json.dumps(told | dict(files=told["files"] | {"notes.txt": {}})))
    sat("export", run, "-o", tmp_path, "--format", "pt")
    kept = {"weights.pt", "masks.pt", "compact.npz", "export.json", "notes.txt"}
    assert {file.name for file in tmp_path.iterdir()} - {"model.onnx"} == kept


def test_the_onnx_file_has_the_pruned_weights(run, tmp_path):
    onnx = pytest.importorskip("onnx")
    sat("export", run, "-o", tmp_path, "--format", "pt")
    model, state = onnx.load(tmp_path / "model.onnx"), loaded(tmp_path / "weights.pt")
    onnx.checker.check_model(model)
    found = {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}
    for name in loaded(tmp_path / "masks.pt"):
        assert np.array_equal(found[name], state[name].numpy()) and (found[name] == 0).mean() >= 0.75
    assert data(tmp_path / "export.json")["any_batch"] is True


def test_safetensors_are_the_usual_format_where_they_are_installed(run, tmp_path):
    safetensors = pytest.importorskip("safetensors.torch")
    sat("export", run, "-o", tmp_path / "one")
    sat("export", run, "-o", tmp_path / "two", "--format", "pt")
    for name in ("weights", "masks"):
        found = safetensors.load_file(tmp_path / "one" / f"{name}.safetensors")
        wanted = loaded(tmp_path / "two" / f"{name}.pt")
        assert found.keys() == wanted.keys() and all(torch.equal(found[key], wanted[key]) for key in wanted)


def test_packages_that_are_not_installed_are_named(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "onnx", None)
    output = sat("export", run, "-o", tmp_path).stdout
    assert "without model.onnx: onnx is not installed: pip install onnx" in output
    assert "without weights.safetensors: safetensors is not installed: pip install safetensors" in output
    assert not (tmp_path / "model.onnx").exists() and (tmp_path / "weights.pt").exists()
    told = data(tmp_path / "export.json")
    assert told["left_out"] == {"model.onnx": "onnx is not installed: pip install onnx"} and told["any_batch"] is None
    line = refused("export", run, "-o", tmp_path, "--format", "safetensors")
    assert line == "sat: safetensors is not installed: pip install safetensors"


def test_the_folder_of_a_run_keeps_its_masters(run):
    before = (run / "weights.pt").read_bytes()
    line = refused("export", run, "-o", run, "--format", "pt")
    assert "must not be the folder of a training, whose checkpoint.pt it has: choose another one" in line
    assert (run / "weights.pt").read_bytes() == before


@pytest.mark.parametrize(
    "words, complaint",
    [
        (["--as", "1:4"], "as must be 2:4, the pattern of GPUs' sparse cores, not '1:4'"),
        (["--format", "onnx"], "format must be one of safetensors, pt, not 'onnx'"),
        (["--columns", "colour"], "columns must be all, or of weight, layer,"),
        (["-o", "/dev/null/x"], "/dev/null/x/export.json cannot be written"),
    ],
)
def test_bad_input_is_refused(run, words, complaint, tmp_path):
    assert complaint in refused("export", run, "-o", tmp_path / "out", *words)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_none_of_a_run_is_refused(tmp_path):
    line = refused("export", tmp_path / "nowhere", "-o", tmp_path / "out")
    assert line.endswith("nowhere must be a folder of sat train --out, with weights.pt or checkpoint.pt")

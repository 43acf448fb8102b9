"""What the folder of a run says of its network."""

import json

import pytest
import torch

from rtl.sparsity import Sparsity
from sat.trained import TrainedRun
from tests.sat.support import data, sat
from tests.training.support import functional
from training import Run, Scheme, Settings, Trainer, checkpoint, digits


@pytest.fixture
def run(tiny, tmp_path):
    sat("train", *tiny, "--steps", 2, "--batch", 16, "--dense", "two", "--out", tmp_path / "run")
    return tmp_path / "run"


def equal(state, other):
    return state.keys() == other.keys() and all(torch.equal(state[name], other[name]) for name in state)


def test_checkpoint_and_report_say_the_same_of_it(run):
    found = TrainedRun.read(run)
    assert found.scheme == Scheme("bdwp", Sparsity(2, 4), decay=0.0, dense=("two",))
    assert (found.model, found.width, found.image, found.classes) == ("tiny", 1.0, (1, 8, 8), 10)
    assert found.source == run / "weights.pt" and found.accuracy == data(run / "report.json")["accuracy"]
    (run / "checkpoint.pt").unlink()
    assert TrainedRun.read(run) == found


def test_the_network_has_the_masters_and_the_converted_one_has_run(run):
    found, masters = TrainedRun.read(run), torch.load(run / "weights.pt", weights_only=True)
    network, module = found.network(), found.converted()
    assert equal(network.state_dict(), masters) and equal(module.state_dict(), masters) and not network.training
    [name] = {name for name, one in module.named_parameters() if one.dim() > 1} - {"two.weight"}
    assert name == "one.weight"


def test_a_run_that_was_stopped_has_its_checkpoint(run):
    (run / "weights.pt").rename(run / "masters.pt")
    (run / "report.json").unlink()
    found = TrainedRun.read(run)
    assert found.source == run / "checkpoint.pt" and found.accuracy is not None
    assert equal(found.network().state_dict(), torch.load(run / "masters.pt", weights_only=True))
    content = checkpoint.load(run / "checkpoint.pt")
    content["trainer"]["steps"] += 1  # in the middle of an epoch
    checkpoint.save(run / "checkpoint.pt", content)
    assert TrainedRun.read(run).accuracy is None


def test_weights_that_are_not_those_of_the_checkpoint_beside_them_are_refused(run):
    weights = torch.load(run / "weights.pt", weights_only=True)
    weights["one.weight"][0, 0] += 1
    torch.save(weights, run / "weights.pt")
    words = "RUN/weights.pt has other weights than RUN/checkpoint.pt: keep the one of them that is meant"
    assert refused(run, "network") == words
    torch.save({"one.weight": weights["one.weight"]}, run / "weights.pt")
    assert refused(run, "network") == words
    (run / "weights.pt").unlink()
    assert TrainedRun.read(run).network()


def test_patterns_of_layers_and_other_widths_are_taken_up(tmp_path):
    scheme = Scheme.of("srste", 2, 8, by_layer=(("conv2", None), ("conv3", Sparsity(1, 4))))
    trainer = Trainer("cnn", digits(seed=0), functional(), scheme, settings=Settings(steps=1, batch=2), width=2)
    Run(trainer, tmp_path).go()
    found = TrainedRun.read(tmp_path)
    assert found.scheme == Scheme.of("srste", 2, 8, decay=2e-4, by_layer=scheme.by_layer) and found.width == 2
    assert equal(found.converted().state_dict(), trainer.module.state_dict())


def test_patterns_of_layers_are_taken_from_a_report_too(run):
    (run / "checkpoint.pt").unlink()
    report = data(run / "report.json") | dict(sparsity_by_layer={"one": "1:4", "tw*": "dense"})
    (run / "report.json").write_text(json.dumps(report))
    assert TrainedRun.read(run).scheme.by_layer == (("one", Sparsity(1, 4)), ("tw*", None))


def refused(folder, then="read"):
    with pytest.raises(ValueError) as error:
        found = TrainedRun.read(folder)
        if then != "read":
            getattr(found, then)()
    assert "\n" not in str(error.value)
    return str(error.value).replace(str(folder), "RUN")


def test_a_folder_that_is_none_of_a_run_is_refused(tmp_path):
    line = "RUN must be a folder of sat train --out, with weights.pt or checkpoint.pt"
    assert refused(tmp_path) == refused(tmp_path / "nowhere") == line
    torch.save({}, tmp_path / "weights.pt")
    assert refused(tmp_path) == "RUN/report.json must be there, which says what was trained"


def test_files_that_are_damaged_or_of_something_else_are_refused(run):
    report = data(run / "report.json")
    (run / "checkpoint.pt").write_bytes(b"torn")
    assert "RUN/checkpoint.pt is no checkpoint, or damaged" in refused(run)
    torch.save({"identity": {}}, run / "checkpoint.pt")
    assert refused(run) == "RUN/checkpoint.pt is no checkpoint of a training"
    (run / "checkpoint.pt").unlink()
    for text, line in (
        ("{", "RUN/report.json is no report of a training: Expecting property name"),
        ("[]", "RUN/report.json is no report of a training"),
        ("{}", "RUN/report.json does not say what was trained: KeyError 'image'"),
        (json.dumps(report | dict(method="magic")), "method must be one of"),
    ):
        (run / "report.json").write_text(text)
        assert refused(run).startswith(line)
    (run / "report.json").write_text(json.dumps(report | dict(model="Sequential")))
    assert "model must be one of" in refused(run, "network")
    (run / "report.json").write_text(json.dumps(report | dict(model="cnn")))
    assert refused(run, "network").startswith("RUN/weights.pt does not fit the network cnn: ")
    torch.save([1], run / "weights.pt")
    assert refused(run, "network").startswith("RUN/weights.pt does not fit the network cnn: ")
    (run / "weights.pt").write_bytes(b"torn")
    assert "RUN/weights.pt is no checkpoint, or damaged" in refused(run, "network")

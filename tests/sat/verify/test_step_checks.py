"""The training steps of `sat verify`, with the functional engine in a simulator's place."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from cosim.check.checker import Checker, Mismatch
from cosim.engines.functional import Functional
from cosim.exchange import Copy
from rtl.sat.config import PRESETS
from rtl.sigma.config import PRESETS as SIGMA_PRESETS
from sat.task import Task
from sat.verify.step_checks import Training, sample_check, step_check
from tests.cosim.support import bits
from tests.support.tasks import CNN
from tlm import make_plan
from tlm.step import programs
from tlm.workload.methods import Scheme
from training import Settings, models, training_step, update_step

SCHEME = Scheme.of("bdwp", 2, 4)
TINY = Training(Task("tiny", "digits"), SCHEME, Settings(batch=4))
SMALL = PRESETS["small"]


@pytest.fixture
def checker():
    return Checker(Functional(SMALL))


@pytest.fixture
def step(tiny):
    module = models.build("tiny", 0)
    return training_step(module, (4, 1, 8, 8), SCHEME) + update_step(module, (4, 1, 8, 8), SCHEME)


@pytest.mark.parametrize("dataflow, dataflows", [(None, ("os", "ws")), ("os", ("os",)), ("ws", ("ws",))])
def test_steps_run_as_scheduled_or_in_one_dataflow(checker, step, dataflow, dataflows):
    check = step_check(checker, TINY, 2, dataflow, None)
    assert not checker.checked and list(check.work) == [9, 9]  # three parameters, their gradients and momenta
    expected = [program.work for program in programs(step, checker.config, make_plan(step, checker.config, dataflows))]
    assert [row.program.work for row in checker.checked] == 2 * expected and len(expected) == 8
    assert sum(row.cycles for row in checker.checked) == 2 * make_plan(step, checker.config, dataflows).cycles
    assert check.total == len(checker.checked) == 16 and check.sample is None


def test_steps_run_by_the_plan_in_a_file(checker, step, tmp_path):
    make_plan(step, checker.config, ("ws",), ("use",)).save(tmp_path / "plan.json")
    check = step_check(checker, TINY, 1, None, tmp_path / "plan.json")
    list(check.work)
    stages = Counter(row.program.work.stage for row in checker.checked)
    assert stages == dict(ff=2, bp=1, wu=2, update=3, reduce=3) and check.total == len(checker.checked) == 11
    sampled = sample_check(checker, TINY, 10**6, None, tmp_path / "plan.json").sample
    assert [program.work.stage for program in sampled.programs] == [row.program.work.stage for row in checker.checked]
    for kind in (step_check, sample_check):
        with pytest.raises(ValueError, match="--dataflow os cannot go with --plan"):
            kind(checker, TINY, 1, "os", tmp_path / "plan.json")


@pytest.mark.parametrize("kind", [step_check, sample_check])
@pytest.mark.parametrize(
    "change, words",
    [
        (dict(model="none"), "model must be one of"),
        (dict(data="none"), "data must be one of"),
        (dict(path="here"), "digits are built in and have no --data-path"),
        (dict(image=32), "model cnn takes images of"),
        (dict(width=9.0), "width must be a number above 0"),
    ],
)
def test_a_step_that_cannot_be_is_refused_before_anything_runs(checker, kind, change, words):
    with pytest.raises(ValueError, match=words):
        kind(checker, replace(CNN, task=replace(CNN.task, **change)), 1, None, None)
    with pytest.raises(ValueError, match="os, ws, scheduled, not 'is'"):
        kind(checker, CNN, 1, "is", None)
    assert not checker.checked


def test_a_network_is_of_the_width_for_the_images_and_for_the_classes_of_the_data():
    training = replace(CNN, task=Task("resnet18", "digits", width=0.25))
    for image, side in ((None, 32), (64, 64)):
        data = replace(training.task, image=image).load(0)
        module = training.trainer(data, Functional(SMALL)).module
        assert data.image_shape == (3, side, side) and (module.fc.in_features, module.fc.out_features) == (128, 10)


def test_a_sample_of_everything_is_the_step(checker):
    check = sample_check(checker, CNN, 10**6, None, None)
    assert not checker.checked
    assert list(check.work) == [0] * check.total and check.total == len(checker.checked) == len(check.sample.pieces)
    assert all(row.equal for row in checker.checked) and check.sample.share == 1
    assert sum(row.program.work.macs for row in checker.checked) == check.sample.macs
    assert check.sample.pairs == check.sample.pairs_covered == 16


class Wrong(Functional):
    """The functional engine, but what one layer's stage gives is changed."""

    def __init__(self, config, layer, stage, change):
        super().__init__(config)
        self.at, self.change = (layer, stage), change

    def _run(self, program, operands):
        result, report = super()._run(program, operands)
        work = program.work
        return self.change(result) if (work.layer, work.stage) == self.at else result, report


def one_bit(row, column):
    def change(result):
        result = result.copy()
        bits(result)[row, column] ^= 1
        return result

    return change


def found_in(layer, stage, change, training=CNN):
    """(the words of the mismatch, the piece that was checked)"""
    checker = Checker(Wrong(SMALL, layer, stage, change))
    check = sample_check(checker, training, 16, None, None)
    with pytest.raises(Mismatch) as caught:
        list(check.work)
    return str(caught.value), check.sample.pieces[len(checker.checked) - 1]


@pytest.mark.parametrize("layer, stage", [("conv3", "ff"), ("conv2", "bp"), ("conv2", "wu")])
def test_a_fault_in_one_stage_is_found_and_named_in_the_whole_results_coordinates(layer, stage):
    words, piece = found_in(layer, stage, one_bit(1, 2))
    place = piece.row + 1, piece.column + 2
    assert words.startswith(f"{layer} {stage}: element {place} is 0x")
    assert words.endswith(f"; the piece is {piece.text}")


def test_so_is_one_in_the_copies_of_an_update():
    def change(result):
        wrong = result.forward.indices.copy()
        wrong[1, 0, 2] ^= 1
        return replace(result, forward=Copy(result.forward.values, wrong))

    words, piece = found_in("conv2", "update", change, replace(CNN, settings=Settings(3, 2)))
    groups, _, column = piece.origins["forward indices"]
    assert words.startswith(f"conv2 update: element {(groups + 1, 0, column + 2)} of forward indices is 0x")


def test_a_piece_that_is_not_what_the_step_had_in_its_place_is_found(checker, monkeypatch):
    """Here it is the step that is wrong, in every element of one layer, and the piece is right."""

    class Wrong(Functional):
        def _run(self, program, operands):
            result, report = super()._run(program, operands)
            here = (program.work.layer, program.work.stage) == ("conv3", "ff")
            return result + np.float16(1) if here else result, report

    monkeypatch.setattr("sat.verify.step_checks.Functional", Wrong)
    check = sample_check(checker, CNN, 16, None, None)
    with pytest.raises(Mismatch, match="^conv3 ff: unlike in the step's own result, element"):
        list(check.work)


@pytest.mark.parametrize(
    "model, scheme, stages",
    [
        ("resnet18", Scheme.of("sdgp", 2, 8, dense=("fc",), rescale=True), {"ff", "bp", "wu", "update", "reduce"}),
        ("vit", Scheme.of("bdwp", 2, 8, dense=("head",)), {"ff", "bp", "wu", "update"}),
    ],
)
def test_pieces_of_a_network_are_what_the_step_had_in_their_place(checker, model, scheme, stages):
    training = Training(Task(model, "digits", width=0.25), scheme, Settings(batch=1))
    check = sample_check(checker, training, 60, None, None)
    list(check.work)
    assert {row.program.work.stage for row in checker.checked if row.equal} == stages and len(checker.checked) == 60
    if model == "vit":
        assert any(piece.whole.work.count > 1 for piece in check.sample.pieces)


def test_a_step_that_overflows_is_taken_again_until_there_are_updates(checker, monkeypatch):
    monkeypatch.setattr("training.optimizer.LossScale.__init__.__defaults__", (2.0**24, 500))
    check = sample_check(checker, CNN, 16, None, None)
    list(check.work)
    assert {row.program.work.stage for row in checker.checked} == {"ff", "bp", "wu", "update"}
    monkeypatch.setattr("sat.verify.step_checks.MOST_STEPS", 1)
    with pytest.raises(ValueError, match="the gradients of 1 steps overflow"):
        sample_check(checker, CNN, 16, None, None)


def test_on_sigma_every_gemm_is_checked_and_the_host_updates(tiny):
    checker = Checker(Functional(SIGMA_PRESETS["small"]))
    check = step_check(checker, TINY, 2, None, None)
    assert list(check.work) == [9, 9] and check.sample is None
    gemms = training_step(models.build("tiny", 0), (4, 1, 8, 8), SCHEME)
    assert [row.program.work for row in checker.checked] == 2 * gemms and check.total == 2 * len(gemms) == 10
    assert all(row.equal and row.program.config.accelerator == "sigma" for row in checker.checked)


def test_a_dataflow_of_steps_is_refused_there(tiny):
    for kind in (step_check, sample_check):
        with pytest.raises(ValueError, match="^--dataflow on SIGMA is for sat verify gemm: in a step it depends on o"):
            kind(Checker(Functional(SIGMA_PRESETS["small"])), TINY, 1, "mk", None)


def test_a_sample_there_is_of_the_programs_that_a_step_has_run(tiny):
    checker = Checker(Functional(SIGMA_PRESETS["small"]))
    check = sample_check(checker, TINY, 10**6, None, None)
    gemms = training_step(models.build("tiny", 0), (4, 1, 8, 8), SCHEME)
    assert [program.work for program in check.sample.programs] == gemms and not checker.checked
    list(check.work)
    assert len(checker.checked) == check.total == len(check.sample.pieces) and check.sample.share == 1
    assert sum(row.program.macs for row in checker.checked) == sum(program.macs for program in check.sample.programs)


def test_pieces_there_are_of_the_first_step_whose_gradients_are_finite(monkeypatch):
    monkeypatch.setattr("training.optimizer.LossScale.__init__.__defaults__", (2.0**24, 500))
    checker = Checker(Functional(SIGMA_PRESETS["small"]))
    check = sample_check(checker, CNN, 22, None, None)
    list(check.work)
    assert {row.program.work.stage for row in checker.checked} == {"ff", "bp", "wu"}
    monkeypatch.setattr("sat.verify.step_checks.MOST_STEPS", 1)
    with pytest.raises(ValueError, match="the gradients of 1 steps overflow"):
        sample_check(checker, CNN, 16, None, None)

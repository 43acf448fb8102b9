"""Training: reproducible, robust to overflow, and it learns."""

import re
from itertools import islice

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from cosim import engine
from cosim.check.checker import Checker
from cosim.check.recorder import Recorder
from rtl.sat.config import PRESETS
from tests.training.support import functional, linear, seeded
from tlm import Gemm, make_plan
from training import Data, Scheme, Settings, Trainer, digits, nm_mask, training_step, update_step
from training.hooks import conversions

DIGITS = digits(0)


def trainer(method="bdwp", seed=0, model="cnn", engine=None, **settings):
    return Trainer(model, DIGITS, engine or functional(), method, "2:8", Settings(seed=seed, **settings))


def work(trainer):
    """The GEMMs and updates of a step."""
    shape = (32, 1, 8, 8)
    return training_step(trainer.module, shape, "bdwp", 2, 8) + update_step(trainer.module, shape, "bdwp", 2, 8)


def bits(trainer):
    """Everything that training changes."""
    state = [*trainer.module.state_dict().values()]
    return state + [trainer.optimizer.state[weight]["velocity"] for weight in trainer.optimizer.weights()]


@pytest.mark.parametrize("method", ["dense", "bdwp"])
def test_the_same_seed_gives_the_same_bits_and_two_calls_are_as_good_as_one(method):
    one, two, other = trainer(method), trainer(method), trainer(method, seed=1)
    losses = one.train(steps=6)
    torch.manual_seed(99)  # nobody else's draws matter
    assert two.train(steps=2) + two.train(steps=4) == losses and len(losses) == 6
    assert all(torch.equal(a, b) for a, b in zip(bits(one), bits(two), strict=True)) and len(bits(one)) > 30
    assert other.train(steps=6) != losses


def test_every_epoch_has_its_own_order_and_every_step_its_own_draws():
    run, seen = trainer(model=nn.Sequential(nn.Flatten(), nn.Linear(64, 10), nn.Dropout(0.5))), []
    run.module[2].register_forward_hook(lambda _, inputs, output: seen.append((inputs[0].detach(), output.detach())))
    x, y = DIGITS.train_x[:8], DIGITS.train_y[:8]
    run.step(x, y)
    run.step(x, y)
    masks = [output != 0 for _, output in seen]
    assert not torch.equal(*masks)
    batches = [run.data.batches(32, 0, epoch) for epoch in (0, 1)]
    first = [x for x, _ in islice(trainer()._batches(), run.steps_per_epoch + 1)]
    assert torch.equal(first[0], next(batches[0])[0]) and torch.equal(first[-1], next(batches[1])[0])
    assert not torch.equal(first[0], first[-1])


def test_a_module_that_draws_is_reproducible_too_and_the_users_copy_is_left_alone():
    module = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.Dropout(0.5), nn.Linear(32, 10))
    before = module[1].weight.clone()
    assert trainer(model=module).train(steps=3) == trainer(model=module).train(steps=3)
    assert torch.equal(module[1].weight, before)


def test_the_gemms_and_updates_of_a_step_are_the_workload():
    recorder = Recorder(functional())
    run = trainer(engine=recorder)
    run.train(steps=1)
    assert [program.work for program, _ in recorder.runs] == work(run)


@pytest.mark.parametrize("method", ["dense", "bdwp"])
def test_a_short_training_recognises_most_digits(method):
    run = trainer(method)
    start, losses = run.evaluate(), run.train(epochs=2)
    assert len(losses) == 90 and start < 0.3 and run.evaluate() > 0.85


PLANS = {
    "os": dict(dataflows=("os",)),
    "ws": dict(dataflows=("ws",)),
    "scheduled": {},
    "copies before use": dict(generations=("use",)),
}


def test_the_bits_of_a_training_run_are_the_same_in_every_dataflow_and_plan():
    unplanned, config = trainer(), functional().config
    losses, step = unplanned.train(steps=4), work(unplanned)
    laid_out = set()
    for choices in PLANS.values():
        recorder, plan = Recorder(functional()), make_plan(step, config, **choices)
        run = trainer(engine=recorder)
        run.follow(plan)
        assert run.train(steps=4) == losses
        assert all(torch.equal(a, b) for a, b in zip(bits(run), bits(unplanned), strict=True))
        assert sum(report.cycles for _, report in recorder.runs) == 4 * plan.cycles
        laid_out.add(tuple((program.work.stage, program.dataflow) for program, _ in recorder.runs))
    assert len(laid_out) == len(PLANS)


def test_an_engine_that_the_plan_is_not_for_is_refused_and_the_trainer_keeps_its_own():
    run, medium = trainer(), engine("functional", "medium")
    own = run.engine
    run.follow(make_plan(work(run), own.config))
    for refused in (run.use, run.evaluate):
        with pytest.raises(ValueError, match="^the plan is for another configuration: name must be 'medium'"):
            refused(medium)
    assert run.engine is own and conversions(run.module)[0].engine is own
    run.follow(None)
    run.use(medium)
    assert run.engine is conversions(run.module)[0].engine is medium


def test_the_last_batch_of_an_epoch_runs_output_stationary_beside_the_plan():
    recorder = Recorder(functional())
    run = trainer(engine=recorder)
    run.follow(make_plan(work(run), recorder.config, ("ws",)))
    run.step(DIGITS.train_x[:32], DIGITS.train_y[:32])
    run.step(DIGITS.train_x[:29], DIGITS.train_y[:29])
    flows = [program.dataflow for program, _ in recorder.runs if isinstance(program.work, Gemm)]
    assert flows == ["ws"] * 11 + ["os"] * 11


@pytest.mark.parametrize("choices", [dict(dataflows=("ws",)), dict(generations=("use",))], ids=str)
def test_a_step_of_a_small_module_has_its_bits_on_icarus_and_the_plans_cycles(choices):
    config = PRESETS["small"]
    module = nn.Sequential(nn.Flatten(), nn.AvgPool1d(8), nn.Linear(8, 4, False), nn.ReLU(), nn.Linear(4, 10, False))
    step = training_step(module, (3, 1, 8, 8), "bdwp", 2, 4) + update_step(module, (3, 1, 8, 8), "bdwp", 2, 4)
    plan, checker = make_plan(step, config, **choices), Checker(engine("icarus", config))
    runs = [Trainer(module, DIGITS, used, "bdwp", "2:4") for used in (checker, engine("functional", config))]
    runs[0].follow(plan)
    ours, theirs = (run.step(DIGITS.train_x[:3], DIGITS.train_y[:3]) for run in runs)
    assert ours == theirs and all(torch.equal(a, b) for a, b in zip(*map(bits, runs), strict=True))
    assert sum(row.cycles for row in checker.checked) == plan.cycles
    assert len(checker.checked) >= len(step) == 7 and all(row.equal for row in checker.checked)


def test_an_overflow_skips_the_step_and_the_next_goes_on():
    recorder = Recorder(functional())
    run = trainer(engine=recorder)
    run.train(steps=2)
    recorder.runs.clear()
    before = [weight.clone() for weight in run.optimizer.weights()]
    run.loss_scale.scale = 2.0**24  # beyond FP16 for the gradients of a mean over 32 images
    run.train(steps=1)
    assert all(torch.equal(a, b) for a, b in zip(before, run.optimizer.weights(), strict=True))
    assert (run.loss_scale.skipped, run.loss_scale.scale) == (1, 2.0**23)
    assert len(recorder.runs) == 11 and all(program.work.stage != "update" for program, _ in recorder.runs)
    run.loss_scale.scale = 1024.0
    run.train(steps=1)
    assert not any(torch.equal(a, b) for a, b in zip(before, run.optimizer.weights(), strict=True))


def test_evaluation_can_use_another_engine_and_changes_nothing():
    recorder = Recorder(functional())
    run = trainer(engine=recorder)
    run.train(steps=2)
    before, executed = [value.clone() for value in bits(run)], len(recorder.runs)
    assert run.evaluate(functional()) == run.evaluate(functional())
    assert len(recorder.runs) == executed and all(torch.equal(a, b) for a, b in zip(before, bits(run), strict=True))
    run.evaluate()
    assert len(recorder.runs) == executed + 3 * 4


def test_progress_is_told_after_every_step():
    told = []
    losses = trainer().train(steps=3, progress=lambda *args: told.append(args))
    assert told == [(i + 1, 3, loss) for i, loss in enumerate(losses)]


@pytest.mark.parametrize("arguments", [{}, {"epochs": 1, "steps": 1}, {"epochs": 0}, {"steps": -1}])
def test_either_epochs_or_steps_are_to_be_given(arguments):
    with pytest.raises(ValueError, match="epochs or steps"):
        trainer().train(**arguments)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Settings(batch=0),
        lambda: Settings(seed=-1),
        lambda: trainer(method="magic"),
        lambda: trainer(model="magic"),
        lambda: Trainer("cnn", DIGITS, functional(), "bdwp", None),
        lambda: Trainer("cnn", DIGITS, functional(), "bdwp", "8:2"),
        lambda: Trainer("cnn", DIGITS, functional(), settings=Settings(lr=0)),
    ],
)
def test_bad_arguments_are_refused(make):
    with pytest.raises(ValueError):
        make()


def test_a_model_for_other_images_than_the_data_has_is_refused():
    words = "model resnet9 takes images of (3, 32, 32) or (3, 64, 64) or (3, 224, 224), not (1, 8, 8) as digits has"
    with pytest.raises(ValueError, match=re.escape(words)):
        trainer(model="resnet9")


def test_a_named_model_is_built_for_the_images_and_classes_of_the_data():
    x, y = torch.zeros(4, 3, 32, 32), torch.tensor([0, 1, 2, 6])
    run = Trainer("resnet18", Data(x, y, x, y), functional(), "bdwp", "2:8", width=0.125)
    assert run.module(x).shape == (4, 7) and run.module.conv1.weight.shape == (8, 3, 3, 3)


def test_the_schedule_gives_each_step_its_rate_and_is_not_trained_beyond():
    run, rates = trainer(model=linear(), schedule="cosine", steps=4, warm_up=2 / 45), []
    run.train(steps=4, progress=lambda *_: rates.append(run.optimizer.param_groups[0]["lr"]))
    assert rates == [0.025, 0.05, 0.05, pytest.approx(0.025)]
    with pytest.raises(ValueError, match="schedule cosine ends after 4 steps"):
        run.train(steps=1)
    assert run.steps == 4


def test_smoothed_labels_are_pytorchs():
    x, y = DIGITS.train_x[:32], DIGITS.train_y[:32]
    run = trainer("dense", label_smoothing=0.2)
    wanted = cross_entropy(run.module.train()(x).float(), y, label_smoothing=0.2)
    assert trainer("dense", label_smoothing=0.2).step(x, y) == wanted.item() != trainer("dense").step(x, y)


def test_decay_changes_the_update_of_what_is_pruned():
    scheme = [Scheme.of("bdwp", 2, 8, decay=decay) for decay in (0.0, 0.1)]
    runs = [Trainer(linear(), DIGITS, functional(), one) for one in scheme]
    runs[1].module.load_state_dict(runs[0].module.state_dict())
    before = runs[0].module[1].weight.detach().clone()
    for run in runs:
        run.train(steps=1)
    less = (runs[0].module[1].weight - runs[1].module[1].weight).detach()
    pruned = ~nm_mask(before.half(), 2, 8, dim=1)
    assert torch.allclose(less[pruned], 0.05 * 0.1 * before[pruned], rtol=0.01, atol=1e-7) and pruned.any()
    assert not less[~pruned].any()


def test_a_restored_trainer_goes_on_with_the_same_bits():
    whole, first, second = (trainer("srste", model=seeded(linear), schedule="step", steps=50) for _ in range(3))
    for run in (whole, first):
        run.loss_scale.scale = 2.0**24  # overflows, so that the scale changes on the way
    losses = whole.train(steps=50)
    assert losses[:23] == first.train(steps=23)
    second.restore(first.state())
    assert losses[23:] == second.train(steps=27)
    assert all(torch.equal(a, b) for a, b in zip(bits(whole), bits(second), strict=True))
    assert second.loss_scale.state_dict() == whole.loss_scale.state_dict() and whole.loss_scale.skipped

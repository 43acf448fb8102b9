"""Training on SIGMA: the GEMMs run there, the host prunes gradients and updates weights."""

import copy

import pytest
import torch
from torch import nn

import cosim
from cosim.check.recorder import Recorder
from rtl.sigma.config import PRESETS
from tests.training.support import difference, draw, give_gradients, gradients, masked
from tlm import Gemm
from tlm.workload.layer import Conv
from tlm.workload.lowering import lowered
from training import SGD, MatMul, Offload, Scheme, Settings, Trainer, Updates, convert, digits, training_step

SMALL = PRESETS["small"]
INPUT = (2, 8, 5, 5)


def network():
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return nn.Sequential(nn.Conv2d(8, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(72, 10))


def on_sigma(module, *scheme):
    recorder = Recorder(cosim.engine("functional", "small", "sigma"))
    return convert(module, *scheme, engine=recorder), recorder


def key(gemm):
    return gemm.layer, gemm.stage, gemm.shape, str(gemm.sparsity)


@pytest.mark.parametrize("method", ["dense", "bdwp", "sdgp"])
def test_every_gemm_of_a_step_runs_there_and_nothing_else(method):
    scheme = Scheme.of(method, *(() if method == "dense" else (2, 8)))
    module, recorder = on_sigma(network(), scheme)
    gradients(module, draw(INPUT, 1), 2)
    ran = [program.work for program, _ in recorder.runs]
    step = [one for one in training_step(network(), INPUT, scheme) if isinstance(one, Gemm)]
    inner = [one for one in ran if (one.layer, one.stage) != ("0", "bp")]  # the image's gradient is wanted here
    assert list(map(key, inner)) == list(map(key, step)) and len(ran) == len(step) + 1
    assert {program.config for program, _ in recorder.runs} == {SMALL}
    assert all(cost.cycles > 0 for _, cost in recorder.runs)


@pytest.mark.parametrize("method", ["dense", "bdwp"])
def test_gradients_are_near_those_of_pytorch(method):
    plain, pattern = network(), () if method == "dense" else (2, 8)
    module, _ = on_sigma(plain, method, *pattern)
    ours, x = gradients(module, draw(INPUT, 1), 2), draw(INPUT, 1)
    if method == "bdwp":  # the forward pass, whose weights are masked along the inputs
        theirs = nn.Sequential(masked(plain[0], "inputs", 2, 8), *plain[1:3], masked(plain[3], "inputs", 2, 8))(x)
        assert difference(ours["y"], theirs.detach()) < 8
        return
    theirs = gradients(plain, x, 2)
    assert ours.keys() == theirs.keys() and len(ours) == 6
    assert all(difference(ours[name], theirs[name]) < 8 for name in theirs)


def test_the_same_step_has_the_same_bits_again():
    first, again = (gradients(on_sigma(network(), "bdwp", 2, 8)[0], draw(INPUT, 1), 2) for _ in range(2))
    assert all(first[name].numpy().tobytes() == again[name].numpy().tobytes() for name in first)


def test_gradients_are_pruned_on_the_host_to_the_bits_that_sat_has():
    layer = nn.Conv2d(8, 16, 3, padding=1)
    scheme = Scheme.of("sdgp", 2, 8)
    module, recorder = on_sigma(layer, scheme)
    gradients(module, draw(INPUT, 1), 2)
    assert [program.work.stage for program, _ in recorder.runs] == ["ff", "bp", "wu"]
    lowering = lowered(Conv("l", 8, 16, 5, 5, (3, 3), padding=(1, 1)), 2, scheme)
    dy = draw((1, 2, 5, 5, 16), 3).half().numpy()
    engines = recorder, Recorder(cosim.engine("functional", "small"))
    pruned, expected = (Offload("l", scheme, engine).pruned_gradients(lowering, dy) for engine in engines)
    assert pruned.tobytes() == expected.tobytes() and (pruned != 0).sum() == dy.size / 4


def test_weights_are_updated_on_the_host_with_the_bits_of_sgd_alone():
    module, recorder = on_sigma(network(), "bdwp", 2, 8)
    alone = copy.deepcopy(network())
    updates = Updates(module)
    assert not any(weight in updates for weight in module.parameters())
    ours = SGD(module.parameters(), 0.3, 0.9, 0.01, updates)
    theirs = SGD(alone.parameters(), 0.3, 0.9, 0.01)
    for seed in range(3):
        for one, optimizer in ((module, ours), (alone, theirs)):
            give_gradients(one, seed)
            optimizer.step(4.0)
    for mine, other in zip(module.parameters(), alone.parameters(), strict=True):
        assert mine.detach().numpy().tobytes() == other.detach().numpy().tobytes()
        assert ours.state[mine]["velocity"].numpy().tobytes() == theirs.state[other]["velocity"].numpy().tobytes()
    assert not recorder.runs


def test_a_trainer_learns_on_it_and_a_second_one_gets_the_same_bits():
    def trained():
        module = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 10))
        with torch.random.fork_rng():
            torch.manual_seed(1)
            for layer in (module[1], module[3]):
                layer.reset_parameters()
        trainer = Trainer(
            module,
            digits(0),
            cosim.engine("functional", "small", "sigma"),
            Scheme.of("bdwp", 2, 4),
            settings=Settings(batch=8, lr=0.05),
        )
        losses = [trainer.train(steps=1) for _ in range(6)]
        return losses, [weight.detach().numpy().tobytes() for weight in trainer.module.parameters()]

    one, other = trained(), trained()
    assert one == other and len(one[1]) == 4


def test_products_without_weights_run_there_too():
    module, recorder = on_sigma(MatMul(), "dense")
    a, b = draw((3, 4, 6), 1), draw((3, 6, 5), 2)
    assert torch.allclose(module(a, b), a @ b, atol=4e-3)
    assert [(program.work.shape, program.work.count) for program, _ in recorder.runs] == [((4, 6, 5), 3)]


def test_a_sigma_with_bfloat16_operands_is_refused():
    engine = cosim.engine("functional", SMALL.model_copy(update=dict(operands="bf16", name="brain")))
    with pytest.raises(ValueError, match="^training runs on fp16 operands, not on bf16 of brain$"):
        convert(network(), "dense", engine=engine)

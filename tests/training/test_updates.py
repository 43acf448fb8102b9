"""Weight updates: which a module has, what they make, and the same bits as the optimizer on the host."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from cosim.check.recorder import Recorder
from rtl.golden import Rates, nm_compact
from tests.training.support import Keeping, draw, functional, give_gradients, recorded, seeded
from tlm import Update, make_plan
from tlm.workload.layer import Conv
from tlm.workload.lowering import COLUMNS, ROWS, lowered
from training import SGD, Scheme, Updates, convert, models, operands, training_step, update_step
from training.conversion import use_engine, use_plan
from training.hooks import conversions

LAYERS = {
    "linear": (lambda: nn.Linear(16, 24), (5, 16)),
    "ragged": (lambda: nn.Linear(19, 13), (6, 19)),
    "vector": (lambda: nn.Linear(1, 1), (3, 1)),
    "1x1": (lambda: nn.Conv2d(12, 20, 1, bias=False), (2, 12, 4, 4)),
    "convolution": (lambda: nn.Conv2d(8, 16, 3, padding=1), (2, 8, 6, 5)),
    "strided": (lambda: nn.Conv2d(11, 13, (3, 2), stride=(2, 1), padding=1), (2, 11, 5, 5)),
    "few inputs": (lambda: nn.Conv2d(3, 9, 3, dilation=2), (1, 3, 7, 7)),
    "few outputs": (lambda: nn.Conv2d(9, 3, 2, stride=3), (1, 9, 6, 6)),
}


def same_bits(one, two):
    pairs = list(zip(one, two, strict=True))
    assert all(a.numpy().tobytes() == b.numpy().tobytes() for a, b in pairs)
    return len(pairs)


def state(module, optimizer):
    weights = [weight.detach() for weight in module.parameters()]
    return weights + [optimizer.state[weight]["velocity"] for weight in module.parameters()]


@pytest.mark.parametrize("method", ["dense", "bdwp"])
@pytest.mark.parametrize("case", LAYERS)
def test_an_update_on_an_engine_gives_the_bits_of_the_one_on_the_host(case, method):
    layer, shape = seeded(LAYERS[case][0]), LAYERS[case][1]
    on_engine, recorder = recorded(layer, method, 2, 8)
    on_engine(draw(shape, 1))
    del recorder.runs[:]
    ours = SGD(on_engine.parameters(), 0.3, 0.9, 0.01, Updates(on_engine))
    theirs = SGD(layer.parameters(), 0.3, 0.9, 0.01)
    for seed in range(3):
        for module, optimizer in ((on_engine, ours), (layer, theirs)):
            give_gradients(module, seed)
            optimizer.step(4.0)
    assert same_bits(state(on_engine, ours), state(layer, theirs)) == 2 * len(recorder.runs) / 3 >= 2
    assert [weight.shape for weight in on_engine.parameters()] == [weight.shape for weight in layer.parameters()]


@pytest.mark.parametrize("case", LAYERS)
def test_the_copies_are_the_weights_that_the_next_steps_gemms_read(case):
    factory, shape = LAYERS[case]
    module, engine = seeded(factory), Keeping(functional())
    converted = convert(module, "bdwp", 2, 8, engine)
    x = draw(shape, 1).requires_grad_()
    converted(x).sum().backward()
    engine.forget()
    give_gradients(converted, 1)
    SGD(converted.parameters(), 0.3, updates=Updates(converted)).step()
    update, given = engine.updated()[0]
    (use,) = conversions(converted)[0].uses[converted.weight].values()
    lowering, weight = use.lowering, use.weight16(converted.weight)
    geometry, window = lowering.geometry, lowering.geometry.window
    ff, bp = lowering.gemm("ff"), lowering.gemm("bp")
    assert (update.forward, update.backward) == (ff.sparsity is not None, bp.sparsity is not None)
    if update.forward:
        images = np.zeros((1, *geometry.shape), np.float16)
        wanted = nm_compact(operands.of_stage(lowering, "ff", images, weight)[1][0], 2, 8)
        assert same_copy(given.forward, *wanted)
    if update.backward:
        pixels = np.zeros((1, *geometry.out_shape), np.float16)
        wanted = nm_compact(operands.of_stage(lowering, "bp", pixels, weight)[1][0], 2, 8)
        if window.reversible:  # the GEMM has its kernel positions last to first along k
            wanted = [of.reshape(window.positions, -1, *of.shape[1:])[::-1].transpose(1, 2, 0, 3) for of in wanted]
        assert same_copy(given.backward, *wanted)
    assert (given.half is None) == (update.forward and update.backward)
    assert given.half is None or (given.half == weight.reshape(given.half.shape)).all()


def same_copy(found, values, indices):
    return (
        found.values.size > 0
        and np.array_equal(found.values, values.reshape(found.values.shape))
        and np.array_equal(found.indices, indices.reshape(found.indices.shape))
    )


def test_a_step_of_the_cnn_has_an_update_for_each_weight_and_the_bias():
    updates = update_step(models.build("cnn", 0), (2, 1, 8, 8), "bdwp", 2, 8)
    assert [(one.layer, one.k, one.n, one.channels, one.forward, one.backward, one.half) for one in updates] == [
        ("conv1", 9, 8, 1, False, False, True),
        ("conv2", 72, 16, 8, True, True, False),
        ("conv3", 144, 16, 16, True, True, False),
        ("linear", 256, 10, 256, True, True, False),
        ("linear.bias", 1, 10, 1, False, False, False),
    ]
    assert all(one.momentum and one.stage == "update" for one in updates)
    assert all((one.forward or one.backward) == (str(one.sparsity) == "2:8") for one in updates)


@pytest.mark.parametrize(
    "inputs, outputs, forward, backward",
    [(8, 8, True, True), (7, 8, False, True), (8, 7, True, False), (7, 7, False, False), (64, 8, True, True)],
)
def test_a_copy_is_made_where_a_pass_has_m_channels(inputs, outputs, forward, backward):
    layer, shape = nn.Conv2d(inputs, outputs, (3, 2), bias=False), (1, inputs, 4, 4)
    _, update = update_step(nn.Sequential(nn.Conv2d(inputs, inputs, 1, bias=False), layer), shape, "bdwp", 2, 8)
    assert (update.forward, update.backward, update.half) == (forward, backward, not (forward and backward))
    assert (update.k, update.n, update.channels) == (6 * inputs, outputs, inputs)
    (first,) = update_step(layer, shape, "bdwp", 2, 8)  # without a backward pass
    assert (first.forward, first.backward, first.half) == (forward, False, not forward)
    (dense,) = update_step(layer, shape, "dense", 2, 8)
    assert not dense.forward and not dense.backward and dense.sparsity is None and dense.half


def test_parameters_outside_of_layers_are_updated_on_the_host():
    module = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8))
    converted, recorder = recorded(module, "dense")
    updates = Updates(converted)
    converted(draw((2, 8), 1))
    module(draw((2, 8), 1))
    del recorder.runs[:]
    assert [weight in updates for weight in converted.parameters()] == [True, True, False, False]
    optimizer, host = SGD(converted.parameters(), 0.1, updates=updates), SGD(module.parameters(), 0.1)
    for one, other in ((converted, optimizer), (module, host)):
        give_gradients(one, 1)
        other.step()
    assert same_bits(state(converted, optimizer), state(module, host)) == 8
    assert [program.work.layer for program, _ in recorder.runs] == ["0", "0.bias"]


def test_frozen_parameters_have_no_update_and_those_without_gradient_none_in_this_step():
    module = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4))
    module[0].weight.requires_grad_(False)
    module[1].bias.requires_grad_(False)
    assert [update.layer for update in update_step(module, (2, 4))] == ["0.bias", "1", "2", "2.bias"]
    converted, recorder = recorded(module, "dense")
    before = copy.deepcopy(converted.state_dict())
    optimizer = SGD(converted.parameters(), 0.1, updates=Updates(converted))
    converted[1](draw((2, 4), 1)).sum().backward()
    optimizer.step()
    changed = [name for name, value in converted.state_dict().items() if not torch.equal(value, before[name])]
    assert changed == ["1.weight"] and list(optimizer.state) == [converted[1].weight]
    assert [program.work.layer for program, _ in recorder.runs if isinstance(program.work, Update)] == ["1"]


def tied():
    module = nn.Sequential(nn.Linear(8, 8, bias=False), nn.ReLU(), nn.Linear(8, 8, bias=False))
    module[2].weight = module[0].weight
    return module


def test_a_weight_that_two_layers_share_is_updated_once_from_both_gradients():
    ours, recorder = recorded(seeded(tied), "dense")
    theirs = convert(seeded(tied), "dense", None, None, functional())
    optimizers = [SGD(ours.parameters(), 0.1, updates=Updates(ours)), SGD(theirs.parameters(), 0.1)]
    for module, optimizer in zip((ours, theirs), optimizers, strict=True):
        module(draw((4, 8), 1)).sum().backward()
        optimizer.step()
    assert same_bits(state(ours, optimizers[0]), state(theirs, optimizers[1])) == 2
    assert [program.work.stage for program, _ in recorder.runs] == ["ff", "ff", "bp", "wu", "wu", "update"]


def test_the_workload_of_a_shared_weight_is_what_is_executed():
    module, recorder = recorded(seeded(tied), "dense")
    optimizer = SGD(module.parameters(), 0.1, updates=Updates(module))
    module(draw((4, 8), 1)).sum().backward()
    optimizer.step()
    executed = [program.work for program, _ in recorder.runs if isinstance(program.work, Update)]
    assert update_step(module, (4, 8)) == executed and len(executed) == 1


def test_of_a_shared_weight_the_copies_are_made_that_any_of_its_layers_reads():
    module, recorder = recorded(seeded(tied), "bdwp", 2, 4)
    module(draw((4, 8), 1)).sum().backward()
    SGD(module.parameters(), 0.1, updates=Updates(module)).step()
    (update,) = (program.work for program, _ in recorder.runs if isinstance(program.work, Update))
    assert [update] == update_step(module, (4, 8), "bdwp", 2, 4) and update.forward and update.backward


def test_the_workload_is_what_the_optimizer_executes_in_order():
    module = nn.Sequential(nn.Conv2d(3, 9, 3), nn.BatchNorm2d(9), nn.Flatten(), nn.Linear(9 * 16, 11))
    converted, recorder = recorded(module, "bdwp", 2, 8)
    converted(draw((2, 3, 6, 6), 1)).sum().backward()
    SGD(converted.parameters(), 0.1, updates=Updates(converted)).step()
    executed = [program.work for program, _ in recorder.runs]
    assert executed == training_step(module, (2, 3, 6, 6), "bdwp", 2, 8) + update_step(
        module, (2, 3, 6, 6), "bdwp", 2, 8
    )
    assert len(executed) == 5 + 4


def test_copies_that_are_made_before_use_are_made_of_the_new_weights_and_change_no_bit():
    module, made = seeded(LAYERS["strided"][0]), {}
    step = update_step(nn.Sequential(nn.Conv2d(11, 11, 1), module), LAYERS["strided"][1], "bdwp", 2, 8)
    step = [replace(one, layer=one.layer.replace("1", "Conv2d", 1)) for one in step[2:]]  # those of the second layer
    for place in ("update", "use"):
        engine = Keeping(functional())
        plan = make_plan(step, engine.config, generations=(place,))
        converted = convert(module, "bdwp", 2, 8, engine, plan)
        converted(draw(LAYERS["strided"][1], 1).requires_grad_()).sum().backward()
        engine.forget()
        give_gradients(converted, 1)
        optimizer = SGD(converted.parameters(), 0.3, updates=Updates(converted))
        optimizer.step()
        made[place] = engine.updated(), state(converted, optimizer)
    (with_update, ours), (before_use, theirs) = made["update"], made["use"]
    assert same_bits(ours, theirs) == 4
    assert [(work.layer, work.stage) for work, _ in with_update] == [("Conv2d", "update"), ("Conv2d.bias", "update")]
    assert [work.stage for work, _ in before_use] == ["update", "reduce", "reduce", "update"]
    assert same_copy(before_use[1][1].forward, *vars(with_update[0][1].forward).values())
    assert same_copy(before_use[2][1].backward, *vars(with_update[0][1].backward).values())
    assert before_use[0][1].forward is before_use[0][1].backward is None


def test_engine_and_plan_are_those_that_the_layer_has_at_the_time():
    module, first = recorded(nn.Linear(8, 8, bias=False), "bdwp", 2, 8)
    module(draw((1, 8), 1).requires_grad_()).sum().backward()
    del first.runs[:]
    optimizer = SGD(module.parameters(), 0.1, updates=Updates(module))
    second = Recorder(functional())
    use_engine(module, second)
    updates = lowered(Conv("Linear", 8, 8, 1, 1), 1, Scheme.of("bdwp", 2, 8)).updates({ROWS, COLUMNS})
    use_plan(module, make_plan(updates, second.config, generations=("use",)))
    give_gradients(module, 1)
    optimizer.step()
    assert not first.runs and [program.work.stage for program, _ in second.runs] == ["update", "reduce", "reduce"]


def test_a_parameter_without_a_gradient_has_no_update():
    module, _ = recorded(nn.Linear(8, 8, bias=False), "dense")
    module(draw((1, 8), 1))
    with pytest.raises(ValueError, match=r"^a parameter of shape \(8, 8\) has no gradient, and so no update$"):
        Updates(module).run(module.weight, torch.zeros(8, 8), Rates(0.1))

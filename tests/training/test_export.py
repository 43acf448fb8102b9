"""What leaves a training is what was evaluated: against plain PyTorch, and masks by the goldens' contract."""

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from tests.training.support import difference, draw, functional, seeded
from training import Scheme, Settings, Trainer, convert, digits, models, nm_mask, pruned_state_dict
from training.export import evaluated, saved


@pytest.fixture(scope="module")
def trainer():
    trainer = Trainer("cnn", digits(seed=0), functional(), "bdwp", "2:8", Settings(steps=60))
    trainer.train(steps=60)
    return trainer


def run_once(module, method="bdwp", x=None):
    """The module, converted, after a forward pass."""
    converted = convert(module, method, 2, 8, functional())
    converted(draw((3, 16), 1) if x is None else x)
    return converted


def test_a_plain_network_recognises_what_was_recognised_on_the_engine(trainer):
    accuracy, plain = trainer.evaluate(), models.build("cnn", seed=9)
    plain.load_state_dict(pruned_state_dict(trainer.module))
    plain.eval()
    images = trainer.data.test_size
    right = sum(int((plain(x).argmax(1) == y).sum()) for x, y in trainer.data.test_batches(images))
    assert accuracy > 0.7 and abs(right - accuracy * images) <= 2
    x, _ = next(trainer.data.test_batches(images))
    assert difference(plain(x).detach(), trainer.module(x).detach()) < 8


def test_weights_are_the_halves_that_are_kept_and_all_else_keeps_its_bits(trainer):
    state, masters = pruned_state_dict(trainer.module), trainer.module.state_dict()
    assert list(state) == list(masters)
    masks = {name: one.mask for name, one in evaluated(trainer.module).items()}
    assert masks.pop("conv1.weight") is None and masks.keys() == {"conv2.weight", "conv3.weight", "linear.weight"}
    for name, master in masters.items():
        if name in masks:
            half = master.half()
            assert torch.equal(masks[name], nm_mask(half, 2, 8, dim=1)) and masks[name].float().mean() == 0.25
            wanted = torch.where(masks[name], half.float(), torch.zeros(()))
        else:
            wanted = master.half().float() if name == "conv1.weight" else master
        assert torch.equal(state[name], wanted) and state[name].dtype == wanted.dtype and state[name].is_contiguous()
        assert state[name].data_ptr() != master.data_ptr()


@pytest.mark.parametrize("method, pruned", [("bdwp", 1), ("srste", 1), ("sdwp", 0), ("sdgp", 0), ("dense", 0)])
def test_methods_that_evaluate_dense_weights_leave_them_dense(method, pruned):
    module = run_once(seeded(lambda: nn.Linear(16, 8)), method)
    weight = module.weight.detach().half().float()
    state, [one] = pruned_state_dict(module), evaluated(module).values()
    assert (one.mask is not None) == pruned and one.scheme.method == method and one.layer == "Linear"
    assert torch.equal(state["weight"], weight * nm_mask(weight.half(), 2, 8, 1) if pruned else weight)


def masked(weight, dim):
    return torch.where(nm_mask(weight.half(), 2, 8, dim), weight.half().float(), torch.zeros(()))


@pytest.mark.parametrize(
    "factory, shape, dims",
    [
        (lambda: nn.Conv2d(16, 8, 3), (2, 16, 5, 5), {"weight": 1}),
        (lambda: nn.ConvTranspose2d(16, 8, 3), (2, 16, 5, 5), {"weight": 0}),
        (lambda: nn.Conv1d(11, 8, 3), (2, 11, 5), {"weight": 1}),
        (lambda: nn.LSTM(16, 8), (4, 3, 16), {"weight_ih_l0": 1, "weight_hh_l0": 1}),
        (lambda: nn.TransformerEncoderLayer(16, 2, 24, 0.0), (4, 3, 16), None),
    ],
)
def test_other_layers_compute_what_they_did(factory, shape, dims):
    plain, x = seeded(factory), draw(shape, 3)
    module = run_once(plain, x=x)
    state = pruned_state_dict(module)
    weights = {name: one.detach().clone() for name, one in plain.named_parameters() if one.dim() > 1}
    for name, dim in (dims or dict.fromkeys(weights, 1)).items():
        assert torch.equal(state[name], masked(weights[name], dim))
    plain.load_state_dict(state)
    ours, theirs = (y[0] if isinstance(y, tuple) else y for y in (module(x), plain(x)))
    assert difference(ours.detach(), theirs.detach()) < 12


def test_layers_that_stay_dense_or_on_the_host_are_not_pruned():
    module = seeded(lambda: nn.Sequential(nn.Linear(16, 16), nn.Linear(16, 16), nn.Linear(16, 16)))
    converted = convert(module, Scheme.of("bdwp", 2, 8, dense=("0",)), engine=functional(), host=("1",))
    converted(draw((3, 16), 1))
    state = pruned_state_dict(converted)
    assert torch.equal(state["0.weight"], module[0].weight.half().float())
    assert torch.equal(state["1.weight"], module[1].weight)
    assert torch.equal(state["2.weight"], masked(module[2].weight.detach(), 1))


def test_what_was_exported_stays_while_training_goes_on():
    module = run_once(seeded(lambda: nn.Linear(16, 8)))
    state, bias = pruned_state_dict(module), module.bias.detach().clone()
    with torch.no_grad():
        module.bias.add_(1)
    assert torch.equal(state["bias"], bias)


def test_a_shared_weight_is_there_under_each_of_its_names():
    module = seeded(lambda: nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 16)))
    module[2].weight = module[0].weight
    state = pruned_state_dict(run_once(module))
    assert torch.equal(state["0.weight"], state["2.weight"]) and torch.equal(
        state["0.weight"], masked(module[0].weight.detach(), 1)
    )
    assert state["0.weight"].data_ptr() != state["2.weight"].data_ptr()


class Tied(nn.Module):
    """A table whose rows are also a layer's weight."""

    def __init__(self):
        super().__init__()
        self.table, self.fc = nn.Embedding(8, 16), nn.Linear(16, 8, bias=False)
        self.fc.weight = self.table.weight

    def forward(self, x):
        return self.fc(x + self.table(torch.zeros(len(x), dtype=torch.int64)))


class BothWays(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(draw((16, 16), 2))

    def forward(self, x):
        return x @ self.weight @ self.weight.T


class Unused(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.other = nn.Linear(16, 8), nn.Linear(16, 8)

    def forward(self, x):
        return self.fc(x)


def test_a_module_that_is_plain_or_has_not_run_is_refused():
    with pytest.raises(ValueError, match="^the module must be converted"):
        pruned_state_dict(nn.Linear(16, 8))
    module = convert(nn.Linear(16, 8), "bdwp", 2, 8, functional())
    with pytest.raises(ValueError, match="^a forward pass must have run"):
        pruned_state_dict(module)


@pytest.mark.parametrize(
    "factory, why",
    [
        (Unused, "layer other: must have run on the engine"),
        (Tied, "layer (table|fc): its weight is pruned, and must not be that of table, which is not"),
        (BothWays, "layer BothWays: its weight must be pruned in one way wherever it is used"),
        (lambda: weight_norm(nn.Linear(16, 8)), r"layer \w+: its weight must be a parameter as a whole"),
    ],
)
def test_a_weight_of_which_no_tensor_is_what_was_evaluated_is_refused(factory, why):
    with pytest.raises(ValueError, match=f"^{why}"):
        pruned_state_dict(run_once(seeded(factory)))


@pytest.mark.parametrize("factory", [Tied, BothWays, lambda: weight_norm(nn.Linear(16, 8))])
def test_where_nothing_is_pruned_they_are_not(factory):
    module = run_once(seeded(factory), "dense")
    state = pruned_state_dict(module)
    assert state.keys() == module.state_dict().keys() and all(one.isfinite().all() for one in state.values())


def test_a_part_of_a_converted_module_is_exported_by_its_own_names():
    module = run_once(seeded(lambda: nn.Sequential(nn.Linear(16, 16), nn.Sequential(nn.Linear(16, 8)))))
    whole, part = pruned_state_dict(module), pruned_state_dict(module[1])
    assert torch.equal(part["0.weight"], whole["1.0.weight"]) and part.keys() == {"0.weight", "0.bias"}


@pytest.mark.parametrize("safe", [False, True])
def test_files_have_the_tensors(safe, tmp_path):
    state = pruned_state_dict(run_once(seeded(lambda: nn.Linear(16, 8)))) | {"mask": torch.tensor([True, False])}
    if safe:
        found = pytest.importorskip("safetensors.torch").load(saved(state, safe))
    else:
        (tmp_path / "x.pt").write_bytes(saved(state))
        found = torch.load(tmp_path / "x.pt", weights_only=True)
    assert found.keys() == state.keys() and all(torch.equal(found[name], state[name]) for name in state)

"""A training step followed from shapes: every product seen or named, of modules as people write them."""

from dataclasses import dataclass

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from tests.training.agreement import Calls
from tests.training.support import draw, recorded
from training import SGD, Input, Updates, convert, trace, update_step
from training.counting import Counter, taken_apart


def by_dispatch(module, *inputs):
    """Multiply-adds of a training step of the plain module, counted as PyTorch dispatches it."""
    total = []
    with taken_apart(), Counter(lambda _, macs: total.append(macs)):
        module(*inputs).sum().backward()
    return sum(total)


class Host(nn.Module):
    """Layers, functions and what stays on the host."""

    def __init__(self):
        super().__init__()
        self.conv, self.both = nn.Conv2d(3, 8, 3, groups=1), nn.Bilinear(8, 8, 4)
        self.w = nn.Parameter(torch.randn(8, 8))

    def forward(self, x):
        y = self.conv(x).mean((2, 3)) @ self.w
        return self.both(y, y) + torch.tensordot(y, self.w, dims=([1], [0]))[:, :4]


def test_what_is_seen_and_what_is_named_are_all_multiply_adds_of_the_step():
    module, x = Host(), draw((2, 3, 6, 6), 1)
    found = trace(module, (2, 3, 6, 6))
    assert found.macs_seen + found.macs_unseen == by_dispatch(module, x) and not found.remark
    assert [(call.layer.name, call.passes) for call in found.calls] == [("conv", 2), ("w", 3)]
    bilinear, dot = 2 * 4 * 8 * 8, 2 * 8 * 8
    named = [(one.module, one.call, one.forward, one.backward) for one in found.on_host]
    assert sorted(named) == [("", "tensordot", dot, 2 * dot), ("both", "bilinear", bilinear, 3 * bilinear)]


def test_the_host_is_asked_for_by_names_and_its_gradients_are_named_with_it():
    module = nn.Sequential(nn.Linear(8, 8), nn.Sequential(nn.Linear(8, 8), nn.ReLU()), nn.Linear(8, 4))
    found, whole = trace(module, (2, 8), host=("1",)), trace(module, (2, 8))
    (one,) = found.on_host
    assert (one.module, one.call, one.forward, one.backward) == ("1.0", "linear", 128, 256)
    assert found.macs_seen + 384 == whole.macs_seen and not whole.on_host


def test_checkpoints_are_counted_as_often_as_they_run():
    class Checkpointed(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 8))

        def forward(self, x):
            return checkpoint(self.a, x, use_reentrant=False)

    found = trace(module := Checkpointed(), (2, 8))
    assert found.macs_seen == by_dispatch(module, draw((2, 8), 1)) == 2 * 128 * 6
    assert [call.layer.name for call in found.calls] == ["a.0", "a.2", "a.0"]
    converted, recorder = recorded(module, "dense")
    converted(draw((2, 8), 1)).sum().backward()
    assert [program.work.layer for program, _ in recorder.runs if program.work.stage == "ff"] == ["a.0", "a.2", "a.0"]


class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.head = nn.Embedding(10, 8), nn.Linear(8, 10, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, ids, mask=None):
        x = self.embedding(ids) + torch.arange(8) / 8
        return dict(logits=self.head(x if mask is None else x * mask[..., None]), ids=ids)


def test_inputs_are_several_whole_numbers_or_named():
    by_shape = trace(Tokens(), [Input((2, 3), torch.int64)])
    named = trace(Tokens(), dict(ids=Input((2, 3), torch.int64), mask=Input((2, 3))))
    given = trace(Tokens(), [torch.ones(2, 3, dtype=torch.int64), torch.ones(2, 3)])
    assert [call.owner for call in by_shape.calls] == ["embedding"]  # the first name of the weight
    assert by_shape.macs_seen == named.macs_seen == given.macs_seen == 3 * 6 * 80
    assert [call.layer.name for call in given.calls] == ["head"]


def test_branches_that_depend_on_values_take_the_given_example_and_it_is_said():
    class Branching(nn.Module):
        def __init__(self):
            super().__init__()
            self.few, self.many = nn.Linear(8, 2), nn.Linear(8, 32)

        def forward(self, x):
            return self.few(x) if x.sum() > 0 else self.many(x)

    for x, layer in ((torch.ones(2, 8), "few"), (-torch.ones(2, 8), "many")):
        found = trace(Branching(), x)
        assert [call.layer.name for call in found.calls] == [layer]
        assert found.remark.startswith("followed on values, by dense products, since shapes alone do not tell (")
    assert trace(Branching(), Input((2, 8))).calls


def test_the_module_and_the_random_numbers_are_left_as_they_were():
    module, before = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Dropout(0.5)).eval(), torch.get_rng_state()
    state = {name: value.clone() for name, value in module.state_dict().items()}
    trace(module, (2, 3, 4, 4))
    assert not module.training and all(torch.equal(state[name], value) for name, value in module.state_dict().items())
    assert torch.equal(before, torch.get_rng_state()) and all(weight.grad is None for weight in module.parameters())


def test_errors_are_those_of_the_module():
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        trace(nn.Linear(8, 8), (2, 7))
    with pytest.raises(ValueError, match="layer Linear: master weights must be float32"):
        trace(nn.Linear(8, 8).double(), (2, 8))
    with pytest.raises(ValueError, match="host names no layer and no module: 'a'"):
        trace(nn.Linear(8, 8), (2, 8), host=("a",))


def test_a_converted_module_is_followed_like_the_one_that_it_was_made_of():
    module = Calls(lambda x, w: F.linear(x, w) @ w, (8, 8))
    assert trace(convert(module, "bdwp", 2, 8), (2, 8)) == trace(module, (2, 8))


def test_what_has_no_gradient_has_no_backward_pass():
    found = trace(nn.Linear(8, 8).requires_grad_(False), (2, 8))
    assert [call.passes for call in found.calls] == [1] and found.macs_seen == 128


@dataclass
class Output:
    """What a module gives back."""

    value: object


class Slotted:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


@pytest.mark.parametrize(
    "wrap",
    [Output, Slotted, lambda y: [Output(y)], lambda y: {"k": Output(Output(y))}, lambda y: {y}, lambda y: (1, None, y)],
)
def test_outputs_may_lie_in_containers_and_objects(wrap):
    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(8, 8)

        def forward(self, x):
            return wrap(self.fc(x))

    assert [call.passes for call in trace(Wrapped(), (2, 8)).calls] == [2]


def test_an_output_without_a_gradient_is_said():
    class Detached(nn.Linear):
        def forward(self, x):
            return super().forward(x).detach()

    found = trace(Detached(8, 8), (2, 8))
    assert found.remark == "no output wants a gradient: there is no backward pass" and found.calls[0].passes == 1


class Inside(torch.autograd.Function):
    """A product that PyTorch does not see as one."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.linalg.inv(x)

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return dy @ x


def test_a_backward_pass_is_named_by_the_module_that_it_is_of():
    class Own(nn.Module):
        def forward(self, x):
            return Inside.apply(x)

    class Other(nn.Module):
        def forward(self, x):
            return torch.addbmm(x.new_zeros(8, 8), x[None], x[None])

    found = trace(nn.Sequential(nn.Linear(8, 8), Other(), Own(), nn.Linear(8, 8)), (8, 8))
    named = {(one.module, one.call): (one.forward, one.backward) for one in found.on_host}
    assert named == {("1", "addbmm"): (512, 1024), ("2", "mm"): (0, 512)}


def test_sparse_matrices_are_counted_on_values():
    class Graph(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(8, 8)
            self.register_buffer("edges", torch.eye(6).to_sparse())

        def forward(self, x):
            return torch.sparse.mm(self.edges, self.fc(x))

    found = trace(Graph(), (6, 8))
    assert "the elements of a sparse matrix are not known from its shape" in found.remark
    assert [(one.call, one.forward) for one in found.on_host] == [("sparse_mm", 6 * 8)]


def test_predicted_updates_are_those_of_parameters_that_get_a_gradient_once_each():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = (
                nn.Linear(16, 16),
                nn.Linear(16, 16),
                nn.utils.parametrizations.weight_norm(nn.Linear(16, 16)),
            )
            self.b.weight, self.spare = self.a.weight, nn.Linear(16, 16)

        def forward(self, x):
            y = F.linear(self.b(self.a(x)), self.a.weight.T)
            with torch.no_grad():
                spare = self.spare(x)
            return self.c(y + spare)

    for method in ("dense", "srste", "sdwp", "bdwp"):
        converted, recorder = recorded(module := Tied(), method, 2, 8)
        converted(draw((4, 16), 1)).sum().backward()
        SGD(converted.parameters(), 0.1, updates=Updates(converted)).step()
        ran = [program.work for program, _ in recorder.runs if program.work.stage == "update"]
        assert sorted(map(repr, ran)) == sorted(map(repr, update_step(module, (4, 16), method, 2, 8))) and len(ran) == 4

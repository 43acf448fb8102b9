"""Public networks: every multiply-add of a step is seen, and each takes a training step on the array."""

import copy

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._pytree import tree_leaves

from tests.training.support import functional
from tests.zoo import NETWORKS
from training import SGD, Updates, convert, on_host, trace
from training.counting import Counter, taken_apart


def tensors(output):
    """The floating-point tensors of an output that want a gradient."""
    return [one for one in tree_leaves(output) if isinstance(one, torch.Tensor) and one.requires_grad]


def dispatched(module, inputs):
    """Multiply-adds of a training step of the plain module, on tensors without values, as PyTorch dispatches them."""
    total, mode = [], FakeTensorMode(allow_non_fake_inputs=True)

    def empty(tensor):
        with mode:
            made = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype)
        return torch.nn.Parameter(made, tensor.requires_grad) if isinstance(tensor, torch.nn.Parameter) else made

    memo = {id(tensor): empty(tensor) for tensor in (*module.parameters(), *module.buffers())}
    module, inputs = copy.deepcopy(module, memo).train(), [empty(one) for one in inputs]
    with taken_apart(), mode, Counter(lambda _, macs: total.append(macs)):
        roots = tensors(module(*inputs))
        torch.autograd.backward(roots, [torch.ones_like(root) for root in roots])
    return sum(total)


@pytest.mark.parametrize("name", NETWORKS)
def test_all_multiply_adds_of_a_step_are_on_the_array(name):
    network = NETWORKS[name]
    with torch.device("meta"):
        module = network.build()
    found = trace(module, list(network.inputs(2, 0)))
    assert found.macs_seen == dispatched(module, network.inputs(2, 0)) and not found.on_host and not found.remark


@pytest.mark.parametrize("name", NETWORKS)
def test_a_training_step_runs_on_the_array_and_changes_what_is_trained(name):
    network = NETWORKS[name]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = convert(network.build_small(), "bdwp", 2, 8, functional())
        optimizer = SGD(module.parameters(), 0.01, updates=Updates(module))
        before = {name: weight.clone() for name, weight in module.named_parameters()}
        outputs = tensors(module.train()(*network.small(2, 0)))
    sum(one.square().mean() for one in outputs).backward()
    optimizer.step()
    trained = {name: weight for name, weight in module.named_parameters() if weight.requires_grad}
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in trained.values())
    assert any(not torch.equal(weight, before[name]) for name, weight in trained.items()) and on_host(module) == []

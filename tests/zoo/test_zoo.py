"""The networks are those that are published: parameters, products of a forward pass, and what comes out."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from tests.zoo import NETWORKS, OTHERS

BATCH = 2


@pytest.fixture(params=NETWORKS)
def network(request):
    return NETWORKS[request.param]


def forward(built, tensors) -> list[torch.Tensor]:
    """All results of a network on the meta device."""
    results = built(*(tensor.to("meta") for tensor in tensors))
    return list(results) if isinstance(results, tuple) else [results]


def test_parameters_and_products_are_as_many_as_published(network):
    with torch.device("meta"):
        built = network.build().eval()
    assert network.parameters in (None, sum(parameter.numel() for parameter in built.parameters()))
    with FlopCounterMode(display=False) as counter:
        forward(built, network.inputs(1, 0))
    assert network.gigamacs in (None, round(counter.get_total_flops() / 2e9, 3))


def test_every_result_has_its_shape_in_training(network):
    with torch.device("meta"):
        built = network.build_small()
    results = forward(built, network.small(BATCH, 0))
    assert {tuple(result.shape) for result in results} == {(BATCH, *network.output)}


def test_the_auxiliary_head_is_there_in_training_alone():
    network = NETWORKS["inception_v3"]
    with torch.device("meta"):
        built = network.build_small()
    assert [len(forward(built.train(mode), network.small(BATCH, 0))) for mode in (True, False)] == [2, 1]


@pytest.mark.parametrize("name", OTHERS)
def test_inputs_follow_the_seed(name):
    make = OTHERS[name].small
    first, again, other = (torch.cat([tensor.flatten() for tensor in make(BATCH, seed)]) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


@pytest.fixture
def one_thread():
    """Threads that share a processor with others wait for one another: a step took ten times as long."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.nightly
def test_a_step_reaches_every_parameter_that_is_trained(network, one_thread):
    torch.manual_seed(0)
    built = network.build_small()
    results = built(*network.small(BATCH, 0))
    sum(result.square().mean() for result in (results if isinstance(results, tuple) else [results])).backward()
    trained = {name: parameter for name, parameter in built.named_parameters() if parameter.requires_grad}
    assert trained
    assert [name for name, parameter in trained.items() if parameter.grad is None] == []
    assert all(parameter.grad.isfinite().all() for parameter in trained.values())

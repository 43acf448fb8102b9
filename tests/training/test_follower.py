"""What is noted of a step: calls with what has been asked of them, and whose the host's products are."""

import torch
from torch import nn

from tests.training.support import functional
from tlm.workload.layer import Conv, Product
from training import Scheme
from training.converted import Conversion
from training.follower import Follower


def follower(module):
    conversion = Conversion(Scheme(), functional())
    conversion.learn(module, "")
    return conversion, Follower(conversion)


def test_a_call_says_what_was_asked_of_it_and_which_parameters_are_trained():
    module = nn.Linear(4, 4)
    conversion, notes = follower(module)
    layer = Conv("Linear", 4, 4, 1, 1, bias=True)
    gradients = notes.noted(layer, 2, conversion.weight(module.weight), module.bias)
    gradients.second, module.weight.grad = True, torch.ones(4, 4)
    notes.noted(layer, 2, None, torch.zeros(4))
    notes.noted(Product("scores", 2, 3, 4), 5, None, None).input = True
    first, other, product = notes.trace("").calls
    assert (first.input_gradient, first.weight_gradient, first.weight_updated, first.bias_updated) == (0, 1, 1, 0)
    assert (first.weight, first.derived, first.pattern) == ("Linear", False, "scheme")
    assert (other.derived, other.pattern, other.bias_updated) == (True, None, False)
    assert (product.input_gradient, product.second_gradient, product.batch) == (True, False, 5)


def test_a_gradient_is_of_the_module_that_was_at_work_when_its_node_was_made():
    _, notes = follower(nn.Linear(4, 4))
    x = torch.ones(2, 2, requires_grad=True)
    notes.moved("first")
    one = x * 2
    notes.moved("second")
    two = one * 3
    numbers = [of.grad_fn._sequence_nr() for of in (one, two)]
    assert [notes._origin(number, "mm") for number in numbers] == [("first", "mm"), ("second", "mm")]
    assert notes._origin(-1, "mm") == ("", "mm")

"""The hooks of converted modules."""

import copy

from torch import nn

from training import convert
from training.hooks import conversions, intercept, may_multiply, release


class Own(nn.Module):
    """A module of the user's."""


def test_hooks_stand_where_products_may_be_and_can_be_taken_away():
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), Own())
    assert [may_multiply(child) for child in (module, *module)] == [False, True, False, False, True]
    converted = convert(module, "dense")
    assert len(conversions(converted)) == 1 and not conversions(module)
    again = copy.deepcopy(converted)
    assert conversions(again)[0] is not conversions(converted)[0]
    intercept(again, conversions(converted)[0])
    assert conversions(again) == conversions(converted)
    release(again)
    assert not conversions(again) and not any(child._forward_hooks for child in again.modules())

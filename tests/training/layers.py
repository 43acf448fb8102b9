"""The channels of a layer's weight."""

from torch import nn


def on_channels(layer, side, weight, function):
    """`function(weight, dim)`, a mask of the weight, for the dimension of the layer's 'inputs' or 'outputs'; where the
    layer has groups, those of each by themselves."""
    transposed = isinstance(layer, nn.modules.conv._ConvTransposeNd)
    dim, groups = int((side == "inputs") != transposed), getattr(layer, "groups", 1)
    return function(weight, 1) if dim else function(weight.unflatten(0, (groups, -1)), 1).flatten(0, 1)

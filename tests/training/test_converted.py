"""The state of a converted module: names, and what stays on the host."""

import copy

import pytest
from torch import nn

from tests.training.support import functional
from training import Scheme
from training.converted import Conversion, Weight, fits, join, layer_name


@pytest.mark.parametrize(
    "parameter, layer",
    [
        ("weight", ""),
        ("fc.weight", "fc"),
        ("w", "w"),
        ("attn.in_proj_weight", "attn.in_proj_weight"),
        ("fc.parametrizations.weight.original1", "fc"),
        ("parametrizations.weight.original", ""),
        ("l.parametrizations.weight_hh_l0.original0", "l.weight_hh_l0"),
    ],
)
def test_a_layer_is_named_by_the_path_of_its_weight(parameter, layer):
    assert layer_name(parameter) == layer


def test_a_pattern_fits_a_name_and_all_that_is_in_it():
    assert fits("a.b.c", ("a.b",)) and fits("a.b.c", ("x", "a.?.c")) and fits("a", ("*",))
    assert not fits("ab.c", ("a",)) and not fits("a", ("a.*",)) and not fits("a", ())
    assert (join("", "a"), join("a", ""), join("a", "b")) == ("a", "a", "a.b")


def test_parameters_are_weights_by_their_first_name_and_buffers_are_none():
    module = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 4))
    conversion = Conversion(Scheme(), functional())
    conversion.owners["2.weight"] = "0.weight"
    conversion.learn(module, "body")
    conversion.learn(module[2], "body.2")
    assert conversion.weight(module[2].bias) == Weight("body.2.bias", module[2].bias)
    assert conversion.weight(module[0].weight).name == "body.0"
    assert conversion.weight(module[1].running_mean) is None and conversion.is_known(module[1].running_mean)
    assert not conversion.is_known(module[0].weight.data)


def test_a_weights_transpose_is_the_whole_parameter_and_a_part_is_not():
    weight = Weight("fc", parameter := nn.Parameter())
    assert weight.transposed == Weight("fc", parameter, True) and weight.transposed.transposed == weight
    assert weight.part == Weight("fc")


def test_copies_share_the_hardware_and_not_what_they_have_met():
    conversion = Conversion(Scheme(), functional(), host=("a",))
    conversion.offload("x").stages.add("ff")
    first, second = copy.deepcopy([conversion, conversion])
    assert first is second is not conversion and first.engine is conversion.engine and first.host == ("a",)
    assert not first.offloads and conversion.offload("x").stages == {"ff"}


def test_a_layer_without_weights_stays_dense():
    conversion = Conversion(Scheme.of("bdwp", 2, 8), functional())
    assert conversion.offload("scores", weights=False).scheme == Scheme()
    assert conversion.offload("fc").scheme == conversion.scheme

"""The table of methods, and what of a method can be chosen."""

import pytest

from rtl.sparsity import Sparsity
from tlm.workload.methods import METHODS, STAGES, SUMMED, Rule, Scheme


def test_the_table_says_which_operand_of_which_stage_is_pruned_along_which_channels():
    found = {
        (name, stage, rule.operand, rule.along)
        for name, method in METHODS.items()
        for stage, rule in method.rules.items()
    }
    assert found == {
        ("srste", "ff", "weights", "inputs"),
        ("srste", "bp", "weights", "inputs"),
        ("sdgp", "bp", "gradients", "outputs"),
        ("sdwp", "bp", "weights", "outputs"),
        ("bdwp", "ff", "weights", "inputs"),
        ("bdwp", "bp", "weights", "outputs"),
    }
    assert list(METHODS) == ["dense", "srste", "sdgp", "sdwp", "bdwp"]
    assert set(SUMMED) < set(STAGES) and "wu" not in SUMMED


@pytest.mark.parametrize(
    "method, stage, channels, pattern",
    [
        ("dense", "ff", 64, None),
        ("bdwp", "ff", 64, "2:8"),
        ("bdwp", "bp", 8, "2:8"),
        ("bdwp", "bp", 7, None),
        ("bdwp", "wu", 64, None),
        ("srste", "ff", 64, "2:8"),
        ("srste", "bp", 64, None),
        ("sdgp", "ff", 64, None),
        ("sdgp", "bp", 64, "2:8"),
        ("sdwp", "ff", 64, None),
        ("sdwp", "bp", 64, "2:8"),
    ],
)
def test_a_stage_skips_what_lies_along_its_sums_and_only_where_channels_fill_a_group(method, stage, channels, pattern):
    scheme = Scheme.of(method, 2, 8)
    assert scheme.pattern(stage, channels) == Sparsity.parse(pattern)
    assert scheme.weights(stage, channels) == (None if method == "sdgp" else Sparsity.parse(pattern))


def test_dense_ignores_the_pattern():
    assert Scheme.of("dense", 5, 3) == Scheme.of("dense") == Scheme()


def test_only_srste_decays_pruned_weights_unless_one_asks_for_it():
    assert {name: Scheme.of(name, 2, 8).strength for name in METHODS} == {
        "dense": 0,
        "srste": 2e-4,
        "sdgp": 0,
        "sdwp": 0,
        "bdwp": 0,
    }
    assert Scheme.of("bdwp", 2, 8, decay=1e-3).strength == 1e-3 and Scheme.of("srste", 2, 8, decay=0.0).strength == 0


def test_named_layers_stay_dense():
    scheme = Scheme.of("srste", 2, 8, dense=("fc", "layer1.*"))
    assert scheme.of_layer("fc") == scheme.of_layer("layer1.0.conv1") == Scheme(dense=("fc", "layer1.*"))
    assert scheme.of_layer("layer2.0.conv1") is scheme.of_layer("xfc") is scheme


@pytest.mark.parametrize(
    "method, n, m, words",
    [
        ("sparse", 2, 8, "method must be one of dense, srste, sdgp, sdwp, bdwp, not 'sparse'"),
        ("bdwp", 8, 2, "not 8:2"),
        ("bdwp", None, None, "bdwp needs a sparsity"),
    ],
)
def test_an_unknown_method_or_pattern_is_refused(method, n, m, words):
    with pytest.raises(ValueError, match=words):
        Scheme.of(method, n, m)


@pytest.mark.parametrize(
    "method, choices, words",
    [
        ("sdgp", dict(decay=1e-4), "method sdgp has none, so it must be 0, not 0.0001"),
        ("dense", dict(decay=1.0), "method dense has none"),
        ("bdwp", dict(decay=-1.0), "at least 0 and finite, not -1"),
        ("srste", dict(decay=float("inf")), "finite, not inf"),
        ("bdwp", dict(rescale=True), "prune gradients, not bdwp"),
    ],
)
def test_a_choice_that_a_method_does_not_have_is_refused(method, choices, words):
    with pytest.raises(ValueError, match=words):
        Scheme.of(method, 2, 8, **choices)


def test_a_sparse_method_needs_a_pattern():
    with pytest.raises(ValueError, match="bdwp needs a sparsity"):
        Scheme("bdwp")


def test_a_rule_names_an_operand_and_the_channels_of_its_groups():
    rules = {rule for method in METHODS.values() for rule in method.rules.values()}
    assert rules == {Rule("weights", "inputs"), Rule("weights", "outputs"), Rule("gradients", "outputs")}

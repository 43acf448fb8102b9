"""The table of methods."""
import pytest

from rtl.sparsity import Sparsity
from training import METHODS, Scheme
from training.methods import STAGES


def test_methods_name_known_stages_and_weight_updates_are_dense():
    assert set(METHODS) >= {"dense", "bdwp"}
    assert all(stages <= set(STAGES) - {"wu"} for stages in METHODS.values())


@pytest.mark.parametrize("method, stage, channels, pattern", [
    ("dense", "ff", 64, None), ("bdwp", "ff", 64, "2:8"), ("bdwp", "bp", 8, "2:8"), ("bdwp", "bp", 7, None),
    ("bdwp", "wu", 64, None)])
def test_a_stage_is_sparse_if_the_method_says_so_and_its_channels_fill_a_group(method, stage, channels, pattern):
    assert Scheme.of(method, 2, 8).pattern(stage, channels) == Sparsity.parse(pattern)


def test_dense_ignores_the_pattern():
    assert Scheme.of("dense", 5, 3) == Scheme.of("dense") == Scheme()


@pytest.mark.parametrize("method, n, m, words", [
    ("sparse", 2, 8, "method must be one of dense, bdwp.*not 'sparse'"), ("bdwp", 8, 2, "not 8:2"),
    ("bdwp", None, None, "bdwp needs a sparsity")])
def test_an_unknown_method_or_pattern_is_refused(method, n, m, words):
    with pytest.raises(ValueError, match=words):
        Scheme.of(method, n, m)


def test_a_sparse_method_needs_a_pattern():
    with pytest.raises(ValueError, match="bdwp needs a sparsity"):
        Scheme("bdwp")

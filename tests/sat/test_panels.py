"""The options that commands share: the same panels in every command, and what is made of them."""

import pytest

from sat import options
from sat.columns import counted
from sat.panels import DATA, HARDWARE, METHOD, NETWORK, OUTPUT, Method, Output
from tests.sat.support import EVERY, options_of


def panels(*words):
    """Titles of the panels of options, with the options in them."""
    found = {}
    for option in options_of(*words).params:
        found.setdefault(getattr(option, "rich_help_panel", None), []).append(option.name)
    return found


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_option_stands_in_a_panel_and_panels_are_the_same_everywhere(words):
    arguments = [one for one in options_of(*words).params if one.param_type_name == "argument"]
    found = panels(*words)
    titles = [title for title in found if title]
    usual = [NETWORK, DATA, METHOD, "Training", HARDWARE, OUTPUT]
    assert len(found.get(None, [])) == len(arguments)
    assert titles == sorted(titles, key=usual.index)
    assert {"columns", "json"} <= set(found[OUTPUT])


def test_a_scheme_is_of_its_options_and_the_networks_own_dense_layers():
    method = Method(sparsity="1:4", decay=0.1, method="srste")
    assert method.scheme("vit") == options.scheme("srste", "1:4", "vit", decay=0.1)
    assert method.scheme(None).dense == () and method.scheme("vit").dense == ("head",)


def test_columns_that_are_asked_for_are_those_of_the_tables():
    table = [counted("a", "one"), counted("b", "two")]
    assert Output(columns="b").asked(table) == ("b",) and Output().asked(table) == ()
    with pytest.raises(ValueError, match="^columns must be all, or of a, b, not 'c'$"):
        Output(columns="c").asked(table)

"""The keys of --json: their definitions come from the rows of the table."""

from dataclasses import replace

from sat.compare.keys import columns, keys
from tlm.accelerators import TABLE


def test_each_accelerator_its_formula_and_its_gain_are_defined():
    found = keys()
    assert all(found[name] == f"the cost on {row.title}: {row.summary}" for name, row in TABLE.items())
    assert found["formula_cycles"] == f"of systolic, by {TABLE['systolic'].formula.text}"
    assert found["sigma_gain"] == "how many times as fast as sat and as systolic SIGMA is: their cycles / its own"
    assert "systolic_gain" not in found


def test_a_row_adds_to_definitions(monkeypatch):
    row = replace(TABLE["systolic"], compared=dict(bound="always the array"), challenger=True, formula=None)
    monkeypatch.setitem(TABLE, "systolic", row)
    found = keys()
    assert found["bound"].endswith("; of systolic always the array") and "systolic_gain" in found
    assert "formula_cycles" not in found


def test_every_part_of_a_heading_is_a_key_that_is_defined():
    found, names = columns(), {"sat", "sigma", "systolic", "tpu"}
    assert {part for column in found for part in column.key.split(".")} <= keys().keys() | names
    assert all(column.definition == keys()[column.key] for column in found if "." not in column.key)
    assert len({column.key for column in found}) == len(found) > 40

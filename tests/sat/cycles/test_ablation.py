"""The worth of each idea: the step again, with one choice made otherwise."""

from io import StringIO

import pytest
from rich.console import Console

from rtl.sat.config import SatConfig
from rtl.sparsity import Sparsity
from sat.cycles import ablation
from tlm import Gemm, Update, make_plan

CONFIG = SatConfig(name="eight", rows=2, columns=2, largest_m=8, chunk=16, buffer_kib=1)


def step(pattern):
    sparsity = Sparsity.parse(pattern)
    copies = bool(sparsity)
    return [
        Gemm(20, 32, 16, sparsity, "fp16", "one", "ff"),
        Gemm(32, 20, 16, None, "fp32", "one", "wu"),
        Update(32, 16, 32, sparsity, copies, copies, layer="one"),
    ]


@pytest.fixture(scope="module")
def variants():
    return {(one.what, one.choice): one for one in ablation.ablation(step("2:8"), step, "2:8", CONFIG)}


def test_each_choice_is_a_variant_and_patterns_only_as_the_datapath_takes_them(variants):
    assert list(variants) == [
        ("as it is", "2:8, scheduled"),
        ("interleaving", "off"),
        ("pre-generation", "off"),
        ("dataflow", "os"),
        ("dataflow", "ws"),
        *(("N:M", pattern) for pattern in ("dense", "2:4", "1:4", "2:8", "1:8")),
    ]


def test_the_cycles_are_those_of_a_plan_with_that_choice(variants):
    work, alone = step("2:8"), CONFIG.model_copy(update=dict(interleave=1))
    plans = {
        ("as it is", "2:8, scheduled"): make_plan(work, CONFIG),
        ("interleaving", "off"): make_plan(work, alone),
        ("pre-generation", "off"): make_plan(work, CONFIG, generations=("use",)),
        ("dataflow", "os"): make_plan(work, CONFIG, ("os",)),
        ("N:M", "1:4"): make_plan(step("1:4"), CONFIG),
        ("N:M", "dense"): make_plan(step("dense"), CONFIG),
    }
    assert {name: variants[name].cycles for name in plans} == {name: plan.cycles for name, plan in plans.items()}


def test_the_worth_is_in_cycles_of_the_step_as_it_is(variants):
    base = variants["as it is", "2:8, scheduled"].cycles
    assert all(one.worth == one.cycles / base for one in variants.values())
    assert variants["as it is", "2:8, scheduled"].worth == variants["N:M", "2:8"].worth == 1
    could_have_been_chosen = ("dataflow", "os"), ("dataflow", "ws"), ("pre-generation", "off")
    assert all(variants[name].worth >= 1 for name in could_have_been_chosen)
    assert variants["interleaving", "off"].worth > 2  # three of four cycles wait for the adder


def test_the_table_and_the_data_have_every_variant(variants):
    console = Console(record=True, width=100, file=StringIO())
    ablation.print_ablation(console, list(variants.values()), "A step")
    text = console.export_text()
    assert "A step" in text and all(f"{one.cycles:,}" in text and one.choice in text for one in variants.values())
    data = ablation.as_data(list(variants.values()))
    assert [list(row) for row in data] == [["what", "choice", "cycles", "worth"]] * len(variants)
    assert [row["cycles"] for row in data] == [one.cycles for one in variants.values()]

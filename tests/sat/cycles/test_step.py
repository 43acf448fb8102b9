"""A training step that is costed: its heading, its data, and the same step with other patterns."""

from dataclasses import replace

from rtl.sparsity import Sparsity
from sat import terminal
from sat.cycles.step import Step
from sat.workload import Workload
from tlm.accelerators import TABLE
from tlm.workload.methods import Scheme
from tlm.workload.networks import layers
from tlm.workload.step import calls_of, whole_step
from tlm.workload.trace import Trace

CNN = Workload("cnn", Trace(calls_of(layers("cnn"), 2)), 2, "cnn")
SCHEME = Scheme.of("sdwp", 2, 8, dense=("conv1",))


def step(name, scheme=SCHEME, **how):
    row = TABLE[name]
    return Step.of(CNN, scheme, row, row.load("small"), **how)


def test_a_heading_names_network_method_batch_and_accelerator():
    assert [step(name).heading for name in TABLE] == [
        "One training step of cnn, sdwp 2:8, batch 2, on small",
        "One training step of cnn, sdwp 2:8, batch 2, on sigma small",
        "One training step of cnn, sdwp 2:8, its GEMMs dense, batch 2, on systolic small",
    ]


def test_its_data_have_the_other_formula_where_there_is_one(capsys):
    for name, row in TABLE.items():
        found = step(name)
        data = found.as_data(5)
        assert (data["seed"], data["accelerator"], data["on_host"]) == (5, name, list(found.on_host))
        assert data.get("formula_cycles", []) == found.formula and bool(found.formula) == bool(row.formula)
        found.print_formula(terminal.console())
        printed = capsys.readouterr().out
        assert printed == (f"by {row.formula.text}: {sum(found.formula):,} cycles\n" if row.formula else "")


def test_a_forward_pass_is_named_and_has_no_gradients():
    row = TABLE["sat"]
    forward = replace(CNN, trace=CNN.trace.inference(), stage="ff")
    found = Step.of(forward, SCHEME, row, row.load("small"))
    assert found.heading == "The forward pass of cnn, sdwp 2:8, batch 2, on small"
    assert {one["stage"] for one in found.report.rows} == {"ff"} and found.as_data(0)["stage"] == "ff"
    assert found.as_data(0)["macs_seen"] == found.report.totals["macs"] + found.report.totals["macs_skipped"]


def test_a_dataflow_is_taken():
    assert {row["dataflow"] for row in step("sat", dataflow="ws").report.rows} == {"ws", "update", ""}


def test_other_patterns_are_of_the_same_method_and_dense_layers_and_beside_a_dense_step_of_bdwp():
    make, beside_dense = step("sat").patterns(), step("sat", Scheme()).patterns()
    assert make("2:4") == whole_step(CNN.calls, replace(SCHEME, sparsity=Sparsity(2, 4)))
    assert make("dense") == beside_dense("dense") == whole_step(CNN.calls, Scheme())
    assert beside_dense("2:4") == whole_step(CNN.calls, Scheme.of("bdwp", 2, 4))

"""A design in two models: which wires lead between them, in which order the cells are taken, and what is refused."""

import pytest

from cosim.engines.verilator.partition import Link, Net
from tests.cosim.engines.verilator.designs import CELL, DESIGN, ROW, partition


def test_inputs_come_from_cells_or_from_the_rest():
    found = partition()
    assert [cell.path for cell in found.cells] == ["row_0.cell_0", "row_0.cell_1"]
    assert (found.inputs, found.outputs) == (["a", "b"], ["y"])
    assert found.given == [Net("row_0.west", 8), Net("row_0.common", 8)]  # a wire that two cells take is given once
    assert found.links == [[Link(None, 0), Link(None, 1)], [Link(0, 0), Link(None, 1)]]
    assert found.taken == [(1, 0)]  # the first cell's output leads to the second one alone


def test_an_output_that_only_leads_back_to_cells_through_logic_is_taken():
    found = partition(top=DESIGN.replace("    out <= row_0_east;\n", "    out <= in;\n"))
    assert found.taken == [(1, 0)]  # as a part of `mixed`


def test_a_cell_comes_before_those_whose_outputs_it_takes():
    assert partition().order == [1, 0]


def test_a_design_may_have_no_cells():
    found = partition(name=None)
    assert (found.cells, found.links, found.given, found.taken, found.order) == ([], [], [], [], [])


@pytest.mark.parametrize(
    "changed, text",
    [
        (
            dict(cell=CELL.replace("always @(posedge clk)", "always @(a, b)").replace("<=", "=")),
            "output y of a cell cell_ must be a register of clk",
        ),
        (
            dict(row=ROW.replace("cell_1 (.clk(clk)", "cell_1 (.clk(common)")),
            "module row: common must have the 1 bits of port clk",
        ),
        (
            dict(row=ROW.replace("cell_0 (.clk(clk), ", "cell_0 (")),
            "module row: cell_0 must have the ports clk, a, b, y",
        ),
        (
            dict(cell=CELL.replace("<= (a + b);", "<= (a + clk);")),
            "processes of cell_ in a cell cell_ must act on the rising edge of clk alone",
        ),
        (
            dict(cell=CELL.replace("posedge clk", "negedge clk")),
            "processes of cell_ in a cell cell_ must act on the rising edge of clk alone",
        ),
        (
            dict(top=DESIGN.replace("row_0 (.clk(clk)", "row_0 (.clk(other_clk)")),
            "the clock of a cell cell_ must be the top's clk",
        ),
        (
            dict(row=ROW.replace(".a(west)", ".a(east)")),
            r"a cell cell_ takes its own outputs, by way of \[.*\]",
        ),
    ],
)
def test_cells_that_cannot_stand_alone_are_refused(changed, text):
    with pytest.raises(ValueError, match=f"^{text}$"):
        partition(**changed)

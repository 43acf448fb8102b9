"""A design in two models: which wires lead between them, in which order the cells are taken, and what is refused."""

import pytest

from cosim.engines.verilator.netlist import Hierarchy, parsed
from cosim.engines.verilator.partition import Link, Net, Partition

CELL = """\
module cell_ (clk, a, b, y);
input clk;
input [7:0] a, b;
output [7:0] y; reg [7:0] y;

always @(posedge clk) begin
    y <= (a + b);
end
endmodule
"""
ROW = """\
module row (clk, west, common, east);
input clk;
input [7:0] west, common;
output [7:0] east; wire [7:0] east;

wire [7:0] cell_0_y;

cell_ cell_0 (.clk(clk), .a(west), .b(common), .y(cell_0_y));
cell_ cell_1 (.clk(clk), .a(cell_0_y), .b(common), .y(east));
endmodule
"""
TOP = """\
module top (clk, other_clk, in, out);
input clk, other_clk;
input [7:0] in;
output [7:0] out; reg [7:0] out;

wire [7:0] row_0_east, mixed;
wire [3:0] low, high;
reg [7:0] held;

assign low = row_0_east[3:0], high = held[7:4];
assign mixed = {high, low};

always @(posedge clk) begin
    held <= in;
    out <= row_0_east;
end

row row_0 (.clk(clk), .west(held), .common(mixed), .east(row_0_east));
endmodule
"""


def partition(cell=CELL, row=ROW, top=TOP, name="cell_") -> Partition:
    return Partition(Hierarchy({module.name: module for module in map(parsed, (cell, row, top))}, "top", name))


def test_inputs_come_from_cells_or_from_the_rest():
    found = partition()
    assert [cell.path for cell in found.cells] == ["row_0.cell_0", "row_0.cell_1"]
    assert (found.inputs, found.outputs) == (["a", "b"], ["y"])
    assert found.given == [Net("row_0.west", 8), Net("row_0.common", 8)]  # a wire that two cells take is given once
    assert found.links == [[Link(None, 0), Link(None, 1)], [Link(0, 0), Link(None, 1)]]
    assert found.taken == [(1, 0)]  # the first cell's output leads to the second one alone


def test_an_output_that_only_leads_back_to_cells_through_logic_is_taken():
    found = partition(top=TOP.replace("    out <= row_0_east;\n", "    out <= in;\n"))
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
            "the clock of a cell cell_ must be the top's clk",
        ),
        (
            dict(top=TOP.replace("row_0 (.clk(clk)", "row_0 (.clk(other_clk)")),
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

"""The text around both models: ports, wires between them, and the C++ that connects them."""

import re

from cosim.engines.verilator import text
from cosim.engines.verilator.netlist import parsed
from tests.cosim.engines.verilator.designs import CELL, partition


def test_the_top_of_the_rest_has_the_designs_ports_and_the_wires_to_the_cells():
    lines = text.top(partition(), "rest").splitlines()
    assert lines[1] == "module rest (clk, other_clk, in, out, given_0, given_1, taken_0);"
    assert "output [7:0] given_1;" in lines and "input [7:0] taken_0;" in lines
    assert "top dut (.clk(clk), .other_clk(other_clk), .in(in), .out(out));" in lines
    assert "assign given_1 = dut.row_0.common;" in lines and "assign dut.row_0.cell_1.y = taken_0;" in lines


def test_an_empty_cell_has_ports_alone():
    empty = parsed(text.empty(parsed(CELL)))
    assert empty.ports == parsed(CELL).ports and empty.widths == parsed(CELL).widths and empty.logic == []


def test_the_cells_registers_act_on_both_edges_and_no_others():
    assert text.on_both_edges(CELL).count("always @(posedge clk, negedge clk) begin") == 1
    other = CELL.replace("posedge clk", "posedge other_clk")
    assert text.on_both_edges(other) == other


def test_the_wiring_says_where_each_input_comes_from_and_in_which_order_cells_are_taken():
    told = text.wiring(partition(), dict(LINE_BITS=7))
    assert "enum { CELLS = 2, OUTPUTS = 1, LINE_BITS = 7 };" in told
    assert "ORDER[CELLS] = {1, 0};" in told and 'NAMES[CELLS] = {"row_0.cell_0", "row_0.cell_1"};' in told
    links = re.search(r"LINKS\[CELLS\]\[2\] = \{\n(.*?)\n\};", told, re.DOTALL)[1]
    assert [row.strip() for row in links.splitlines()] == ["{-1, -2},", "{0, -2},"]
    assert "rest.taken_0 = cells[1]->y;" in told and "cell.a = *from.a;" in told
    assert "update_clk" not in told and "host_rates" not in told


def test_a_design_without_cells_has_none_to_connect():
    told = text.wiring(partition(name=None), {})
    assert "CELLS = 0" in told and "VCell___024root" not in told and "struct VCell" in text.NO_CELL

"""What drives what: through ports, slices and joins, as far as wires lead."""

import pytest

from cosim.engines.verilator.netlist import Bits, Hierarchy, Module, modules_of, parsed
from rtl.hdl.lanes import MOST_PARTS
from rtl.sat.axi import sat_axi
from tests.cosim.support import TINY

LEAF = """\
/* verilator lint_off WIDTH */ // assign x = y; in a remark
`timescale 1ns/1ns

module leaf (clk, a, y, z);
// Golden  none; assign y = a;

input clk;
input [7:0] a;
output [7:0] y; reg [7:0] y;
output [3:0] z; wire [3:0] z;

reg [8-1:0] held [0:4-1];
integer k;

always @(posedge clk) begin
    y <= a;
    if (a[0]) begin
        y[8-1:4] <= 0;
    end
end

assign z = y[5:2];
endmodule
"""
TOP = """\
module top (clk, given, out, all);
input clk;
input [7:0] given;
output [15:0] out; wire [15:0] out;
output all; wire all;

wire [7:0] leaf_0_y, leaf_1_y, swapped;
wire [3:0] low, high, leaf_0_z, leaf_1_z;

assign low = given[3:0], high = given[7:4];
assign swapped = {low, high};
assign out = {leaf_0_z, leaf_0_y[7:4],
    leaf_1_y};
assign all = (out == 0);

leaf leaf_0 (.clk(clk), .a(swapped), .y(leaf_0_y), .z(leaf_0_z));
leaf leaf_1 (.clk(clk), .a(leaf_0_y), .y(leaf_1_y),
    .z(leaf_1_z));
endmodule
"""


def hierarchy(cell=None) -> Hierarchy:
    modules = {module.name: module for module in map(parsed, (LEAF, TOP))}
    return Hierarchy(modules, "top", cell)


def told(sources) -> list[tuple]:
    return [(source.instance.path, *source.bits) for source in sources]


def test_a_module_is_its_ports_widths_wires_children_and_logic():
    leaf = parsed(LEAF)
    assert leaf.ports == dict(clk="input", a="input", y="output", z="output")
    assert (leaf.inputs, leaf.outputs) == (["clk", "a"], ["y", "z"])
    assert leaf.widths == dict(clk=1, a=8, y=8, z=4)
    assert leaf.wires == dict(z=[Bits("y", 2, 4)]) and leaf.children == {}
    assert len(leaf.logic) == 1 and leaf.read == {"clk", "y", "a"}
    top = parsed(TOP)
    assert top.wires["out"] == [Bits("leaf_1_y", 0, 8), Bits("leaf_0_y", 4, 4), Bits("leaf_0_z", 0, 4)]
    assert top.children["leaf_1"] == ("leaf", dict(clk="clk", a="leaf_0_y", y="leaf_1_y", z="leaf_1_z"))
    assert top.logic == ["assign all = (out == 0)"]


def test_a_register_is_what_clocked_processes_alone_assign():
    leaf = parsed(LEAF)
    assert leaf.clocked("y", "clk")
    assert not leaf.clocked("y", "other") and not leaf.clocked("z", "clk") and not leaf.clocked("a", "clk")
    mixed = parsed(LEAF.replace("assign z", "always @(a) begin\n    y = a;\nend\nassign z"))
    assert not mixed.clocked("y", "clk")


def test_wires_lead_up_down_and_through_slices_and_joins():
    tree = hierarchy()
    leaf_0, leaf_1 = tree.rest[1:]
    assert [one.path for one in tree.rest] == ["", "leaf_0", "leaf_1"] and tree.cells == []
    assert told(tree.sources(leaf_0, Bits("a", 0, 8))) == [("", "given", 4, 4), ("", "given", 0, 4)]
    assert told(tree.sources(leaf_1, Bits("a", 2, 3))) == [("leaf_0", "y", 2, 3)]
    assert told(tree.sources(tree.top, Bits("out", 0, 16))) == [
        ("leaf_1", "y", 0, 8),
        ("leaf_0", "y", 4, 4),
        ("leaf_0", "y", 2, 4),
    ]
    assert told(tree.sources(tree.top, Bits("out", 6, 4))) == [("leaf_1", "y", 6, 2), ("leaf_0", "y", 4, 2)]
    assert told(tree.sources(tree.top, Bits("all", 0, 1))) == [("", "all", 0, 1)]


def test_at_a_cells_outputs_wires_end():
    tree = hierarchy("leaf")
    assert [one.path for one in tree.cells] == ["leaf_0", "leaf_1"] and tree.rest == [tree.top]
    assert told(tree.sources(tree.top, Bits("out", 0, 16))) == [
        ("leaf_1", "y", 0, 8),
        ("leaf_0", "y", 4, 4),
        ("leaf_0", "z", 0, 4),
    ]


def test_neighbouring_bits_of_one_signal_are_one_source():
    text = TOP.replace("{low, high}", "{high, low}")
    modules = {module.name: module for module in map(parsed, (LEAF, text))}
    tree = Hierarchy(modules, "top")
    assert told(tree.sources(tree.top, Bits("swapped", 0, 8))) == [("", "given", 0, 8)]


def test_a_join_of_very_many_is_a_process_and_a_wire_all_the_same():
    names = [f"lane{k}" for k in range(MOST_PARTS + 1)]
    text = (
        f"module wide ({', '.join(names)}, bus);\n"
        + "".join(f"input {name};\n" for name in names)
        + f"output [{MOST_PARTS}:0] bus; reg [{MOST_PARTS}:0] bus;\n\n"
        + f"always @({', '.join(names)}) bus = {{{', '.join(reversed(names))}}};\nendmodule\n"
    )
    assert [bits.name for bits in parsed(text).wires["bus"]] == names


@pytest.mark.parametrize("text", ["", "wire x;", "module x ();\nwire y;"])
def test_a_file_without_a_module_is_refused(text):
    with pytest.raises(ValueError, match="^this file holds no module of the converted Verilog$"):
        parsed(text)


def test_a_statement_of_another_kind_is_refused():
    text = LEAF.replace("integer k;", "initial k = 0;")
    with pytest.raises(ValueError, match="^module leaf: this is no statement of the converted Verilog: initial k = 0$"):
        parsed(text)


def test_the_verilog_of_the_whole_device_is_understood(tmp_path):
    files = sat_axi.write(TINY, tmp_path)
    modules = modules_of(files.values())
    assert modules.keys() == files.keys() and all(isinstance(module, Module) for module in modules.values())
    tree = Hierarchy(modules, "sat_axi", "uspe" if "uspe" in modules else "sat_uspe")
    assert len(tree.cells) == TINY.rows * TINY.columns and len(tree.rest) > 30

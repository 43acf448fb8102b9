"""Small designs in the form of the converted Verilog."""

from cosim.engines.verilator.hierarchy import Hierarchy
from cosim.engines.verilator.netlist import parsed
from cosim.engines.verilator.partition import Partition

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
DESIGN = """\
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


def partition(cell=CELL, row=ROW, top=DESIGN, name="cell_") -> Partition:
    return Partition(Hierarchy({module.name: module for module in map(parsed, (cell, row, top))}, "top", name))

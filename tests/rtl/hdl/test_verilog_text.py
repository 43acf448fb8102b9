"""The text of MyHDL's Verilog, as it is tidied."""

import pytest

from rtl.hdl.verilog_text import LINE, tidied

TEXT = """\
`timescale 1ns/1ns

module m (
    clk,
    a,
    c
);

input clk;
input [3:0] a;
input [3:0] b;
output [3:0] c;
reg [3:0] c;

wire [3:0] x;
reg z;
wire [3:0] y;


assign x = (a + b);

always @(y, x, a) begin: M_RUN
    reg [2-1:0] k;
    if (x) begin
        k = 1;
    end
    else begin
        k = 2;
    end
end

endmodule
"""
TIDIED = """\
`timescale 1ns/1ns

module m (clk, a, c);

input clk;
input [3:0] a, b;
output [3:0] c; reg [3:0] c;

wire [3:0] x, y;
reg z;
reg [2-1:0] M_RUN_k;

assign x = (a + b);

always @(a, x, y) begin
    if (x) begin
        M_RUN_k = 1;
    end else begin
        M_RUN_k = 2;
    end
end

endmodule
"""


def test_it_becomes_shorter_and_the_same_in_every_run():
    assert tidied("m", TEXT) == TIDIED


def test_what_is_tidy_stays_as_it_is():
    assert tidied("m", TIDIED) == TIDIED


def test_what_the_linter_must_not_say_is_switched_off_with_its_reason():
    assert tidied("m", TEXT, {"WIDTH": "sums are cut", "BLKSEQ": "variables"}) == (
        "/* verilator lint_off WIDTH */ // sums are cut\n/* verilator lint_off BLKSEQ */ // variables\n" + TIDIED
    )


def test_assignments_stand_together():
    text = TEXT.replace("assign x = (a + b);", "assign x = (a + b);\n\nassign y = a;\n\nassign w = b;\n")
    assert "\n\nassign x = (a + b);\nassign y = a;\nassign w = b;\n\nalways @(a, x, y) begin\n" in tidied("m", text)


def test_words_of_an_array_stand_by_their_number():
    assert "\nalways @(a, lanes[2], lanes[10], x) begin" in tidied(
        "m", TEXT.replace("y, x, a", "lanes[10], x, lanes[2], a")
    )


@pytest.mark.parametrize("statement", ["assign", "always @(wire_number_0, wire_number_1)"])
def test_long_lines_are_wrapped_and_lose_nothing(statement):
    names = [f"wire_number_{i}" for i in range(40)]
    text = "".join(f"wire {name};\n" for name in names) + f"\n{statement} all = {{{', '.join(names)}}};\n"
    lines = tidied("m", text).splitlines()
    assert max(map(len, lines)) <= LINE and " ".join("".join(lines).split()) == " ".join(
        f"wire {', '.join(names)};{statement} all = {{{', '.join(names)}}};".split()
    )


@pytest.mark.parametrize("name, word", [("m", "table"), ("cell", "cell")])
def test_what_verilog_reserves_is_refused(name, word):
    with pytest.raises(ValueError, match=f"module {name}: a signal cannot be called {word!r}, which Verilog reserves"):
        tidied(name, f"module {name} (x);\ninput x;\nwire [3:0] {word if name == 'm' else 'free'};\nendmodule\n")

"""The proof that two folders of Verilog are equivalent: what it must accept, and what it must not."""

import pytest

from tests.equivalence import Design, prove

COUNTER = """\
module sat_counter (clk, on, count);

input clk, on;
output [3:0] count; reg [3:0] count;

always @(posedge clk) begin
    if (on) begin
        count <= (count + 1);
    end
end
endmodule
"""
TOP = """\
module sat (clk, a, b, count);

input clk, a, b;
output [3:0] count; wire [3:0] count;

wire on;

assign on = (a && b);

sat_counter counter_0 (.clk(clk), .on(on), .count(count));
endmodule
"""


def verdict(tmp_path, **changed):
    """Whether the two modules, and these with their texts changed, are equivalent."""
    texts = dict(sat_counter=COUNTER, sat=TOP)
    for folder, files in (("old", texts), ("new", texts | changed)):
        (tmp_path / folder).mkdir()
        for name, text in files.items():
            (tmp_path / folder / f"{name}.v").write_text(text)
    return prove(Design(tmp_path / "old", "sat"), Design(tmp_path / "new", "sat"), "sat")


@pytest.mark.parametrize(
    "changed",
    [
        dict(sat_counter=COUNTER.replace("if (on) begin", "if ((on != 0)) begin")),
        dict(sat=TOP.replace("(a && b)", "!((!a) || (!b))")),
        {  # ports below the top have other names
            "sat_counter": COUNTER.replace("on", "enable"),
            "sat": TOP.replace(".on(on)", ".enable(on)"),
        },
    ],
    ids=["within a module", "in the top", "ports of a module"],
)
def test_what_does_the_same_is_accepted(tmp_path, capsys, changed):
    assert verdict(tmp_path, **changed) and "all equivalent" in capsys.readouterr().out


@pytest.mark.parametrize(
    "changed",
    [
        dict(sat_counter=COUNTER.replace("+ 1", "+ 2")),
        dict(sat=TOP.replace("&&", "||")),
        dict(sat=TOP.replace(".on(on)", ".on(a)")),
    ],
    ids=["within a module", "in the top", "wires between modules"],
)
def test_what_does_not_is_told(tmp_path, capsys, changed):
    assert not verdict(tmp_path, **changed) and "NOT equivalent" in capsys.readouterr().out

"""Modules as they are read from the converted Verilog."""

import pytest

from cosim.engines.verilator.netlist import Bits, parsed
from rtl.hdl.lanes import MOST_PARTS
from tests.cosim.engines.verilator.designs import LEAF, TOP


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

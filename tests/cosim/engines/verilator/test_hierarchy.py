"""What drives what: through ports, slices and joins, as far as wires lead."""

from cosim.engines.verilator.hierarchy import Hierarchy
from cosim.engines.verilator.netlist import Bits, Module, modules_of, parsed
from rtl.sat.axi import sat_axi
from tests.cosim.engines.verilator.designs import LEAF, TOP
from tests.cosim.support import TINY


def hierarchy(cell=None) -> Hierarchy:
    modules = {module.name: module for module in map(parsed, (LEAF, TOP))}
    return Hierarchy(modules, "top", cell)


def told(sources) -> list[tuple]:
    return [(source.instance.path, *source.bits) for source in sources]


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


def test_the_verilog_of_the_whole_device_is_understood(tmp_path):
    files = sat_axi.write(TINY, tmp_path)
    modules = modules_of(files.values())
    assert modules.keys() == files.keys() and all(isinstance(module, Module) for module in modules.values())
    tree = Hierarchy(modules, "sat_axi", "uspe" if "uspe" in modules else "sat_uspe")
    assert len(tree.cells) == TINY.rows * TINY.columns and len(tree.rest) > 30

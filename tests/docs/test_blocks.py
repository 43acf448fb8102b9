"""The pages of the blocks: what they say is what the hardware is."""

import importlib
import json
import re
from types import SimpleNamespace

import pytest
from myhdl import always, always_comb

from docs.extension.blocks import ports, waveform
from docs.extension.blocks.design import Block, blocks, declared, signals
from docs.extension.blocks.drawing import drawn
from docs.extension.blocks.graph import bundled, graph
from docs.extension.blocks.page import WITHOUT_WAVEFORM, page
from docs.extension.text import PROMISES
from rtl import timing as units
from rtl.hdl.hierarchy import module
from rtl.hdl.lanes import split
from rtl.hdl.stream import Stream, bit, bus
from rtl.sat import timing as of_sat
from rtl.sigma import timing as of_sigma

NAMES = sorted(declared())


def constants(block) -> dict:
    """The latencies by name that a block's docstring may mean."""
    own = vars(importlib.import_module(block.instance.func.__module__))
    room = {"rtl.sat": of_sat, "rtl.sigma": of_sigma}.get(
        ".".join(block.instance.func.__module__.split(".")[:2]), units
    )
    return vars(units) | vars(room) | {"LATENCY": own.get("LATENCY")}


def test_every_block_of_rtl_has_a_page():
    assert set(blocks()) == set(NAMES) and len(NAMES) > 60


@pytest.mark.parametrize("name", NAMES)
def test_a_block_says_what_it_promises_and_explains_ports_that_it_has(name):
    paragraphs, meanings, promises = ports.contract(blocks()[name])
    assert paragraphs and {"Latency", "Golden"} <= promises.keys() <= set(PROMISES)
    unexplained = blocks()[name].ports.keys() - meanings.keys() - {"clk", "rst"}
    assert {port for port in unexplained if port.partition("_")[0] not in meanings} == set()  # write says write_data


def test_a_latency_in_a_docstring_is_the_constant_that_it_names():
    checked = set()
    for name, block in blocks().items():
        latency = ports.contract(block)[2]["Latency"]
        for number, formula in re.findall(r"(\d+)(?: cycles?)? \(([A-Z_0-9 +]+)\)", latency):
            assert int(number) == eval(formula, {}, constants(block)), f"{name}: {number} is not {formula}"
            checked.add(name)
        if (constant := constants(block)["LATENCY"]) is not None:
            assert int(re.match(r"\d+", latency)[0]) == constant, name
            checked.add(name)
    assert len(checked) > 20 and {"fp32_add", "fp32_to_fp16", "wuve_lane", "uspe", "drain"} <= checked


@module
def inner(clk, entering, leaving):
    """A register."""

    @always(clk.posedge)
    def keep():
        leaving.next = entering

    return keep


@module
def outer(clk, words, answer):
    """Two registers and a sum."""
    halves, kept = [bus(4), bus(4)], [bus(4), bus(4)]

    @always_comb
    def add():
        answer.next = kept[0] + kept[1]

    @always_comb
    def take():
        words.ready.next = not words.valid

    return split(words.data, halves), [inner(clk, halves[k], kept[k]) for k in range(2)], add, take


def test_a_graph_joins_ports_blocks_and_processes_through_wiring():
    found = graph(Block(outer(bit(), Stream(8), bus(5)), "outer"))
    assert {key: node.count for key, node in found.nodes.items()} == {
        "input:words": 1,
        "block:inner": 2,
        "logic:add": 1,
        "logic:take": 1,
        "output:answer": 1,
    }
    assert found.edges == {
        ("input:words", "block:inner"): ["halves"],
        ("block:inner", "logic:add"): ["kept"],
        ("input:words", "logic:take"): ["valid"],
        ("logic:add", "output:answer"): [],
    }
    assert 'href="inner.html"' in drawn(found, {"inner": "inner.html"})


def test_registers_are_told_from_logic():
    assert [node.kind for node in graph(Block(inner(bit(), bus(4), bus(4)), "inner")).nodes.values()] == [
        "input",
        "register",
        "output",
    ]


def test_signals_of_one_bundle_are_named_by_it():
    assert bundled(["a.x", "a.y", "b.x", "c"]) == ["a", "b.x", "c"]
    assert bundled(["t.a.x", "t.a.y", "t.b.x", "t.b.y"]) == ["t"]


@pytest.mark.parametrize("name", NAMES)
def test_a_drawing_can_be_looked_over(name):
    block = blocks()[name]
    found = graph(block)
    assert len(found.nodes) <= 26 + len(block.ports) and len(found.edges) <= 45
    assert {node.name for node in found.nodes.values() if node.kind == "block"} == set(block.children)
    leaving = [port for port, value in block.ports.items() if any(id(s) in block.outputs for s in signals(value))]
    assert {node.name for node in found.nodes.values() if node.kind == "output"} <= set(leaving)


RECORD = dict(
    test="tests/x.py::test_x",
    first=3,
    ports=dict(
        valid=dict(bits=1, values=["0", "1", "1"]),
        data=dict(bits=8, values=["0", "ff", "ff"]),
        rst=dict(bits=1, values=["0", "0", "0"]),
    ),
)


def test_a_waveform_shows_what_changes():
    drawn_text = waveform.svg(RECORD)
    assert list(waveform.chosen(RECORD)) == ["valid", "data"]
    assert re.findall(r'class="name"[^>]*>([^<]*)<', drawn_text) == ["clk", "valid", "data [8]"]
    assert re.findall(r'class="number"[^>]*>([^<]*)<', drawn_text) == ["0", "ff"]
    assert re.findall(r'class="tick"[^>]*>([^<]*)<', drawn_text) == ["3", "4", "5"]


def test_a_block_without_a_waveform_stops_the_build_unless_there_is_a_reason(tmp_path):
    found = blocks()
    with pytest.raises(ValueError, match="no waveform of drain"):
        page(found["drain"], found, tmp_path)
    assert WITHOUT_WAVEFORM["sat_axi"] in page(found["sat_axi"], found, tmp_path)
    assert set(WITHOUT_WAVEFORM) == {"sat_axi"}


def test_a_waveform_that_was_recorded_of_other_ports_stops_the_build(tmp_path):
    found = blocks()
    (tmp_path / "work_counters.json").write_text(json.dumps(RECORD))  # of an older block with a port `valid`
    with pytest.raises(ValueError, match="the waveform of other ports of work_counters"):
        page(found["work_counters"], found, tmp_path)


def test_the_docstring_of_a_block_cannot_explain_a_port_that_it_does_not_have():
    wrong = SimpleNamespace(docstring="Add.\n\nnowhere  in  FP32", arguments=dict(a=bit()), file="x.py", name="x")
    with pytest.raises(ValueError, match="explains nowhere, which x does not have"):
        ports.contract(wrong)

"""Hierarchical Verilog: one module a file, no logic lost, and always the same text."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from myhdl import Signal, ToVerilogWarning, _simulator, always, always_comb, intbv

from cosim.tools import call, tool
from rtl.hdl.hierarchy import flat_ports, module, write_verilog
from rtl.hdl.stream import Stream
from rtl.sat import sat
from rtl.sat.axi import sat_axi
from rtl.sat.config import SatConfig
from rtl.sigma import sigma
from rtl.sigma.config import PRESETS as SIGMA_PRESETS
from tests.support.script import play

ROOT = Path(__file__).resolve().parents[2]


@module
def register(clk, word, kept, config):
    """A register; `config` is no number, so it does not show in the module's name."""

    @always(clk.posedge)
    def keep():
        kept.next = word

    return keep


@module
def adder(a, b, total, step):
    """a + b + step, modulo the width of the total."""
    top = 2 ** len(total)

    @always_comb
    def add():
        total.next = (a + b + step) % top

    return add


@module
def pipeline(clk, word, twice):
    """word + word + 3, a cycle later."""
    kept = Signal(intbv(0)[len(word) :])
    return register(clk, word, kept, None), adder(kept, kept, twice, 3)


@module
def two_widths(clk, word, wide, kept, kept_wide):
    """One name, two shapes."""
    return register(clk, word, kept, None), register(clk, wide, kept_wide, None)


@module
def forgotten_module(clk, word, twice):
    """A module that is made, but not returned: its logic would vanish."""
    kept = Signal(intbv(0)[len(word) :])
    register(clk, word, kept, None)
    return adder(kept, kept, twice, 3)


@module
def forgotten_process(clk, word, twice):
    """A process that is made, but not returned."""
    kept = Signal(intbv(0)[len(word) :])

    @always(clk.posedge)
    def keep():
        kept.next = word

    return adder(kept, kept, twice, 3)


@module
def named_blocks(clk, word, low, high):
    """Two processes with variables of the same name."""

    @always(clk.posedge)
    def first():
        part = intbv(0)[4:]
        part[:] = word[4:]
        low.next = part

    @always(clk.posedge)
    def second():
        part = intbv(0)[4:]
        part[:] = word[8:4]
        for k in range(4):
            high.next[k] = part[3 - k]

    return first, second


@module
def reserved_port(clk, word, table):
    """A port with a name that is harmless in Python, and a keyword in Verilog."""
    return register(clk, word, table, None)


@module
def bit(clk, word, kept):
    """A block with the name of a SystemVerilog type."""
    return register(clk, word, kept, None)


def bus(width):
    return Signal(intbv(0)[width:])


def pipeline_ports():
    return dict(clk=Signal(bool(0)), word=bus(8), twice=bus(8))


def test_every_module_is_a_file_of_its_name_with_children_before_parents(tmp_path):
    files = write_verilog(tmp_path / "new" / "folder", pipeline, **pipeline_ports())
    assert list(files) == ["register", "adder_3", "pipeline"]
    for name, path in files.items():
        assert path == tmp_path / "new" / "folder" / f"{name}.v"
        assert re.findall(r"^module (\w+)", path.read_text(), re.MULTILINE) == [name]


def test_a_parent_instantiates_its_children_by_name_of_port(tmp_path):
    text = write_verilog(tmp_path, pipeline, **pipeline_ports())["pipeline"].read_text()
    assert "register register_0 (.clk(clk), .word(word), .kept(kept));\n" in text
    assert re.search(r"adder_3 adder_0 \(", text)
    assert "always" not in text


def test_two_conversions_are_the_same_text(tmp_path):
    config = SatConfig(rows=2, columns=2, chunk=16)
    texts = [
        {name: path.read_text() for name, path in sat.write(config, tmp_path / folder).items()}
        for folder in ("one", "two")
    ]
    assert texts[0] == texts[1]
    assert len(texts[0]) >= 10
    assert not any(
        re.search(r"20\d\d", line) for text in texts[0].values() for line in text.splitlines() if line.startswith("//")
    )


def test_the_text_does_not_depend_on_the_seed_of_hashes(tmp_path):
    """MyHDL writes sensitivity lists in the order of a set; words of an array are in some of SAT's."""
    folders = tmp_path / "1", tmp_path / "2"
    config = "SatConfig(rows=2, columns=2, chunk=16)"
    code = f"import sys; from rtl.sat.sat import SatConfig, write; write({config}, sys.argv[1])"
    for folder in folders:
        environment = {**os.environ, "PYTHONHASHSEED": folder.name, "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-c", code, folder], env=environment, check=True)
    texts = [{file.name: file.read_text() for file in folder.iterdir()} for folder in folders]
    assert texts[0] == texts[1] and len(texts[0]) > 30


def test_two_configurations_and_sigma_live_in_one_library(tmp_path):
    sizes = dict(sat_=(1, 1), big_=(2, 2))
    files = {}
    for prefix, (rows, columns) in sizes.items():
        config = SatConfig(rows=rows, columns=columns, chunk=16, update_lanes=1)
        files |= sat_axi.write(config, tmp_path, prefix=prefix)
    files |= sigma.write(SIGMA_PRESETS["small"], tmp_path)
    assert len(list(tmp_path.iterdir())) == len(files) > 120
    tops = "sat", "sat_axi", "big", "big_axi", "sigma"
    assert set(tops) < files.keys() and {"sat_uspe", "big_uspe", "sigma_fp16_mul"} < files.keys()
    for top in tops:
        call(tool("iverilog"), "-g2005", "-Wall", "-t", "null", "-s", top, *files.values())


def test_converted_and_simulated_a_hierarchy_does_the_same(build, rng):
    values = [rng.getrandbits(8) for _ in range(100)]
    got = play(build(pipeline, **pipeline_ports()), [dict(word=value) for value in values], "twice")["twice"]
    assert got[1:101] == [(2 * value + 3) % 256 for value in values]


def test_a_conversion_leaves_none_of_its_signals_behind(tmp_path):
    ports = pipeline_ports()
    before = len(_simulator._signals)
    write_verilog(tmp_path, pipeline, **ports)
    assert len(_simulator._signals) == before


def test_one_name_in_two_shapes_is_refused(tmp_path):
    ports = dict(clk=Signal(bool(0)), word=bus(8), wide=bus(9), kept=bus(8), kept_wide=bus(9))
    with pytest.raises(ValueError, match="module register is used in two shapes"):
        write_verilog(tmp_path, two_widths, **ports)


@pytest.mark.parametrize("deco, port, word", [(reserved_port, "table", "table"), (bit, "kept", "bit")])
def test_a_name_that_verilog_reserves_is_refused(tmp_path, deco, port, word):
    with pytest.raises(ValueError, match=f"cannot be called '{word}', which Verilog reserves"):
        write_verilog(tmp_path, deco, **{"clk": Signal(bool(0)), "word": bus(8), port: bus(8)})


@pytest.mark.parametrize("deco", [forgotten_module, forgotten_process], ids=["module", "process"])
def test_logic_that_is_not_returned_is_an_error_and_not_a_warning(tmp_path, deco):
    with pytest.raises((ToVerilogWarning, ValueError)):
        write_verilog(tmp_path, deco, **pipeline_ports())


def test_variables_of_named_blocks_move_to_the_module_each_under_its_own_name(tmp_path):
    ports = dict(clk=Signal(bool(0)), word=bus(8), low=bus(4), high=bus(4))
    text = write_verilog(tmp_path, named_blocks, **ports)["named_blocks"].read_text()
    assert not re.search(r"begin\s*:", text)
    variables = re.findall(r"\b(\w+_(?:part|k))\b", "\n".join(re.findall(r"^(?:reg|integer) .*;", text, re.MULTILINE)))
    assert sorted(variables) == ["first_part", "second_k", "second_part"]
    assert not re.search(r"\b(part|k)\b", text[text.index("\nmodule") :])


def test_moved_variables_do_what_they_did(build, rng):
    ports = dict(clk=Signal(bool(0)), word=bus(8), low=bus(4), high=bus(4))
    values = [rng.getrandbits(8) for _ in range(60)]
    got = play(build(named_blocks, **ports), [dict(word=value) for value in values], "low", "high")
    assert got["low"][1:61] == [value & 15 for value in values]
    assert got["high"][1:61] == [int(f"{value >> 4:04b}"[::-1], 2) for value in values]


def test_ports_of_an_interface_are_named_after_port_and_field():
    arguments = dict(clk=Signal(bool(0)), words=Stream(8), config=SatConfig(rows=1, columns=1))
    assert [name for name, _ in flat_ports(arguments)] == ["clk", "words_data", "words_valid", "words_ready"]

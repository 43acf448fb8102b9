"""The generated references have all that there is."""

import importlib
import inspect
import re

import pytest
import typer

from docs.extension import command_line, configuration, packed_words, python_api, register_map, report_keys, workloads
from docs.extension.bits import bar
from rtl.hdl.layout import Layout
from rtl.sat import layouts
from rtl.sat.axi.registers import REGISTERS
from rtl.sat.config import PRESETS, SatConfig
from tests.docs.pages import ROOT
from tlm.accelerators import TABLE
from tlm.report import DEFINITIONS
from tlm.workload.methods import METHODS
from tlm.workload.networks import NETWORKS
from training.data.catalogue import NAMES


def text(reference) -> str:
    (page,) = reference.pages().values()
    return page


def test_every_command_has_its_options():
    page, found = text(command_line), dict(command_line.commands(command_line.whole()))
    assert {words[1] for words in found} >= {"train", "cycles", "plan", "verify", "verilog", "compare"}
    for words, command in found.items():
        section = page.partition(f" `{' '.join(words)}`\n")[2].partition("\n## ")[0]
        options = [name for one in command.params if one.name != "help" and not one.hidden for name in one.opts]
        assert [name for name in options if name.startswith("-") and f"`{name}`" not in section] == [], words


def test_commands_of_groups_stand_below_them_and_panels_have_titles():
    group, inner = typer.Typer(), typer.Typer()

    @inner.command()
    def leaf(size: int = typer.Option(3, help="Of it.", rich_help_panel="Sizes"), all_of_it: bool = False):
        """Do it."""

    inner.command("other")(lambda: None)
    group.add_typer(inner, name="tree")
    group.command("bush")(lambda: None)
    found = list(command_line.commands(typer.main.get_command(group)))
    assert [words for words, _ in found] == [
        ("sat", "bush"),
        ("sat", "tree"),
        ("sat", "tree", "leaf"),
        ("sat", "tree", "other"),
    ]
    section = command_line.section(*found[2])
    assert section.startswith("### `sat tree leaf`\n\nDo it.\n") and "**Sizes**" in section
    assert "| `--size` number | `3` | Of it. |" in section


def test_a_command_of_several_says_which_one_is_meant_and_an_option_what_it_takes():
    page = text(command_line)
    assert "`sat train` alone is `sat train run`." in page and "| `--input` \\[NAME:\\]SIZES\\[:DTYPE\\] |  |" in page


def test_every_parameter_has_its_presets_and_bounds():
    page = text(configuration)
    for row in TABLE.values():
        section = page.partition(f"## {row.title}\n")[2].partition("\n## ")[0]
        names = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
        assert names == [name for name in row.config_type.model_fields if name != "name"]
        assert all(f"`{preset}`" in section for preset in row.presets)
    assert "chunk is a multiple of largest_m" in page
    assert [configuration.bounds(SatConfig.model_fields[name]) for name in ("rows", "largest_m", "clock_mhz")] == [
        "≥ 1, ≤ 128",
        "4, 8, 16",
        "> 0, ≤ 10000",
    ]


def test_every_key_of_the_reports_is_there():
    assert [key for key in DEFINITIONS if f"| `{key}` |" not in text(report_keys)] == []


def test_every_register_and_its_fields_are_there():
    page = text(register_map)
    assert [register.name for register in REGISTERS if f"`{register.name}`" not in page] == []
    assert page.count("<svg") == sum(bool(register.fields) for register in REGISTERS) == 3
    assert "| `s_axis_operand_*` | 40 | 80 | 320 |" in page


def test_every_packed_word_is_there():
    names = [name for name, _, _ in packed_words.words(layouts, PRESETS["small"])]
    annotated = {
        name
        for name, function in inspect.getmembers(layouts, inspect.isfunction)
        if function.__module__ == layouts.__name__ and inspect.signature(function).return_annotation is Layout
    }
    assert set(names) == annotated and len(names) > 12
    assert [name for name in names if f"### `{name}`: " not in text(packed_words)] == []


def test_a_word_is_drawn_with_its_highest_bits_first():
    drawn = re.findall(r">([\w:]+)</text>", bar(Layout(low=8, flag=1, high=4)))
    assert drawn == ["12:9", "high", "8", "flag", "7:0", "low"]


def test_networks_methods_and_data_are_those_that_there_are():
    page = text(workloads)
    assert [name for name in (*NETWORKS, *METHODS, *NAMES) if f"\n| `{name}` |" not in page] == []
    assert "| `cnn` | 8 x 8 | 10 | 6,178 | 62,464 |" in page


@pytest.mark.parametrize("package", ["training", "cosim", "tlm", "rtl.golden"])
def test_what_the_readme_uses_of_a_package_is_described(package):
    examples = "".join(re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL))
    used = set(re.findall(rf"(?<![\w.]){package}\.(\w+)", examples))
    described = set(re.findall(rf"auto(?:class|function):: {package}\.(\w+)", "".join(python_api.pages().values())))
    module = importlib.import_module(package)
    assert {name for name in used - described if not inspect.ismodule(getattr(module, name))} == set()
    assert len(described) > 10

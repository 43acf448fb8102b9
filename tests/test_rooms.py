"""The rooms: which may know which, no circles, and no accelerator named outside of its own rooms and the tables."""

import ast
import re
from pathlib import Path

import pytest

from tests.support.tree import LAYERS, ROOT, files_of, imported_names, place

# Room -> rooms that no file of it imports.
STRANGERS = {
    "rtl/hdl": ["rtl/float", "rtl/shared", "rtl/sat", "rtl/sigma", "rtl/golden"],
    "rtl/float": ["rtl/shared", "rtl/sat", "rtl/sigma", "rtl/golden"],
    "rtl/shared": ["rtl/sat", "rtl/sigma", "rtl/golden"],
    "rtl/sat": ["rtl/sigma", "rtl/golden"],
    "rtl/sigma": ["rtl/sat", "rtl/golden"],
    "tlm/sat": ["tlm/sigma", "rtl/sigma"],
    "tlm/sigma": ["tlm/sat", "rtl/sat"],
    "tlm/published": ["tlm/sat", "tlm/sigma"],
    "tlm/workload": ["tlm/sat", "tlm/sigma"],
    "cosim/sat": ["cosim/sigma", "cosim/engines", "cosim/harness", "cosim/check"],
    "cosim/sigma": ["cosim/sat", "cosim/engines", "cosim/harness", "cosim/check"],
    "cosim/kernel": ["cosim/sat", "cosim/sigma", "cosim/engines", "cosim/harness", "cosim/check"],
    "cosim/harness": ["cosim/engines", "cosim/check", "cosim/kernel"],
    "cosim/engines": ["cosim/check"],
}
OWN_ROOMS = ("rtl/sat", "rtl/sigma", "tlm/sat", "tlm/sigma", "tlm/published", "cosim/sat", "cosim/sigma", "rtl/golden")
# The tables; tlm itself, which hands on names of the rooms; and the file about the figures of SIGMA's paper.
NAMING = {"tlm/accelerators.py", "cosim/accelerators.py", "tlm/__init__.py", "sat/compare/paper.py"}
NAMES = re.compile(r"(?i:sigma|systolic|satconfig)|\bSAT\b|\b(rtl|tlm|cosim)\.sat\b")
KINDS = re.compile(r"\w+(Program|Config|Tile)$")  # of some accelerator: the protocol's own names are shorter


def module_of(file: Path) -> str:
    """The dotted name of a module or package."""
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("room", STRANGERS)
def test_a_room_does_not_know_its_strangers(room):
    strangers, files = [stranger.replace("/", ".") for stranger in STRANGERS[room]], files_of(room)
    assert files and all((ROOT / stranger).is_dir() for stranger in STRANGERS[room])
    found = {
        place(file): names
        for file in files
        if (names := {name for name in imported_names(file) for one in strangers if f"{name}.".startswith(f"{one}.")})
    }
    assert found == {}


def test_the_files_directly_in_rtl_import_no_room_of_it():
    files = list((ROOT / "rtl").glob("*.py"))
    assert len(files) >= 4
    own = {module_of(file) for file in files}
    found = {place(file): {name for name in imported_names(file) if name.startswith("rtl.")} for file in files}
    assert {
        file: names
        for file, names in found.items()
        if not all(name in own or name.rpartition(".")[0] in own for name in names)
    } == {}


def test_no_files_import_each_other_in_a_circle():
    modules = {module_of(file): file for file in files_of(*LAYERS) if file.name != "__init__.py"}
    below = {
        module: {
            known for name in imported_names(file) for known in (name, name.rpartition(".")[0]) if known in modules
        }
        for module, file in modules.items()
    }
    assert len(modules) > 200 and sum(map(len, below.values())) > 400
    done: set[str] = set()
    while ready := {module for module, others in below.items() if module not in done and others <= done}:
        done |= ready
    assert sorted(modules.keys() - done) == []  # what is left imports, over some steps, itself


def elsewhere() -> list[Path]:
    """Files of the product that are to know no accelerator."""
    files = [file for file in files_of("rtl", "tlm", "cosim", "training", "sat") if place(file) not in NAMING]
    return [file for file in files if not place(file).startswith(tuple(f"{room}/" for room in OWN_ROOMS))]


def said(file: Path) -> set[str]:
    """Identifiers, modules and texts of a file; docstrings and comments are none."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    documented = [node for node in nodes if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))]
    docstrings = [node.body[0].value for node in documented if ast.get_docstring(node)]
    names = [getattr(node, field, None) for node in nodes for field in ("id", "attr", "arg", "name", "module")]
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and node not in docstrings]
    return {word for word in (*names, *texts) if isinstance(word, str)}


def test_no_accelerator_is_named_outside_of_its_rooms_and_the_tables():
    files = elsewhere()
    assert len(files) > 110 and all((ROOT / file).exists() for file in NAMING)
    found = {place(file): {word for word in said(file) if NAMES.search(word)} for file in files}
    assert {file: words for file, words in found.items() if words} == {}


def test_nobody_else_asks_of_what_kind_a_program_or_configuration_is():
    asked, found = 0, []
    for file in elsewhere():
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("isinstance", "issubclass"):
                asked += 1
                kinds = {getattr(part, "id", getattr(part, "attr", "")) for part in ast.walk(node.args[1])}
                found += [place(file, node.lineno)] * any(KINDS.match(kind) for kind in kinds)
    assert asked > 30 and found == []

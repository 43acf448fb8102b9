"""The shape of the repository: one-way imports, a test beside every module, and sizes that can be read."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.tree import LAYERS, ROOT, files_of, imported_names, imported_packages, place

LONGEST_FILE, LONGEST_FUNCTION, LONGEST_LINE = 250, 45, 120
LONGEST_DECLARATIONS = 70  # of a hardware block, beside its processes: ports, fields, signals and instances
LARGEST_BYTES = 1_000_000


def folders() -> list[str]:
    """Every folder with modules of the product."""
    return sorted({str(file.parent.relative_to(ROOT)) for file in files_of(*LAYERS)})


def definitions(file: Path, *kinds) -> list[ast.AST]:
    return [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, kinds)]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_only_itself_and_layers_below(layer):
    above = {*LAYERS[LAYERS.index(layer) + 1 :], "tests"}
    files = files_of(layer)
    assert files
    assert {place(file): names for file in files if (names := above & imported_packages(file))} == {}


@pytest.mark.parametrize(
    "modules",
    [
        "rtl.golden, rtl.sparsity, rtl.sat.config, rtl.sat.timing, rtl.sat.layouts, rtl.sigma.layouts",
        "tlm, tlm.report",
        "tlm.workload.networks",
    ],
)
def test_goldens_and_model_load_no_simulator_and_no_torch(modules):
    code = f"import sys, {modules}; print(sorted({{'myhdl', 'torch'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_every_golden_and_every_part_of_the_model_names_no_simulator():
    files = files_of("rtl/golden", "tlm")
    assert len(files) > 10
    assert [place(file) for file in files if "myhdl" in imported_packages(file)] == []


@pytest.mark.parametrize("folder", [folder for folder in folders() if list((ROOT / folder).glob("[!_]*.py"))])
def test_every_module_has_its_test(folder):
    modules = [file.name for file in sorted((ROOT / folder).glob("[!_]*.py"))]
    assert [name for name in modules if not (ROOT / "tests" / folder / f"test_{name}").exists()] == []


def test_every_folder_is_a_package_and_so_installed():
    assert [folder for folder in folders() if not (ROOT / folder / "__init__.py").exists()] == []
    found = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    assert found["include"] == [f"{layer}*" for layer in LAYERS]


def test_every_unit_with_a_golden_of_its_name_says_so():
    goldens = {file.name for file in (ROOT / "rtl/golden").glob("*.py")}
    hardware = set(files_of("rtl")) - set(files_of("rtl/golden"))
    units = [file for file in hardware if file.name in goldens - {"__init__.py"}]
    assert len(units) >= 4
    assert [place(file) for file in units if f"rtl/golden/{file.name}" not in file.read_text()] == []


def test_what_a_block_names_as_its_golden_is_there():
    lines = [
        line for file in files_of("rtl", "cosim") for line in re.findall(r"^ +Golden +(.*)", file.read_text(), re.M)
    ]
    goldens = {path for line in lines for path in re.findall(r"[\w/]+\.py", line)}
    assert len(goldens) > 10 and [path for path in sorted(goldens) if not (ROOT / path).exists()] == []
    named = [found for line in lines for found in re.findall(r"([\w/]+\.py), (\w+)(?: and (\w+))?(?:;|$)", line)]
    absent = [
        (path, name)
        for path, *names in named
        for name in names
        if not re.search(rf"\b{name}\b", (ROOT / path).read_text())
    ]
    assert len(named) > 10 and absent == []


def test_no_file_in_git_is_large():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert len(files) > 50
    assert [place(file) for file in files if file.exists() and file.stat().st_size > LARGEST_BYTES] == []


def test_files_functions_and_lines_are_short_enough_to_be_read():
    long = []
    for file in files_of(*LAYERS, "tests", "docs"):
        lines, functions = file.read_text().splitlines(), definitions(file, ast.FunctionDef)
        long += [place(file)] * (len(lines) > LONGEST_FILE)
        long += [place(file, number) for number, line in enumerate(lines, 1) if len(line) > LONGEST_LINE]
        long += [place(file, node.lineno) for node in functions if own_lines(node) > limit(node)]
    assert not long, "\n".join(long)


def limit(function: ast.FunctionDef) -> int:
    marks = {node.id for node in function.decorator_list if isinstance(node, ast.Name)}
    return LONGEST_DECLARATIONS if marks & {"module", "block"} else LONGEST_FUNCTION


def own_lines(function: ast.FunctionDef) -> int:
    """Lines of a function's body, without its docstring and the functions inside it, which count for themselves.

    A signature is no code to follow: the formatter puts one parameter on a line, and a command has 25 options.
    """
    body = function.body[1:] if ast.get_docstring(function) else function.body
    if not body:
        return 0
    inner = [node for node in body if isinstance(node, ast.FunctionDef)]
    return function.end_lineno - body[0].lineno + 1 - sum(node.end_lineno - node.lineno + 1 for node in inner)


def test_every_file_and_every_public_function_and_class_says_what_it_is():
    silent, count = [], 0
    for file in files_of(*LAYERS):
        tree = ast.parse(file.read_text())
        silent += [place(file)] * (bool(tree.body) and not ast.get_docstring(tree))
        nodes = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
        public = [node for node in nodes if not node.name.startswith("_")]
        silent += [place(file, node.lineno) for node in public if not ast.get_docstring(node)]
        count += len(public)
    assert silent == []
    assert count > 100


def test_no_test_module_imports_another():
    found = {place(file): names for file in files_of("tests") if (names := imported_tests(file))}
    assert found == {}


def imported_tests(file: Path) -> set[str]:
    """Test modules, and names from them, that a file imports: what tests share is in a module of its own."""
    return {name for name in imported_names(file) if re.match(r"tests\.(\w+\.)*test_", name)}

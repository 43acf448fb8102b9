"""The repository's files, and what each of them imports."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ["rtl", "tlm", "cosim", "training", "sat"]  # each may import those before it


def files_of(*folders) -> list[Path]:
    return [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]


def place(file: Path, line: int = 0) -> str:
    return f"{file.relative_to(ROOT)}{f':{line}' if line else ''}"


def imported_names(file: Path) -> set[str]:
    """Dotted names of all that a file imports: modules, and each name taken from one."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    whole = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    parts = [node for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    return whole | {f"{node.module}.{alias.name}" for node in parts for alias in node.names}


def imported_packages(file: Path) -> set[str]:
    return {name.split(".")[0] for name in imported_names(file)}

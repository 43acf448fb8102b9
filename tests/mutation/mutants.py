"""Mutants: one small change each in the Verilog of a module, drawn evenly over all modules."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# What is changed, and into what; \g<0> is what was found.
OPERATORS: tuple[tuple[str, str, str], ...] = (
    ("equal", r" == ", " != "),
    ("unequal", r" != ", " == "),
    ("less", r" < ", " <= "),
    ("greater", r" > ", " >= "),
    ("plus", r" \+ ", " - "),
    ("minus", r" - ", " + "),
    ("and", r" && ", " || "),
    ("or", r" \|\| ", " && "),
    ("bitwise and", r" & ", " | "),
    ("bitwise or", r" \| ", " & "),
    ("exclusive or", r" \^ ", " | "),
    ("not", r"\(!", "("),
    ("right shift", r" >>> ", " <<< "),
    ("left shift", r" << ", " >> "),
    ("true", r"1'b1", "1'b0"),
    ("false", r"1'b0", "1'b1"),
    ("condition true", r"(?<=if )\((.*)\)(?= begin)", "(1'b1)"),
    ("condition false", r"(?<=if )\((.*)\)(?= begin)", "(1'b0)"),
    ("assignment lost", r"^ +[\w\[\]:+-]+ <= .*;", ""),
    ("choice", r"\? (?P<a>[^:?]+) : (?P<b>[^:?;]+);", r"? \g<b> : \g<a>;"),
)
# A decimal constant; not in a range, and no modulus: both only say again how wide something is.
NUMBER = re.compile(r"(?<![\w'.])(?<!% )(?<!\*\* )\d+(?! \*\*)(?![\w'])(?![^[]*\])")
# What MyHDL writes of widths and signs, which is no logic: a range, a zero before a sign.
WIDTHS = re.compile(r"\[[^][]*:[^][]*\]|\$signed\(\{1'b0,|^ *for \(.*")


@dataclass(frozen=True)
class Mutant:
    """`line` of `file` (from 1) is `new` instead of `old`; `operator` says which kind of change that is."""

    file: str
    line: int
    operator: str
    old: str
    new: str

    def apply(self, folder: Path) -> None:
        """Change the file in `folder`. Raises ValueError unless the line is `old`."""
        path = folder / self.file
        lines = path.read_text().splitlines(keepends=True)
        if lines[self.line - 1].rstrip("\n") != self.old:
            raise ValueError(f"line {self.line} of {self.file} must be {self.old!r}, not {lines[self.line - 1]!r}")
        lines[self.line - 1] = self.new + "\n"
        path.write_text("".join(lines))

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.operator}: {self.old.strip()}  =>  {self.new.strip() or '(nothing)'}"


def mutants_of(file: Path) -> list[Mutant]:
    """Every mutant of one module."""
    return [mutant for number, line in _body(file) for mutant in _of_line(file.name, number, line)]


def _body(file: Path) -> Iterator[tuple[int, str]]:
    """(number, line) of the statements: no comments, no declarations, no ports, no instances."""
    lines, inside = file.read_text().splitlines(), False
    for number, line in enumerate(lines, 1):
        if line.startswith(("always", "assign", "initial")):
            inside = True
        elif re.match(r"(input|output|wire|reg|module|endmodule|//|\w+ \w+ \()", line) or not line.strip():
            inside = False
        if inside and not line.startswith("always"):
            yield number, line


def _of_line(file: str, number: int, line: str) -> Iterator[Mutant]:
    widths = [place for found in WIDTHS.finditer(line) for place in range(*found.span())]
    for name, pattern, new in (*OPERATORS, ("constant", NUMBER, None)):
        for found in re.finditer(pattern, line):
            if found.start() not in widths:
                text = str(int(found[0]) + 1) if new is None else found.expand(new)
                yield _mutant(file, number, name, line, found, text)


def _mutant(file: str, number: int, name: str, line: str, found: re.Match, new: str) -> Mutant:
    return Mutant(file, number, name, line, line[: found.start()] + new + line[found.end() :])


def drawn(files: list[Path], count: int, seed: int) -> list[Mutant]:
    """`count` different mutants (fewer where there are no more), in turn from each module that has any, by the seed."""
    rng = random.Random(seed)
    piles = []
    for file in sorted(files):
        if pile := sorted(set(mutants_of(file)), key=str):
            piles.append(rng.sample(pile, len(pile)))
    chosen: list[Mutant] = []
    while len(chosen) < count and any(piles):
        chosen += [pile.pop() for pile in piles if pile]
    return chosen[:count]

"""`python -m tests.equivalence OLD NEW TOP`: Yosys proves that two folders hold equivalent Verilog of a module TOP.

It goes from TOP down. A module whose text differs is proven by itself, with what is below it as black boxes where their
ports are the same in both, for these are proven in turn; where ports differ, it becomes a part of its parent. Names of
TOP's ports must not differ; the folders may be with or without the accelerator's usual prefix.
"""

import re
import subprocess
import tempfile
from functools import cached_property
from pathlib import Path

import typer

from cosim.synthesis.synthesis import yosys
from rtl.hdl.prefix import Prefix
from rtl.hdl.verilog_text import in_one_order

FLAT = "hierarchy -top {top}; proc; flatten; opt_clean; memory_map; opt -purge"
PROOF = """\
equiv_make gold gate both
hierarchy -top both
equiv_struct; opt_clean
equiv_simple -undef; equiv_simple -undef -seq 5; equiv_induct -undef -seq 5
equiv_status -assert
"""


class Design:
    """The Verilog of a folder, by module."""

    def __init__(self, folder: Path, accelerator: str):
        self.folder, self.prefix = folder, Prefix(accelerator, f"{accelerator}_")

    @cached_property
    def texts(self) -> dict[str, str]:
        """Each module's text with its prefix, in one order and without comments and line breaks within statements."""
        names = {file.stem: self.prefix.module(file.stem) for file in self.folder.glob("*.v")}
        known = rf"^(module )?({'|'.join(sorted(names, key=len, reverse=True))})(?= \w*_\d+ \(\.| \()"
        found = {}
        for stem, name in names.items():
            text = re.sub(r"/\*.*?\*/|//.*", "", (self.folder / f"{stem}.v").read_text()).strip()
            text = re.sub(r"\n{2,}", "\n", re.sub(r",\n +", ", ", text))
            text = re.sub(known, lambda at: (at[1] or "") + names[at[2]], text, flags=re.MULTILINE)
            found[name] = in_one_order(text)
        return found

    def below(self, name: str) -> set[str]:
        """The modules that a module instantiates."""
        return set(re.findall(r"^(\w+) \w+_\d+ \(\.", self.texts[name], re.MULTILINE)) & self.texts.keys()

    def ports(self, name: str) -> set[str]:
        """Its ports, each with direction and width."""
        found = re.findall(r"^(input|output) (\[\d+:0\] |)([^;]+);", self.texts[name], re.MULTILINE)
        return {f"{kind} {width}{port.strip()}" for kind, width, ports in found for port in ports.split(",")}

    def write(self, folder: Path, modules: set[str]) -> str:
        """Yosys' command that reads these modules, which are written to a folder."""
        folder.mkdir(exist_ok=True)
        for name in modules & self.texts.keys():
            (folder / f"{name}.v").write_text(self.texts[name] + "\n")
        return " ".join(f"{folder}/{name}.v" for name in sorted(modules & self.texts.keys()))


def prove(old: Design, new: Design, top: str) -> bool:
    """Whether all modules from `top` down are equivalent; prints how it went for each whose text differs."""
    left, done, right = [top], set(), True
    while left:
        name = left.pop()
        done.add(name)
        boxes, merged = _parts(old, new, name)
        left += boxes - done - set(left)
        if any(old.texts.get(part) != new.texts.get(part) for part in [name, *merged]):
            why = _difference(old, new, name, boxes, merged)
            right &= not why
            whole = f"{name}, together with {', '.join(sorted(merged))}," if merged else name
            print(f"{whole} NOT equivalent\n{why}" if why else f"{whole} equivalent", flush=True)
    print(f"{len(done)} modules, {'all equivalent' if right else 'NOT all equivalent'}")
    return right


def _parts(old: Design, new: Design, name: str) -> tuple[set[str], set[str]]:
    """What stays a black box below a module, and what becomes a part of it because its ports are not the same."""
    boxes, merged, left = set(), set(), [(old, name), (new, name)]
    while left:
        design, parent = left.pop()
        for child in design.below(parent):
            if child in old.texts and child in new.texts and old.ports(child) == new.ports(child):
                boxes.add(child)
            elif child not in merged:
                left += [(each, child) for each in (old, new) if child in each.texts]
                merged.add(child)
    return boxes, merged


def _difference(old: Design, new: Design, name: str, boxes: set[str], merged: set[str]) -> str:
    """Yosys' last words where it finds no proof."""
    with tempfile.TemporaryDirectory(prefix="sat-equivalence-") as scratch:
        opaque = f"read_verilog -lib {old.write(Path(scratch, 'boxes'), boxes)}\n" if boxes else ""
        script = ""
        for design, kind in ((old, "gold"), (new, "gate")):
            files = design.write(Path(scratch, kind), {name, *merged})
            script += f"{opaque}read_verilog {files}\n{FLAT.format(top=name)}; rename {name} {kind}\n"
            script += f"design -stash {kind}\n"
        script += "".join(f"design -copy-from {kind} -as {kind} {kind}\n" for kind in ("gold", "gate"))
        file = Path(scratch, "proof.ys")
        file.write_text(script + opaque + PROOF)
        done = subprocess.run([yosys(), "-q", file], capture_output=True, text=True)
    return "\n".join((done.stdout + done.stderr).splitlines()[-12:]) if done.returncode else ""


def main(old: Path, new: Path, top: str, accelerator: str = "sat") -> None:
    """Prove it; the exit code is 1 where it is not so."""
    if not prove(Design(old, accelerator), Design(new, accelerator), top):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)

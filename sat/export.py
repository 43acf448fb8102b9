"""`sat export`: what was trained leaves as what was evaluated."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sat import options, terminal
from sat.columns import counted, defined, named, shared, show, sized, worded
from sat.commands import Panel, single
from sat.panels import OUTPUT, Output
from sat.trained import REPORT, TrainedRun

if TYPE_CHECKING:  # PyTorch is loaded when it is needed
    from training.export import Evaluated

SAFETENSORS, PLAIN = FORMATS = ("safetensors", "pt")
TWO_OF_FOUR = "2:4"
ONNX, CONTENTS = "model.onnx", "export.json"


@dataclass(frozen=True)
class Form(Panel):
    """What the files are like."""

    TITLE = OUTPUT
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="Of weights and masks: safetensors, or pt as torch.save writes them. By default safetensors, where "
            "that package is installed.",
        ),
    ] = None
    pattern: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="N:M",
            help="Also write the copies that GPUs' sparse cores take: 2:4, which is what 1 or 2 of M are, too.",
        ),
    ] = None

    def chosen(self) -> str:
        """The format. Raises ValueError for an unknown format or pattern, and for a package that is not installed."""
        if self.pattern not in (None, TWO_OF_FOUR):
            raise ValueError(f"as must be {TWO_OF_FOUR}, the pattern of GPUs' sparse cores, not {self.pattern!r}")
        if self.form not in (None, *FORMATS):
            raise ValueError(f"format must be one of {', '.join(FORMATS)}, not {self.form!r}")
        if self.form == SAFETENSORS and not find_spec(SAFETENSORS):
            raise ValueError("safetensors is not installed: pip install safetensors")
        return self.form or (SAFETENSORS if find_spec(SAFETENSORS) else PLAIN)


COLUMNS = [
    named("weight", "a weight that the array multiplies, by its name in the state dict"),
    named("layer", "whose weight it is, by its name in reports", 5),
    sized("shape", "of the weight", 1),
    worded("method", "by which the layer was trained", 5),
    worded("sparsity", "N:M pattern of the weight in the forward pass; dense without"),
    shared("density", "elements that are kept, of all"),
    counted("bytes_dense", "of all elements, in FP16", 2),
    counted("bytes_compact", "of values and indices in compact.npz; of a dense weight as bytes_dense", 2),
    counted("bytes_2_4", "of values and positions in two_of_four.npz; of a dense weight as bytes_dense", 3),
]
SUMMED = ("bytes_dense", "bytes_compact", "bytes_2_4")


@dataclass
class _Export:
    """The content of each file by its name, a row for each weight, and the files that are left out, with the reason.

    any_batch  the ONNX file takes any number of images
    """

    files: dict[str, bytes] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    any_batch: bool = True


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A folder that sat train wrote.", show_default=False)],
    folder: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            rich_help_panel=OUTPUT,
            help="Folder for the files, made when it does not exist; those of an earlier export are replaced.",
        ),
    ],
    form: Form,
    output: Output,
) -> None:
    """Write what a training has evaluated: its weights, rounded to FP16 and pruned as in the forward pass.

    Into DIR go the weights and their masks, the N:M copies (compact.npz), the plain network with these weights
    (model.onnx, where onnx is installed), and export.json, which says what is there. The run's own weights.pt has the
    dense masters.
    """
    with terminal.reading_input():
        chosen, asked = form.chosen(), output.asked(COLUMNS)
        trained = TrainedRun.read(run)
        _check_folder(folder)
        terminal.writable(folder / CONTENTS, output.json)
        with terminal.spinner("exporting"):
            made = _made(trained, chosen, form.pattern is not None)
            content = _content(trained, made)
            _write(folder, made.files, content)
    terminal.write_json(output.json, content)
    if form.form is None and chosen == PLAIN:
        made.left_out[f"weights.{SAFETENSORS}"] = "safetensors is not installed: pip install safetensors"
    _print(folder, trained, made, asked)


app = single(export, defined(COLUMNS))


def _check_folder(folder: Path) -> None:
    """Raise ValueError for the folder of a run, whose weights would be replaced."""
    from training.run import CHECKPOINT

    for name in (CHECKPOINT, REPORT):
        if (folder / name).exists():
            raise ValueError(f"{folder} must not be the folder of a training, whose {name} it has: choose another one")


def _made(trained: TrainedRun, form: str, as_two_of_four: bool) -> _Export:
    """All but export.json. Raises ValueError for weights that are no 2:4 copies."""
    from training.compact import packed
    from training.export import evaluated, pruned_state_dict, saved
    from training.onnx_file import onnx_file
    from training.two_of_four import TwoOfFour

    module, made = trained.converted(), _Export()
    found, state = evaluated(module), pruned_state_dict(module)
    made.rows = [_row(name, one) for name, one in found.items()]
    copies = {name: one.compact for name, one in found.items() if one.compact}
    masks = {name: one.mask for name, one in found.items() if one.mask is not None}
    safe = form == SAFETENSORS
    made.files = {f"weights.{form}": saved(state, safe), f"masks.{form}": saved(masks, safe)}
    made.files["compact.npz"] = packed(copies)
    if as_two_of_four:
        if not copies:
            raise ValueError(f"--as 2:4 needs pruned weights, and {options.title(trained.scheme)} evaluates dense ones")
        pairs = {name: TwoOfFour.of(found[name].layer, copy) for name, copy in copies.items()}
        made.files["two_of_four.npz"] = packed(pairs)
        for row in made.rows:
            row["bytes_2_4"] = pairs[row["weight"]].bytes if row["weight"] in pairs else row["bytes_dense"]
    if find_spec("onnx"):
        network = trained.network()
        network.load_state_dict(state)
        try:
            made.files[ONNX], made.any_batch = onnx_file(network, trained.image)
        except ValueError as error:  # all else can be had without it
            made.left_out[ONNX] = str(error)
    else:
        made.left_out[ONNX] = "onnx is not installed: pip install onnx"
    return made


def _row(name: str, one: Evaluated) -> dict[str, Any]:
    """A weight's row."""
    copy, size = one.compact, 2 * one.parameter.numel()
    return dict(
        weight=name,
        layer=one.layer,
        shape=list(one.parameter.shape),
        method=one.scheme.method,
        sparsity=str(copy.sparsity) if copy else "dense",
        density=float(copy.kept.mean()) if copy else 1.0,
        bytes_dense=size,
        bytes_compact=copy.bytes if copy else size,
    )


def _content(trained: TrainedRun, made: _Export) -> dict[str, Any]:
    """The export as data."""
    return dict(
        model=trained.model,
        width=trained.width,
        image=list(trained.image),
        classes=trained.classes,
        **options.scheme_data(trained.scheme),
        accuracy=trained.accuracy,
        source=dict(file=str(trained.source), sha256=_digest(trained.source.read_bytes())),
        files={name: dict(bytes=len(content), sha256=_digest(content)) for name, content in made.files.items()},
        left_out=made.left_out,
        any_batch=made.any_batch if ONNX in made.files else None,
        weights=made.rows,
        totals=_totals(made.rows),
    )


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _totals(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {key: sum(row[key] for row in rows) for key in SUMMED if any(key in row for row in rows)}


def _write(folder: Path, files: Mapping[str, bytes], content: dict[str, Any]) -> None:
    """Write the files, each at once, and remove those of an earlier export that this one does not have."""
    from training.checkpoint import write

    before = _names(folder / CONTENTS)
    for name, data in files.items():
        write(folder / name, data)
    write(folder / CONTENTS, (json.dumps(content, indent=2, allow_nan=False) + "\n").encode())
    for name in before - files.keys():
        (folder / name).unlink(missing_ok=True)


def _names(contents: Path) -> set[str]:
    """The files that an earlier export.json has; none that this command would not write."""
    known = {f"{name}.{form}" for name in ("weights", "masks") for form in FORMATS} | {"two_of_four.npz", ONNX}
    try:
        return known & set(json.loads(contents.read_text())["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _print(folder: Path, trained: TrainedRun, made: _Export, asked: Sequence[str]) -> None:
    """A row for each weight, the files, and what is not among them."""
    console, name = terminal.console(), options.title(trained.scheme)
    heading = f"Weights of {trained.model}, {name}, as they were evaluated; masters: {trained.source}"
    show(console, heading, COLUMNS, made.rows, [dict(weight="total", **_totals(made.rows))], asked)
    console.print(f"{len(made.files) + 1} files in {folder}: {', '.join([*made.files, CONTENTS])}")
    for file, why in made.left_out.items():
        console.print(f"without {file}: {why}")
    if not made.any_batch:
        console.print(f"{ONNX} takes one image at a time: the network's code reads the batch as a number")

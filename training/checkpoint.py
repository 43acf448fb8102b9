"""Files that are whole at every moment: a run may be killed while one is written."""

import os
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import torch


def write(file: Path, content: bytes) -> None:
    """Put content into a file: whoever reads it, even after the power has failed, finds either the old or the new.

    The content goes into a file of that name with '.part' after it first. A killed run may leave one behind, which the
    next run overwrites.
    """
    part = file.with_name(f"{file.name}.part")
    with part.open("wb") as to:
        to.write(content)
        to.flush()
        os.fsync(to.fileno())
    part.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)  # the new name is on the disk when its folder is
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def save(file: Path, content: dict[str, Any]) -> None:
    """Write tensors, numbers and words, as torch.save does, at once."""
    buffer = BytesIO()
    torch.save(content, buffer)
    write(file, buffer.getvalue())


def load(file: Path) -> dict[str, Any]:
    """The content that `save` wrote; nothing in the file is executed. Raises ValueError if it is missing or damaged."""
    try:
        content = BytesIO(file.read_bytes())
    except FileNotFoundError:
        raise ValueError(f"there is no checkpoint {file}") from None
    try:
        with ZipFile(content) as archive:  # PyTorch does not look at the check sums
            if damaged := archive.testzip():
                raise ValueError(f"{damaged!r} has changed")
        content.seek(0)
        return torch.load(content, weights_only=True)
    except Exception as error:  # the errors of zipfile and PyTorch for damaged bytes are nowhere listed
        why = str(error).partition("\n")[0] or type(error).__name__
        raise ValueError(f"{file} is no checkpoint, or damaged: {why}") from None

"""Forms of a data set on the disk: the files of each, and the search for one that is complete."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL.Image import Image

MOST_NAMES = 5  # that an error lists


@dataclass(frozen=True)
class Split:
    """Labels (pictures,) int64, and picture(index), which reads one as RGB. That raises ValueError, naming the file."""

    labels: np.ndarray
    picture: Callable[[int], Image]


@dataclass(frozen=True)
class Contents:
    """The number of classes and the two splits that a data set's files hold."""

    classes: int
    train: Split
    test: Split


@dataclass(frozen=True)
class Form:
    """The folder's usual name, the files and folders that must be in it, and read(folder), which raises ValueError."""

    folder: str
    files: tuple[str, ...]
    read: Callable[[Path], Contents]

    def missing(self, folder: Path) -> list[str]:
        """Those of the files that are not in this folder."""
        return [name for name in self.files if not (folder / name).exists()]

    def __str__(self):
        return f"{self.folder} with {', '.join(self.files)}"


def read(path: Path, forms: tuple[Form, ...]) -> Contents:
    """The first of the forms that is complete in `path`, or in its folder of the usual name.

    Raises ValueError, naming the missing files or the first one that is damaged.
    """
    places = [(form, folder) for form in forms for folder in (path, path / form.folder)]
    for form, folder in places:
        if not form.missing(folder):
            return form.read(folder)
    form, folder = min(places, key=lambda place: len(place[0].missing(place[1])) / len(place[0].files))
    if len(missing := form.missing(folder)) < len(form.files):
        raise ValueError(f"{folder}: {listed(missing)} missing")
    raise ValueError(f"{path}: must be, or hold, {expected(forms)}")


def expected(forms: tuple[Form, ...]) -> str:
    """The forms in words."""
    return "; or ".join(map(str, forms))


def listed(names: list[str]) -> str:
    """Names for an error: some of them, and how many more."""
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")

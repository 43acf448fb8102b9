"""Tiny ImageNet and ImageNet: JPEG files in a folder for each class, listed at once and decoded when asked for."""

import os
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from training.data.forms import Contents, Form, Split, listed

SUFFIXES = (".jpeg", ".jpg")
ANNOTATION = ("file", "class", "left", "top", "right", "bottom")  # of a line; the box is not used


def decode(file: Path) -> Image.Image:
    """The picture in RGB, whatever its own colours. Raises ValueError, naming the file."""
    try:
        with Image.open(file, formats=("JPEG", "PNG")) as picture:  # one of ImageNet's .JPEG files is a PNG
            return picture.convert("RGB")
    except UnidentifiedImageError:
        raise ValueError(f"{file}: must be a JPEG") from None
    except Exception as error:  # Pillow's error for a damaged file is not always an OSError
        raise ValueError(f"{file}: cannot be decoded: {error}") from None


def _read_imagenet(folder: Path) -> Contents:
    """Pictures in train/<class>/ and val/<class>/: classes are numbered in the order of their names in train/."""
    names = _folders(folder / "train")
    if different := set(names) ^ set(_folders(folder / "val")):
        raise ValueError(
            f"{folder}: train and val must have the same classes; they differ in {listed(sorted(different))}"
        )
    splits = (_in_folders([folder / split / name for name in names]) for split in ("train", "val"))
    return Contents(len(names), *splits)


def _read_tiny(folder: Path) -> Contents:
    """Pictures in train/<class>/images/, and in val/images/ with their classes in val/val_annotations.txt."""
    names = sorted(_text(folder / "wnids.txt").split())
    if not names or len(set(names)) != len(names):
        raise ValueError(f"{folder / 'wnids.txt'}: must have classes, each once")
    train = [folder / "train" / name / "images" for name in names]
    if missing := [str(place) for place in train if not place.is_dir()]:
        raise ValueError(f"{listed(missing)}: missing, but in {folder / 'wnids.txt'}")
    return Contents(len(names), _in_folders(train), _annotated(folder / "val", names))


def _text(file: Path) -> str:
    return file.read_text("utf-8", errors="replace")  # a damaged name is then refused with its line


def _folders(parent: Path) -> list[str]:
    names = sorted(entry.name for entry in os.scandir(parent) if entry.is_dir())
    if not names:
        raise ValueError(f"{parent}: must have a folder for each class, not none")
    return names


def _jpegs(folder: Path) -> list[str]:
    names = sorted(name for name in os.listdir(folder) if name.lower().endswith(SUFFIXES))
    if not names:
        raise ValueError(f"{folder}: must have JPEG files, not none")
    return names


def _in_folders(folders: list[Path]) -> Split:
    names = [np.array([os.fsencode(name) for name in _jpegs(folder)]) for folder in folders]
    labels = np.repeat(np.arange(len(folders)), [len(part) for part in names])
    return _split(folders, labels, np.concatenate(names), labels)


def _annotated(folder: Path, classes: list[str]) -> Split:
    file, numbers, found = folder / "val_annotations.txt", {name: i for i, name in enumerate(classes)}, {}
    for number, line in enumerate(_text(file).splitlines(), 1):
        parts = line.split("\t")
        if len(parts) != len(ANNOTATION) or not all(part.isdecimal() for part in parts[2:]):
            raise ValueError(f"{file}: line {number} must be {', '.join(ANNOTATION)}, with tabs, not {line!r}")
        if parts[1] not in numbers:
            raise ValueError(f"{file}: line {number} must have a class of wnids.txt, not {parts[1]!r}")
        if parts[0] in found:
            raise ValueError(f"{file}: line {number} must not have {parts[0]!r} again")
        found[parts[0]] = numbers[parts[1]]
    if different := set(found) ^ set(_jpegs(folder / "images")):
        raise ValueError(f"{file}: must have each file of images, once; they differ in {listed(sorted(different))}")
    names = sorted(found)
    labels = np.array([found[name] for name in names])
    return _split([folder / "images"], np.zeros_like(labels), np.array([os.fsencode(name) for name in names]), labels)


def _split(folders: list[Path], places: np.ndarray, names: np.ndarray, labels: np.ndarray) -> Split:
    """Pictures names[i] in folders[places[i]]. Names are bytes of NumPy: ImageNet's take 30 MB, not 130 as objects."""

    def picture(index: int) -> Image.Image:
        return decode(folders[places[index]] / os.fsdecode(names[index]))

    return Split(labels.astype(np.int64), picture)


TINY_IMAGENET = (
    Form("tiny-imagenet-200", ("wnids.txt", "train", "val/val_annotations.txt", "val/images"), _read_tiny),
)
IMAGENET = (Form("imagenet", ("train", "val"), _read_imagenet),)

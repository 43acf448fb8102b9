"""CIFAR-10 and CIFAR-100, in their binary files and in those pickled for Python. All is held in memory, as bytes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from training.data import unpickler
from training.data.forms import Contents, Form, Split

PIXELS = 3 * 32 * 32  # bytes: red, green and blue, each in rows


@dataclass(frozen=True)
class _Labels:
    """The labels of each picture: their names in a pickle, and the number of values of each. The last is the class."""

    names: tuple[str, ...]
    counts: tuple[int, ...]


def _read_binary(file: Path, labels: _Labels) -> tuple[np.ndarray, np.ndarray]:
    """(records, 3072) uint8 and (records,) int64 of a file of records: labels, a byte each, then pixels."""
    content, record = np.fromfile(file, np.uint8), len(labels.counts) + PIXELS
    if not len(content) or len(content) % record:
        raise ValueError(f"{file}: must be a multiple of {record} bytes, not {len(content)}")
    records = content.reshape(-1, record)
    for column, (name, count) in enumerate(zip(labels.names, labels.counts, strict=True)):
        _check_labels(file, name, records[:, column], count)
    return records[:, len(labels.counts) :], records[:, len(labels.counts) - 1].astype(np.int64)


def _read_pickled(file: Path, labels: _Labels) -> tuple[np.ndarray, np.ndarray]:
    """(pictures, 3072) uint8 and (pictures,) int64 of a pickled dictionary."""
    content, name = unpickler.read(file), labels.names[-1]
    if missing := [key for key in ("data", name) if key not in content]:
        raise ValueError(f"{file}: must have {' and '.join(missing)}")
    data, classes = content["data"], content[name]
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.shape[1:] != (PIXELS,) or not len(data):
        found = f"{data.shape} {data.dtype}" if isinstance(data, np.ndarray) else type(data).__name__
        raise ValueError(f"{file}: data must be (pictures, {PIXELS}) uint8, not {found}")
    if not isinstance(classes, (list, np.ndarray)) or any(type(label) not in (int, np.int64) for label in classes):
        raise ValueError(f"{file}: {name} must be whole numbers in a list")
    if len(classes) != len(data):
        raise ValueError(f"{file}: must have as many {name} as pictures, {len(data)}, not {len(classes)}")
    _check_labels(file, name, classes, labels.counts[-1])
    return data, np.array(classes, np.int64)


def _check_labels(file: Path, name: str, found: np.ndarray | list[int], count: int) -> None:
    wrong = next((i for i, label in enumerate(found) if not 0 <= label < count), None)
    if wrong is not None:
        raise ValueError(f"{file}: {name} of picture {wrong} must be below {count}, not {found[wrong]}")


def _read(train: tuple[str, ...], test: tuple[str, ...], reader: Callable, labels: _Labels, folder: Path) -> Contents:
    splits = []
    for names in (train, test):
        pixels, classes = map(np.concatenate, zip(*(reader(folder / name, labels) for name in names), strict=True))
        pictures = pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)  # (pictures, 32, 32, 3)
        splits.append(Split(classes, partial(_picture, pictures)))
    return Contents(labels.counts[-1], *splits)


def _picture(pictures: np.ndarray, index: int) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(pictures[index]))


def _form(folder: str, reader: Callable, labels: _Labels, train: tuple[str, ...], test: tuple[str, ...]) -> Form:
    return Form(folder, train + test, partial(_read, train, test, reader, labels))


_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
_TEN, _HUNDRED = _Labels(("labels",), (10,)), _Labels(("coarse_labels", "fine_labels"), (20, 100))

CIFAR10 = (
    _form("cifar-10-batches-bin", _read_binary, _TEN, tuple(f"{name}.bin" for name in _BATCHES), ("test_batch.bin",)),
    _form("cifar-10-batches-py", _read_pickled, _TEN, _BATCHES, ("test_batch",)),
)
CIFAR100 = (
    _form("cifar-100-binary", _read_binary, _HUNDRED, ("train.bin",), ("test.bin",)),
    _form("cifar-100-python", _read_pickled, _HUNDRED, ("train",), ("test",)),
)

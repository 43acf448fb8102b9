"""CIFAR-10 and CIFAR-100, in both of their forms."""

from itertools import chain

import numpy as np
import pytest

from tests.training.data.support import (
    CIFAR10_LABELS,
    CIFAR100_LABELS,
    cifar_pictures,
    new_pickle,
    python2_pickle,
    python3_pickle,
    random_bytes,
    write_binary,
    write_pickled,
)
from training.data import cifar, forms

DUMPS = [python2_pickle, python3_pickle, new_pickle]
TEN, HUNDRED = "cifar-10-batches-{}", "cifar-100-{}"
PIXELS = random_bytes(2, 3072)


def written(folder, name, dump=None):
    """The set in its usual folder under `folder`: in binary, or pickled by `dump`."""
    labels = CIFAR10_LABELS if name == "cifar10" else CIFAR100_LABELS
    usual = {"cifar10": TEN, "cifar100": HUNDRED}[name]
    short, long = ("bin", "py") if name == "cifar10" else ("binary", "python")
    if dump:
        key = "labels" if name == "cifar10" else "fine_labels"
        return write_pickled(folder / usual.format(long), labels, key, dump)
    return write_binary(folder / usual.format(short), labels, () if name == "cifar10" else (19,))


def content(path, name):
    return forms.read(path, {"cifar10": cifar.CIFAR10, "cifar100": cifar.CIFAR100}[name])


@pytest.mark.parametrize("dump", [None, *DUMPS])
@pytest.mark.parametrize("name, labels, classes", [("cifar10", CIFAR10_LABELS, 10), ("cifar100", CIFAR100_LABELS, 100)])
def test_both_forms_give_all_pictures_and_classes_from_the_folder_and_from_the_one_above(
    tmp_path, name, labels, classes, dump
):
    folder = written(tmp_path, name, dump)
    *train, test = labels
    for path in (folder, tmp_path):
        found = content(path, name)
        assert found.classes == classes
        for split, files in ((found.train, train), (found.test, [test])):
            assert split.labels.dtype == np.int64 and split.labels.tolist() == [
                *chain(*(labels[file] for file in files))
            ]
            pixels = np.concatenate([cifar_pictures(labels[file]) for file in files])
            for index, row in enumerate(pixels):
                picture = split.picture(index)
                assert picture.mode == "RGB"
                assert (np.array(picture) == np.dstack(row.reshape(3, 32, 32))).all()


def rewritten(folder, file, change):
    (folder / file).write_bytes(change((folder / file).read_bytes()))


@pytest.mark.parametrize(
    "name, file, change, complaint",
    [
        ("cifar10", "data_batch_3.bin", lambda old: old[:-1], "must be a multiple of 3073 bytes, not 12291"),
        ("cifar10", "test_batch.bin", lambda old: b"", "must be a multiple of 3073 bytes, not 0"),
        ("cifar100", "train.bin", lambda old: old + b"x", "must be a multiple of 3074 bytes, not 9223"),
        (
            "cifar10",
            "data_batch_5.bin",
            lambda old: old[:3073] + b"\x0a" + old[3074:],
            "labels of picture 1 must be below 10, not 10",
        ),
        (
            "cifar100",
            "test.bin",
            lambda old: b"\x13\x64" + old[2:],
            "fine_labels of picture 0 must be below 100, not 100",
        ),
        ("cifar100", "test.bin", lambda old: b"\x14" + old[1:], "coarse_labels of picture 0 must be below 20, not 20"),
    ],
)
def test_a_binary_file_is_checked_when_it_is_loaded(tmp_path, name, file, change, complaint):
    folder = written(tmp_path, name)
    rewritten(folder, file, change)
    with pytest.raises(ValueError) as caught:
        content(folder, name)
    assert str(caught.value) == f"{folder / file}: {complaint}"


@pytest.mark.parametrize(
    "changed, complaint",
    [
        ({"labels": [1]}, "must have as many labels as pictures, 2, not 1"),
        ({"labels": [1, 10]}, "labels of picture 1 must be below 10, not 10"),
        ({"labels": [-1, 3]}, "labels of picture 0 must be below 10, not -1"),
        ({"labels": [1, 2.0]}, "labels must be whole numbers in a list"),
        ({"labels": [1, True]}, "labels must be whole numbers in a list"),
        ({"labels": 12}, "labels must be whole numbers in a list"),
        ({"labels": {1: 2, 3: 4}}, "labels must be whole numbers in a list"),
        ({"labels": "12"}, "labels must be whole numbers in a list"),
        ({"labels": np.eye(2, dtype=np.int64)}, "labels must be whole numbers in a list"),
        ({"data": PIXELS[:, 1:]}, "data must be (pictures, 3072) uint8, not (2, 3071) uint8"),
        ({"data": PIXELS[:0]}, "data must be (pictures, 3072) uint8, not (0, 3072) uint8"),
        ({"data": PIXELS.astype(np.float32)}, "data must be (pictures, 3072) uint8, not (2, 3072) float32"),
        ({"data": [1, 2]}, "data must be (pictures, 3072) uint8, not list"),
        ({"data": None, "labels": None}, "data must be (pictures, 3072) uint8, not NoneType"),
    ],
)
def test_a_pickled_file_is_checked_when_it_is_loaded(tmp_path, changed, complaint):
    folder = written(tmp_path, "cifar10", new_pickle)
    (folder / "data_batch_2").write_bytes(new_pickle({"labels": [1, 2], "data": PIXELS} | changed))
    with pytest.raises(ValueError) as caught:
        content(folder, "cifar10")
    assert str(caught.value) == f"{folder / 'data_batch_2'}: {complaint}"


def test_a_pickled_file_of_the_other_set_lacks_its_labels(tmp_path):
    folder = written(tmp_path, "cifar100", python2_pickle)
    (folder / "test").write_bytes(python2_pickle({"labels": [1], "data": PIXELS[:1]}))
    with pytest.raises(ValueError, match=f"^{folder}/test: must have fine_labels$"):
        content(folder, "cifar100")


def test_labels_that_are_an_array_are_taken_too(tmp_path):
    folder = written(tmp_path, "cifar10", new_pickle)
    (folder / "test_batch").write_bytes(new_pickle({"labels": np.array([4, 2]), "data": PIXELS}))
    assert content(folder, "cifar10").test.labels.tolist() == [4, 2]


@pytest.mark.parametrize("dump", [python2_pickle, python3_pickle])
def test_a_truncated_pickle_is_refused_with_its_file(tmp_path, dump):
    folder = written(tmp_path, "cifar10", dump)
    rewritten(folder, "data_batch_4", lambda old: old[:5000])
    with pytest.raises(ValueError, match=f"^{folder}/data_batch_4: refused as a pickle: "):
        content(folder, "cifar10")


@pytest.mark.parametrize("dump, gone", [(None, ["data_batch_2.bin", "test_batch.bin"]), (new_pickle, ["data_batch_5"])])
def test_missing_files_are_listed(tmp_path, dump, gone):
    folder = written(tmp_path, "cifar10", dump)
    for name in gone:
        (folder / name).unlink()
    with pytest.raises(ValueError, match=f"^{folder}: {', '.join(gone)} missing$"):
        content(tmp_path, "cifar10")

"""Tiny ImageNet and ImageNet as folders of JPEG files."""

import shutil

import numpy as np
import pytest
from PIL import Image

from tests.training.data.support import write_imagenet, write_jpeg, write_tiny
from training.data import folders, forms


def tiny(path):
    return forms.read(path, folders.TINY_IMAGENET)


def imagenet(path):
    return forms.read(path, folders.IMAGENET)


def same(picture, file):
    return (np.array(picture) == np.array(Image.open(file).convert("RGB"))).all()


def test_tiny_imagenet_has_the_classes_of_wnids_in_their_order_by_name(tmp_path):
    root = write_tiny(tmp_path / "tiny-imagenet-200", classes=("n02", "n01"))
    for path in (root, tmp_path):
        found = tiny(path)
        assert found.classes == 2 and found.train.labels.tolist() == [0, 0, 0, 1, 1, 1]
        assert found.test.labels.tolist() == [1, 0, 1, 0] and found.test.labels.dtype == np.int64
        assert same(found.train.picture(1), root / "train/n01/images/n01_1.JPEG")
        assert all(same(found.test.picture(j), root / f"val/images/val_{j}.JPEG") for j in range(4))


def test_imagenet_has_the_folders_of_train_for_classes_in_order(tmp_path):
    root = write_imagenet(tmp_path, classes=("n03", "n01", "n02"))
    (root / "train/n02/n02_x.JPG").write_bytes((root / "train/n02/n02_0.JPEG").read_bytes())
    (root / "train/n02/notes.txt").touch()
    (root / "train/notes.txt").touch()
    found = imagenet(root)
    assert found.classes == 3 and found.train.labels.tolist() == [0] * 3 + [1] * 4 + [2] * 3
    assert found.test.labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert same(found.train.picture(6), root / "train/n02/n02_x.JPG")
    assert same(found.test.picture(5), root / "val/n03/n03_1.JPEG")


@pytest.mark.parametrize(
    "mode, format", [("L", "JPEG"), ("CMYK", "JPEG"), ("RGB", "JPEG"), ("RGB", "PNG"), ("RGBA", "PNG")]
)
def test_every_picture_becomes_rgb(tmp_path, mode, format):
    picture = folders.decode(write_jpeg(tmp_path / "a.JPEG", (20, 10), mode, format))
    assert (picture.mode, picture.size) == ("RGB", (20, 10)) and np.array(picture).std() > 10
    if mode == "L":
        assert (np.array(picture)[..., :1] == np.array(picture)).all()


def test_a_truncated_jpeg_is_refused_wherever_it_ends(tmp_path):
    file = write_jpeg(tmp_path / "a.JPEG")
    content = file.read_bytes()
    for end in range(0, len(content) - 2, 7):
        file.write_bytes(content[:end])
        with pytest.raises(ValueError, match=f"^{file}: (must be a JPEG|cannot be decoded: )") as caught:
            folders.decode(file)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content, complaint",
    [(b"", "must be a JPEG"), (b"GIF89a" + bytes(100), "must be a JPEG"), (None, "cannot be decoded: .*No such file")],
)
def test_what_is_no_jpeg_is_refused(tmp_path, content, complaint):
    file = tmp_path / "a.JPEG"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ValueError, match=f"^{file}: {complaint}"):
        folders.decode(file)


def test_a_picture_of_another_format_is_refused(tmp_path):
    with pytest.raises(ValueError, match="a.JPEG: must be a JPEG$"):
        folders.decode(write_jpeg(tmp_path / "a.JPEG", format="BMP"))


def test_a_jpeg_of_monstrous_size_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(ValueError, match="a.JPEG: cannot be decoded: .*decompression bomb"):
        folders.decode(write_jpeg(tmp_path / "a.JPEG"))


def test_files_are_only_listed_until_a_picture_is_asked_for(tmp_path):
    root = write_imagenet(tmp_path)
    for file in root.rglob("*.JPEG"):
        file.write_bytes(b"broken")
    found = imagenet(root)
    assert len(found.train.labels) == 6
    with pytest.raises(ValueError, match=f"^{root}/train/n02/n02_2.JPEG: must be a JPEG$"):
        found.train.picture(5)


def emptied(root, folder):
    for file in (root / folder).glob("*.JPEG"):
        file.unlink()


@pytest.mark.parametrize(
    "change, complaint",
    [
        (lambda root: emptied(root, "train/n01"), "{}/train/n01: must have JPEG files, not none"),
        (lambda root: emptied(root, "val/n02"), "{}/val/n02: must have JPEG files, not none"),
        (
            lambda root: shutil.rmtree(root / "val/n01"),
            "{}: train and val must have the same classes; they differ in n01",
        ),
        (lambda root: (root / "val/n07").mkdir(), "{}: train and val must have the same classes; they differ in n07"),
        (lambda root: shutil.rmtree(root / "val"), "{}: val missing"),
        (
            lambda root: [shutil.rmtree(root / f"train/{name}") for name in ("n01", "n02")],
            "{}/train: must have a folder for each class, not none",
        ),
    ],
)
def test_folders_of_imagenet_are_checked_when_it_is_loaded(tmp_path, change, complaint):
    root = write_imagenet(tmp_path)
    change(root)
    with pytest.raises(ValueError) as caught:
        imagenet(root)
    assert str(caught.value) == complaint.format(root)


LINES = "file, class, left, top, right, bottom, with tabs, not"


@pytest.mark.parametrize(
    "change, complaint",
    [
        (lambda root: emptied(root, "train/n01/images"), "{}/train/n01/images: must have JPEG files, not none"),
        (lambda root: emptied(root, "val/images"), "{}/val/images: must have JPEG files, not none"),
        (lambda root: shutil.rmtree(root / "train/n02"), "{0}/train/n02/images: missing, but in {0}/wnids.txt"),
        (lambda root: (root / "wnids.txt").write_text("n01\nn02\nn01\n"), "{}/wnids.txt: must have classes, each once"),
        (lambda root: (root / "wnids.txt").write_text(""), "{}/wnids.txt: must have classes, each once"),
        (lambda root: (root / "wnids.txt").unlink(), "{}: wnids.txt missing"),
        (
            lambda root: annotate(root, 2, "val_2.JPEG n02 1 2 3 4"),
            "line 3 must be " + LINES + " 'val_2.JPEG n02 1 2 3 4'",
        ),
        (lambda root: annotate(root, 0, ""), "line 1 must be " + LINES + " ''"),
        (
            lambda root: annotate(root, 1, "val_1.JPEG\tn02\t1\t2\t3\tx"),
            "line 2 must be " + LINES + r" 'val_1.JPEG\tn02\t1\t2\t3\tx'",
        ),
        (
            lambda root: annotate(root, 1, "val_1.JPEG\tn09\t1\t2\t3\t4"),
            "line 2 must have a class of wnids.txt, not 'n09'",
        ),
        (lambda root: annotate(root, 1, "val_0.JPEG\tn02\t1\t2\t3\t4"), "line 2 must not have 'val_0.JPEG' again"),
        (lambda root: annotate(root, 3), "must have each file of images, once; they differ in val_3.JPEG"),
        (
            lambda root: (root / "val/images/val_1.JPEG").unlink(),
            "must have each file of images, once; they differ in val_1.JPEG",
        ),
    ],
)
def test_files_of_tiny_imagenet_are_checked_when_it_is_loaded(tmp_path, change, complaint):
    root = write_tiny(tmp_path)
    change(root)
    with pytest.raises(ValueError) as caught:
        tiny(root)
    place = "" if complaint.startswith("{") else f"{root}/val/val_annotations.txt: "
    assert str(caught.value) == place + complaint.format(root)


def annotate(root, number, *line):
    file = root / "val/val_annotations.txt"
    lines = file.read_text().splitlines()
    lines[number : number + 1] = line
    file.write_text("\n".join(lines) + "\n")


def test_annotations_that_are_no_text_name_their_line(tmp_path):
    root = write_tiny(tmp_path)
    (root / "val/val_annotations.txt").write_bytes(b"\xff\xfe\n")
    with pytest.raises(ValueError, match="val_annotations.txt: line 1 must be"):
        tiny(root)

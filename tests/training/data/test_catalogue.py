"""Every data set by its name, and what all have alike."""

import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from tests.training.data.support import opened, sight, written
from training import data
from training.data.catalogue import PICTURES

WRITTEN = list(PICTURES)
SIDES = {"cifar10": 32, "cifar100": 32, "tinyimagenet": 64, "imagenet": 224}
SIZES = {"cifar10": (10, 20, 2), "cifar100": (100, 3, 2), "tinyimagenet": (2, 6, 4), "imagenet": (2, 6, 4)}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_data_set_says_its_classes_and_sizes_and_gives_images_of_its_usual_size(tmp_path, name):
    found, side = opened(tmp_path, name), SIDES[name]
    assert (found.name, found.classes, found.train_size, found.test_size) == (name, *SIZES[name])
    assert found.image_shape == (3, side, side)
    for x, y in (next(found.batches(2, seed=1)), next(found.test_batches(2))):
        assert tuple(x.shape) == (2, 3, side, side) and (x.dtype, y.dtype) == (torch.float32, torch.int64)
        assert x.isfinite().all() and x.abs().max() < 3 and y.max() < found.classes


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("image", [None, (3, 48, 48)])
def test_an_epoch_has_the_same_bits_from_its_middle_and_in_any_batches(tmp_path, name, image):
    found = opened(tmp_path, name, image=image)
    whole, labels = sight(found, 2)
    rest, _ = sight(found, 2, start=1)
    other, same_labels = sight(found, 100)
    assert whole.shape[1:] == (found.image_shape if image is None else image)
    assert (rest == whole[2:]).all() and (other == whole).all() and labels == same_labels
    assert (sight(found, 2, epoch=3)[0] != whole).any()


@pytest.mark.parametrize("name", WRITTEN)
def test_the_test_and_what_is_not_augmented_are_always_the_same(tmp_path, name):
    found = opened(tmp_path, name)
    plain = data.load(name, 1, tmp_path / name, augment=False)
    tests = [np.concatenate([x.numpy() for x, _ in a.test_batches(size)]) for a, size in ((found, 2), (plain, 3))]
    assert (tests[0] == tests[1]).all()
    one, two = ({tuple(x.flatten().tolist()) for x in sight(plain, seed=seed)[0]} for seed in (1, 2))
    assert one == two and {tuple(x.flatten().tolist()) for x in sight(found)[0]} != one


def test_bytes_become_values_by_the_published_mean_and_deviation(tmp_path):
    found = data.load("cifar10", 0, written(tmp_path, "cifar10"))
    picture = np.array(found._contents.test.picture(1)) / 255
    ((x, _),) = found.test_batches(2)
    for channel, (mean, std) in enumerate(((0.4914, 0.2470), (0.4822, 0.2435), (0.4465, 0.2616))):
        assert np.abs(x[1, channel].numpy() - (picture[..., channel] - mean) / std).max() < 1e-6


def test_tiny_imagenet_and_imagenet_open_only_the_files_of_a_batch(tmp_path, monkeypatch):
    opened_files, really = [], Image.open
    for name in ("tinyimagenet", "imagenet"):
        found = opened(tmp_path, name)
        monkeypatch.setattr(Image, "open", lambda file, **options: opened_files.append(file) or really(file, **options))
        next(found.batches(2, seed=0, start=1))
        assert len(opened_files) == 2
        opened_files.clear()
        monkeypatch.undo()


def test_a_broken_jpeg_ends_its_batch_with_one_line(tmp_path):
    found = opened(tmp_path, "imagenet")
    file = tmp_path / "imagenet/train/n02/n02_1.JPEG"
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(ValueError, match=rf"^{file}: cannot be decoded: image file is truncated"):
        list(found.batches(4, seed=0))
    assert len(list(found.test_batches(4))) == 1


def test_the_digits_are_found_too_and_enlarged():
    assert data.load("digits", 1).train_x.shape == (1437, 1, 8, 8)
    assert torch.equal(data.load("digits", 1).test_y, data.digits(1).test_y)
    assert data.load("digits", 1, image=(3, 32, 32)).image_shape == (3, 32, 32)
    assert ("digits", *WRITTEN) == data.NAMES


@pytest.mark.parametrize(
    "name, files",
    [
        ("cifar10", "cifar-10-batches-bin with data_batch_1.bin, .*; or cifar-10-batches-py with .*_5, test_batch$"),
        ("cifar100", "cifar-100-binary with train.bin, test.bin; or cifar-100-python with train, test$"),
        ("tinyimagenet", "tiny-imagenet-200 with wnids.txt, train, val/val_annotations.txt, val/images$"),
        ("imagenet", "imagenet with train, val$"),
    ],
)
def test_without_a_path_or_with_an_empty_one_the_option_and_the_files_are_named(tmp_path, name, files):
    with pytest.raises(ValueError, match=f"^data {name} needs --data-path, a folder that is, or holds, {files}"):
        data.load(name, 0)
    with pytest.raises(ValueError, match=f"^{tmp_path}: must be, or hold, {files}"):
        data.load(name, 0, str(tmp_path))


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (dict(name="faces"), "data must be one of digits, cifar10, cifar100, tinyimagenet, imagenet, not 'faces'"),
        (dict(name="digits", path="x"), "data digits are built in and have no --data-path, not x"),
        (dict(name="digits", image=(3, 4, 4)), "image of digits must be at least 8 x 8, not 4 x 4"),
        (dict(name="cifar10", image=(1, 8, 8)), "image of cifar10 must be 3 x side x side, not 1 x 8 x 8"),
        (dict(name="cifar10", image=(3, 8, 9)), "image of cifar10 must be 3 x side x side, not 3 x 8 x 9"),
        (dict(name="imagenet", image=(3, 0, 0)), "image of imagenet must be 3 x side x side, not 3 x 0 x 0"),
        (dict(name="imagenet", image=()), "image of imagenet must be 3 x side x side, not "),
    ],
)
def test_bad_arguments_are_refused(arguments, complaint):
    with pytest.raises(ValueError) as caught:
        data.load(seed=0, **arguments)
    assert str(caught.value) == complaint


def test_one_set_is_not_taken_for_another(tmp_path):
    written(tmp_path, "imagenet")
    shutil.move(tmp_path / "imagenet", tmp_path / "here")
    with pytest.raises(ValueError, match="here: wnids.txt, val/val_annotations.txt, val/images missing"):
        data.load("tinyimagenet", 0, tmp_path / "here")

"""Sets of pictures: the same bits however they are asked for, and a batch at a time."""

import numpy as np
import pytest
from PIL import Image

from tests.training.data.support import random_bytes, sight
from training.data import Pictures
from training.data.augmentation import LARGE, SMALL
from training.data.forms import Contents, Split

MEAN, STD = (0.5, 0.25, 0.1), (0.25, 0.5, 1.0)
PIXELS = random_bytes(12, 40, 32, 3)
LABELS = np.arange(12)


def pictures(views=SMALL, asked=None, **options):
    """Nine to train on and three to test on; `asked` remembers which were decoded."""

    def picture(offset):
        def of(index):
            if asked is not None:
                asked.append(offset + index)
            return Image.fromarray(PIXELS[offset + index])

        return of

    contents = Contents(12, Split(LABELS[:9], picture(0)), Split(LABELS[9:], picture(9)))
    return Pictures("own", contents, 16, views, MEAN, STD, **options)


def by_label(data, *arguments):
    x, labels = sight(data, *arguments)
    return x[np.argsort(labels)]


def test_it_says_what_it_has_and_gives_batches_of_float32_and_int64():
    data = pictures()
    assert (data.name, data.classes, data.image_shape) == ("own", 12, (3, 16, 16))
    assert (data.train_size, data.test_size) == (9, 3)
    x, y = next(data.batches(4, seed=0))
    assert tuple(x.shape) == (4, 3, 16, 16) and (str(x.dtype), str(y.dtype)) == ("torch.float32", "torch.int64")
    assert x.is_contiguous()


@pytest.mark.parametrize("augment", [True, False])
def test_without_augmentation_and_in_the_test_the_view_is_that_of_the_test_normalised(augment):
    data = pictures(augment=augment)
    ((x, y),) = data.test_batches(5)
    seen = np.stack([np.array(SMALL.test(Image.fromarray(pixels), 16)) for pixels in PIXELS]) / 255
    wanted = ((seen - MEAN) / STD).transpose(0, 3, 1, 2)
    assert y.tolist() == [9, 10, 11] and np.abs(x.numpy() - wanted[9:]).max() < 1e-6
    in_training = np.abs(by_label(data) - wanted[:9]).max(axis=(1, 2, 3))
    assert (in_training > 0.1).all() if augment else (in_training < 1e-6).all()


@pytest.mark.parametrize("views", [SMALL, LARGE])
@pytest.mark.parametrize("workers", [1, 3])
def test_the_bits_depend_on_seed_epoch_and_index_alone(views, workers):
    usual = by_label(pictures(views))
    for size in (1, 2, 4, 100):
        assert (by_label(pictures(views, workers=workers), size) == usual).all()
    for seed, epoch in ((5, 3), (6, 2)):
        assert (by_label(pictures(views), 3, seed, epoch) != usual).any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize("views", [SMALL, LARGE])
def test_the_same_picture_at_two_places_of_the_set_has_a_view_at_each(views):
    split = Split(LABELS, lambda index: Image.fromarray(PIXELS[0]))
    seen = by_label(Pictures("own", Contents(12, split, split), 16, views, MEAN, STD))
    assert len({image.tobytes() for image in seen}) > 8


@pytest.mark.parametrize("start", [0, 1, 2, 3])
def test_an_epoch_entered_in_the_middle_has_the_same_bits_and_decodes_nothing_before(start):
    asked = []
    whole, labels = sight(pictures())
    part, rest = sight(pictures(asked=asked), start=start) if start < 3 else (whole[9:], [])
    assert (part == whole[3 * start :]).all() and rest == labels[3 * start :] == asked


@pytest.mark.parametrize("workers", [1, 4])
def test_only_the_pictures_of_the_batch_that_is_taken_are_decoded(workers):
    asked = []
    data = pictures(asked=asked, workers=workers)
    batches, tests = data.batches(4, seed=0), data.test_batches(2)
    assert asked == []
    _, y = next(batches)
    assert sorted(asked) == sorted(y.tolist())
    next(tests)
    assert sorted(asked[4:]) == [9, 10]


def test_the_view_of_picture_0_is_not_drawn_from_the_numbers_of_the_order():
    drawn = []
    views = type(SMALL)(lambda picture, side, rng: drawn.append(rng.random()) or SMALL.test(picture, side), SMALL.test)
    pictures(views).train_batch(np.array([0]), 5, 2)
    assert drawn != [np.random.default_rng([5, 2]).random()] and len(drawn) == 1


@pytest.mark.parametrize("workers", [1, 4])
def test_a_picture_that_cannot_be_read_ends_the_batch_with_its_own_error(workers):
    def broken(index):
        raise ValueError(f"{index}.JPEG: cannot be decoded")

    data = Pictures("own", Contents(12, *[Split(LABELS, broken)] * 2), 16, SMALL, MEAN, STD, workers=workers)
    with pytest.raises(ValueError, match="^0.JPEG: cannot be decoded$"):
        next(data.test_batches(5))

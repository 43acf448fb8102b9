"""Views of a picture."""

import numpy as np
import pytest
from PIL import Image

from tests.training.data.support import random_bytes
from training.data import augmentation
from training.data.augmentation import _box, middle, resized_crop, shifted, whole


def picture(width, height):
    return Image.fromarray(random_bytes(height, width, 3))


def rng(i):
    return np.random.default_rng([7, 0, i, 1])


@pytest.mark.parametrize("side, pad", [(32, 4), (64, 8)])
def test_a_shifted_view_is_a_crop_of_the_padded_picture_mirrored_half_of_the_time(side, pad):
    pixels, mirrored, corners = np.array(picture(side, side)), 0, set()
    padded = np.pad(pixels, ((pad, pad), (pad, pad), (0, 0)))
    for i in range(400):
        seen = np.array(shifted(Image.fromarray(pixels), side, rng(i)))
        left, top = rng(i).integers(-pad, pad, size=2, endpoint=True) + pad
        crop = padded[top : top + side, left : left + side]
        assert (seen == crop).all() or (seen == crop[:, ::-1]).all()
        mirrored += not (seen == crop).all()
        corners |= {left, top}
    assert 150 < mirrored < 250 and corners == set(range(2 * pad + 1))


def test_the_whole_picture_is_left_alone_unless_it_has_another_size():
    small = picture(32, 32)
    assert whole(small, 32) is small
    assert (np.array(whole(small, 64)) == np.array(small.resize((64, 64), Image.Resampling.BILINEAR))).all()
    assert shifted(small, 64, rng(0)).size == (64, 64)


@pytest.mark.parametrize(
    "width, height, size, corner",
    [(500, 375, (341, 256), (58, 16)), (375, 500, (256, 341), (16, 58)), (224, 224, (256, 256), (16, 16))],
)
def test_the_middle_is_cut_from_the_picture_with_a_shorter_side_of_256(width, height, size, corner):
    resized = np.array(picture(width, height).resize(size, Image.Resampling.BILINEAR))
    seen, (left, top) = np.array(middle(picture(width, height), 224)), corner
    assert (seen == resized[top : top + 224, left : left + 224]).all()


def test_the_middle_of_a_smaller_view_keeps_the_margin():
    resized = picture(90, 90).resize((73, 73), Image.Resampling.BILINEAR)
    assert (np.array(middle(picture(90, 90), 64)) == np.array(resized.crop((4, 4, 68, 68)))).all()


def test_a_random_box_lies_inside_and_keeps_to_its_area_and_proportions():
    width, height, boxes = 400, 300, [_box(400, 300, rng(i)) for i in range(500)]
    assert all(0 <= left < right <= width and 0 <= top < bottom <= height for left, top, right, bottom in boxes)
    shapes = np.array([(right - left, bottom - top) for left, top, right, bottom in boxes])
    areas, ratios = shapes.prod(1) / (width * height), shapes[:, 0] / shapes[:, 1]
    assert 0.078 < areas.min() < 0.1 and 0.9 < areas.max() <= 1
    assert 0.74 < ratios.min() < 0.77 and 1.3 < ratios.max() < 1.35


@pytest.mark.parametrize(
    "size, box", [((1000, 10), (493, 0, 506, 10)), ((10, 1000), (0, 493, 10, 506)), ((1, 1), (0, 0, 1, 1))]
)
def test_a_picture_too_long_for_any_box_gives_its_middle(size, box):
    assert {_box(*size, rng(i)) for i in range(20)} == {box}


def test_a_resized_crop_is_that_box_resized_and_sometimes_mirrored():
    mirrored = 0
    for i in range(40):
        draws = rng(i)
        box = _box(90, 70, draws)
        plain = np.array(picture(90, 70).crop(box).resize((24, 24), Image.Resampling.BILINEAR))
        seen = np.array(resized_crop(picture(90, 70), 24, rng(i)))
        flip = draws.random() < 0.5
        assert (seen == (plain[:, ::-1] if flip else plain)).all()
        mirrored += flip
    assert 10 < mirrored < 30


@pytest.mark.parametrize("views", [augmentation.SMALL, augmentation.LARGE])
@pytest.mark.parametrize("side", [1, 7, 48])
def test_a_view_has_the_side_asked_for_whatever_the_picture(views, side):
    for size in ((64, 64), (90, 31), (5, 200)):
        assert views.test(picture(*size), side).size == views.train(picture(*size), side, rng(1)).size == (side, side)

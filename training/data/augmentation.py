"""Views of a picture: a fixed one for the test, and random ones to train on.

A random view draws only from the generator that it is given: one seeded for this picture alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from PIL.Image import Image, Resampling, Transpose

SMALLEST_AREA = 0.08  # of the picture, in a resized crop
WIDEST = 4 / 3  # width to height of a resized crop; 3 / 4 the other way
ATTEMPTS = 10  # at a random box inside the picture, before its middle is taken
SHIFT = 8  # a shifted view moves by an eighth of its side at most: 4 of 32, 8 of 64
MARGIN = 256 / 224  # the shorter side of a picture, to that of the middle which a test sees


@dataclass(frozen=True)
class Views:
    """Of an RGB picture a square of `side` pixels: train(picture, side, generator), and test(picture, side)."""

    train: Callable[[Image, int, np.random.Generator], Image]
    test: Callable[[Image, int], Image]


def whole(picture: Image, side: int) -> Image:
    """All of the picture, as it is if it has this size; else resized, bilinear."""
    return picture if picture.size == (side, side) else picture.resize((side, side), Resampling.BILINEAR)


def shifted(picture: Image, side: int, rng: np.random.Generator) -> Image:
    """All of the picture, moved by up to an eighth of its side over black, and mirrored half of the time."""
    pad = side // SHIFT
    left, top = (int(number) for number in rng.integers(-pad, pad, size=2, endpoint=True))
    return _mirrored(whole(picture, side).crop((left, top, left + side, top + side)), rng)


def middle(picture: Image, side: int) -> Image:
    """The middle square of the picture resized, bilinear, so that its shorter side is 256/224 of the square's."""
    (width, height), shorter = picture.size, round(side * MARGIN)
    width, height = (int(shorter * length / min(width, height)) for length in (width, height))
    left, top = round((width - side) / 2), round((height - side) / 2)
    return picture.resize((width, height), Resampling.BILINEAR).crop((left, top, left + side, top + side))


def resized_crop(picture: Image, side: int, rng: np.random.Generator) -> Image:
    """A part of random place, area and proportions, resized, bilinear, and mirrored half of the time."""
    part = picture.crop(_box(*picture.size, rng))
    return _mirrored(part.resize((side, side), Resampling.BILINEAR), rng)


def _box(width: int, height: int, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) inside the picture, of 8 % to 100 % of its area and from 3:4 to 4:3."""
    for _ in range(ATTEMPTS):
        area = width * height * rng.uniform(SMALLEST_AREA, 1)
        ratio = exp(rng.uniform(-log(WIDEST), log(WIDEST)))
        wide, high = round(sqrt(area * ratio)), round(sqrt(area / ratio))
        if 0 < wide <= width and 0 < high <= height:
            left, top = int(rng.integers(width - wide + 1)), int(rng.integers(height - high + 1))
            return left, top, left + wide, top + high
    wide, high = min(width, round(height * WIDEST)), min(height, round(width * WIDEST))
    left, top = (width - wide) // 2, (height - high) // 2
    return left, top, left + wide, top + high


def _mirrored(picture: Image, rng: np.random.Generator) -> Image:
    return picture.transpose(Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else picture


SMALL = Views(shifted, whole)  # as CIFAR and Tiny ImageNet are usually trained on
LARGE = Views(resized_crop, middle)  # as ImageNet is

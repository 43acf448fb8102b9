"""Bytes of the images that rows of an im2col matrix touch, against a brute force that looks at every element."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.properties import few
from tests.support.refused import refused
from tests.support.workloads import feature_maps
from tlm.feature_map import ELEMENT, FeatureMap


def met(source, first, end):
    """(image, line, column, channel) of every element that rows first .. end - 1 of the operand are made of."""
    pixels = list(product(range(source.batch), *map(range, source.out)))
    taps = list(product(*map(range, source.kernel), range(source.channels)))
    pairs = product(pixels, taps[first:end]) if source.transposed else product(pixels[first:end], taps)
    found = set()
    for (image, *pixel), (*tap, channel) in pairs:
        place = [
            p * s - pad + t * d
            for p, s, pad, t, d in zip(pixel, source.stride, source.padding, tap, source.dilation, strict=True)
        ]
        if 0 <= place[0] < source.height and 0 <= place[1] < source.width:
            found.add((image, *place, channel))
    return found


def met_lines(source, first, end):
    """(image, line) that the windows of pixels first .. end - 1 reach, be it in the padding beside the line."""
    pixels = list(product(range(source.batch), *map(range, source.out)))[first:end]
    reached = (
        (image, line * source.stride[0] - source.padding[0] + tap * source.dilation[0])
        for image, line, _ in pixels
        for tap in range(source.kernel[0])
    )
    return {(image, line) for image, line in reached if 0 <= line < source.height}


def rows_of(source):
    """Rows of the operand."""
    if source.transposed:
        return source.kernel[0] * source.kernel[1] * source.channels
    return source.batch * source.out[0] * source.out[1]


@st.composite
def stretches(draw, transposed=False):
    """A feature map, and the first row and the end of a stretch of its operand's rows."""
    source = draw(feature_maps(transposed))
    first = draw(st.integers(0, rows_of(source) - 1))
    return source, first, draw(st.integers(first + 1, rows_of(source)))


def without_gaps(source):
    """The windows of neighbouring output lines leave no line of an image out."""
    return source.stride[0] <= source.kernel[0] and source.dilation[0] == 1


@few(150)
@given(st.one_of(stretches(), stretches(transposed=True)))
def test_no_more_is_met_than_touched_says_and_never_more_than_the_images_have(case):
    source, first, end = case
    assert len(met(source, first, end)) * ELEMENT <= source.touched(first, end) <= source.bytes
    assert source.bytes == source.batch * source.height * source.width * source.channels * ELEMENT


@few(150)
@given(stretches().filter(lambda case: without_gaps(case[0])))
def test_of_windows_without_gaps_it_counts_the_met_lines_and_images_that_lie_between_whole(case):
    source, first, end = case
    pixels = source.out[0] * source.out[1]
    between = set(range(first // pixels + 1, (end - 1) // pixels))
    lines = {(image, line) for image, line in met_lines(source, first, end) if image not in between}
    whole = len(lines) + len(between) * source.height
    assert source.touched(first, end) == whole * source.width * source.channels * ELEMENT


@few(60)
@given(stretches(transposed=True))
def test_of_a_transposed_operand_it_counts_the_channels_all_over(case):
    source, first, end = case
    channels = {row % source.channels for row in range(first, end)}
    assert source.touched(first, end) == len(channels) * source.bytes // source.channels


@few(60)
@given(stretches())
def test_more_rows_never_touch_less(case):
    source, first, end = case
    touched = source.touched(first, end)
    assert source.touched(max(0, first - 1), end) >= touched
    assert source.touched(first, min(end + 1, rows_of(source))) >= touched


@pytest.mark.parametrize(
    "change, first, end, lines",
    [
        ({}, 0, 8, 2),  # the first output line: the padding, and two lines
        ({}, 8, 16, 3),
        ({}, 3, 4, 2),  # a single pixel counts whole lines
        ({}, 7, 9, 3),  # two pixels of two output lines
        ({}, 56, 72, 2 + 2),  # the last line of an image, and the first of the next
        ({}, 0, 3 * 64, 24),
        ({}, 0, 64, 8),
        ({"stride": (2, 1), "out": (4, 8)}, 0, 16, 4),
        ({"stride": (3, 3), "kernel": (1, 1), "padding": (0, 0), "out": (3, 3)}, 0, 6, 4),  # two of them in the gap
        ({"dilation": (2, 1), "padding": (2, 1)}, 8, 16, 4),
    ],
)
def test_lines_that_were_counted_by_hand(change, first, end, lines):
    usual = dict(kernel=(3, 3), stride=(1, 1), padding=(1, 1), dilation=(1, 1), out=(8, 8))
    source = FeatureMap(3, 8, 8, 5, **usual | change)
    assert source.touched(first, end) == lines * 8 * 5 * ELEMENT


def test_channels_that_were_counted_by_hand():
    source = FeatureMap(2, 4, 4, 8, (3, 3), (1, 1), (1, 1), (1, 1), (4, 4), transposed=True)
    plane = 2 * 4 * 4 * ELEMENT
    assert [source.touched(*rows) for rows in ((0, 3), (6, 10), (0, 8), (5, 60))] == [
        3 * plane,
        4 * plane,
        8 * plane,
        8 * plane,
    ]


IMAGES = FeatureMap(2, 6, 6, 3, (3, 3), (1, 1), (1, 1), (1, 1), (6, 6))


@pytest.mark.parametrize(
    "change, words",
    [
        (dict(batch=0), "batch of images must be at least 1, not 0"),
        (dict(channels=8.0), "channels of images must be an int, not 8.0"),
        (dict(stride=(1, 0)), "stride of images must be at least 1, not 0"),
        (dict(kernel=(0, 1)), "kernel of images must be at least 1, not 0"),
        (dict(padding=(-1, 0)), "padding of images must be at least 0, not -1"),
        (dict(out=(2**28, 1)), "out of images must be at most 2^27, not"),
        (dict(dilation=1), "dilation of images must be a tuple (height, width), not 1"),
        (dict(kernel=[3, 3]), "kernel of images must be a tuple (height, width), not [3, 3]"),
        (dict(batch=2**27, height=2**27), "images must have at most 2^54 values, not"),
        (dict(transposed=1), "transposed of images must be True or False, not 1"),
    ],
    ids=str,
)
def test_images_and_windows_have_sizes(change, words):
    refused(words, replace, IMAGES, **change)

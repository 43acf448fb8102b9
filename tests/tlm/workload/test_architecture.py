"""The numbers of the networks."""

import pytest

from tlm.workload.architecture import RESNET18, RESNET50, VIT, scaled

WIDTHS = [0.01, 0.125, 0.3, 1.0, 1.7]


@pytest.mark.parametrize("width, expected", [(1, 64), (0.5, 32), (0.3, 16), (0.3125, 24), (0.001, 8), (2, 128)])
def test_channels_are_rounded_to_a_multiple_of_eight_and_are_at_least_that(width, expected):
    assert scaled(64, width) == expected


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("numbers", [RESNET18, RESNET50])
def test_every_block_takes_what_the_one_before_gives(numbers, width):
    stages = list(numbers.stages(width))
    blocks = [block for stage in stages for block in stage]
    assert [len(stage) for stage in stages] == list(numbers.depths)
    assert [block.inputs for block in blocks] == [scaled(64, width)] + [block.outputs for block in blocks[:-1]]
    assert all(block.outputs == numbers.expansion * block.inner for block in blocks)


@pytest.mark.parametrize("numbers, shortcuts", [(RESNET18, 3), (RESNET50, 4)])
def test_the_path_around_is_projected_where_the_shape_changes(numbers, shortcuts):
    stages = list(numbers.stages(1))
    assert [stage[0].stride for stage in stages] == [1, 2, 2, 2]
    assert sum(block.projected for stage in stages for block in stage) == shortcuts
    assert not any(block.projected for stage in stages for block in stage[1:])


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("image", VIT)
def test_every_head_of_a_transformer_keeps_a_multiple_of_eight_channels(image, width):
    numbers = VIT[image]
    assert numbers.scaled(1) == numbers.dim
    assert numbers.scaled(width) % (8 * numbers.heads) == 0 < numbers.scaled(width)


def test_patches_cover_the_image():
    assert {image: (numbers.tokens(image), image % numbers.patch) for image, numbers in VIT.items()} == {
        32: (65, 0),
        64: (65, 0),
        224: (197, 0),
    }

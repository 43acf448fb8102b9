"""The batches that every data set has alike."""

from itertools import chain

import numpy as np
import pytest
import torch

from training.data import DataSet


class Numbers(DataSet):
    """The number of each image, and a record of what was asked for."""

    name, classes, image_shape, train_size, test_size = "numbers", 10, (1, 1, 1), 10, 7

    def __init__(self):
        self.asked = []

    def train_batch(self, indices, seed, epoch):
        self.asked.append((indices.tolist(), seed, epoch))
        return torch.from_numpy(indices).float(), torch.from_numpy(indices)

    def test_batch(self, indices):
        return torch.from_numpy(indices).float(), torch.from_numpy(indices)


def order(*arguments):
    return [y.tolist() for _, y in Numbers().batches(*arguments)]


def test_every_training_image_comes_once_in_an_order_of_seed_and_epoch_and_the_last_batch_may_be_smaller():
    batches = order(4, 5, 2)
    fours, threes = ([*chain(*parts)] for parts in (batches, order(3, 5, 2)))
    assert [len(batch) for batch in batches] == [4, 4, 2] and sorted(fours) == list(range(10))
    assert fours == np.random.default_rng([5, 2]).permutation(10).tolist() == threes
    assert batches not in (order(4, 5, 3), order(4, 6, 2))


@pytest.mark.parametrize("start", [0, 1, 2, 3])
def test_an_epoch_can_be_entered_in_the_middle_and_nothing_before_is_asked_for(start):
    data = Numbers()
    assert [y.tolist() for _, y in data.batches(4, 5, 2, start)] == order(4, 5, 2)[start:]
    assert data.asked == [(batch, 5, 2) for batch in order(4, 5, 2)[start:]]


def test_a_batch_is_made_only_when_it_is_taken():
    data = Numbers()
    batches = data.batches(4, 5)
    assert data.asked == []
    next(batches)
    assert len(data.asked) == 1


@pytest.mark.parametrize("size, parts", [(3, [[0, 1, 2], [3, 4, 5], [6]]), (100, [[0, 1, 2, 3, 4, 5, 6]])])
def test_the_test_images_keep_their_order(size, parts):
    assert [y.tolist() for _, y in Numbers().test_batches(size)] == parts


@pytest.mark.parametrize(
    "make, complaint",
    [
        (lambda data: data.batches(0, 1), "size of a batch must be at least 1, not 0"),
        (lambda data: data.test_batches(-1), "size of a batch must be at least 1, not -1"),
        (lambda data: data.batches(4, 1, start=-1), "start must be from 0 to 3, the batches of an epoch, not -1"),
        (lambda data: data.batches(4, 1, start=4), "start must be from 0 to 3, the batches of an epoch, not 4"),
    ],
)
def test_bad_arguments_are_refused_at_once(make, complaint):
    with pytest.raises(ValueError, match=complaint):
        make(Numbers())


def test_a_data_set_must_say_how_it_makes_both_batches():
    class Half(DataSet):
        def train_batch(self, indices, seed, epoch):
            return None

    with pytest.raises(TypeError, match="test_batch"):
        Half()

"""The digits, their split and their batches."""

import pytest
import torch

from tests.training.data.support import fingerprint
from training import digits


def test_the_split_is_fixed_by_the_seed():
    a, b, other = digits(0), digits(0), digits(1)
    one, two = (fingerprint(data.train_x, data.train_y, data.test_x, data.test_y) for data in (a, b))
    assert one == two
    assert a.test_y[:10].tolist() == [0, 8, 8, 9, 8, 3, 7, 5, 0, 6]
    assert not torch.equal(a.test_y, other.test_y)


def test_the_digits_are_images_in_0_to_1_and_no_image_is_both_trained_and_tested_on():
    a = digits(0)
    assert a.train_x.shape == (1437, 1, 8, 8) and a.test_x.shape == (360, 1, 8, 8)
    assert (a.name, a.classes, a.image_shape, a.train_size, a.test_size) == ("digits", 10, (1, 8, 8), 1437, 360)
    assert (a.train_x.dtype, a.train_y.dtype) == (torch.float32, torch.int64)
    assert (a.train_x.min(), a.train_x.max()) == (0, 1) and set(a.train_y.tolist()) == set(range(10))
    everything = torch.cat([a.train_x, a.test_x]).flatten(1)
    assert len(everything.unique(dim=0)) == 1797


def test_batches_show_every_image_once_in_an_order_of_seed_and_epoch():
    a = digits(0)
    batches = list(a.batches(32, seed=1, epoch=2))
    x, y = (torch.cat(parts) for parts in zip(*batches, strict=True))
    assert [len(part) for part, _ in batches] == [32] * 44 + [29]
    assert sorted(map(tuple, x.flatten(1).tolist())) == sorted(map(tuple, a.train_x.flatten(1).tolist()))
    orders = [torch.cat([part for _, part in a.batches(32, seed, epoch)]) for seed, epoch in ((1, 2), (1, 3), (2, 2))]
    assert torch.equal(orders[0], y) and not torch.equal(orders[1], y) and not torch.equal(orders[2], y)


def test_the_batches_have_the_bits_they_had_when_the_digits_were_the_only_data():
    a = digits(0)
    x, y = next(a.batches(32, seed=1, epoch=2))
    assert y[:12].tolist() == [3, 5, 8, 3, 1, 7, 5, 7, 7, 4, 8, 1]
    assert fingerprint(x, y) == "4f1135fe91676912"


def test_enlarged_they_are_the_same_digits_in_the_same_order():
    plain, large = digits(3), digits(3, (3, 32, 32))
    assert (large.image_shape, large.train_size, large.classes) == ((3, 32, 32), 1437, 10)
    (x, y), (wide, labels) = next(plain.batches(16, 0)), next(large.batches(16, 0))
    assert torch.equal(y, labels) and wide.shape == (16, 3, 32, 32)
    assert torch.equal(wide[:, 2, ::4, 3::4], x[:, 0])
    assert digits(3, (1, 8, 8)).image_shape == (1, 8, 8)


def test_they_cannot_be_made_smaller():
    with pytest.raises(ValueError, match="image of digits must be at least 8 x 8, not 4 x 32"):
        digits(0, (3, 4, 32))

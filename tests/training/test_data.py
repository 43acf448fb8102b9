"""The digits, their split and their batches."""
import hashlib

import pytest
import torch

from training import data, digits


def fingerprint(*tensors):
    return hashlib.sha256(b"".join(tensor.numpy().tobytes() for tensor in tensors)).hexdigest()[:16]


def test_the_split_is_fixed_by_the_seed():
    a, b, other = digits(0), digits(0), digits(1)
    one, two = (fingerprint(data.train_x, data.train_y, data.test_x, data.test_y) for data in (a, b))
    assert one == two
    assert a.test_y[:10].tolist() == [0, 8, 8, 9, 8, 3, 7, 5, 0, 6]
    assert not torch.equal(a.test_y, other.test_y)


def test_the_digits_are_images_in_0_to_1_and_no_image_is_both_trained_and_tested_on():
    a = digits(0)
    assert a.train_x.shape == (1437, 1, 8, 8) and a.test_x.shape == (360, 1, 8, 8)
    assert (a.train_x.dtype, a.train_y.dtype) == (torch.float32, torch.int64)
    assert (a.train_x.min(), a.train_x.max()) == (0, 1) and set(a.train_y.tolist()) == set(range(10))
    everything = torch.cat([a.train_x, a.test_x]).flatten(1)
    assert len(everything.unique(dim=0)) == 1797


def test_batches_show_every_image_once_in_an_order_of_seed_and_epoch():
    a = digits(0)
    batches = list(a.batches(32, seed=1, epoch=2))
    x, y = (torch.cat(parts) for parts in zip(*batches))
    assert [len(part) for part, _ in batches] == [32] * 44 + [29]
    assert sorted(map(tuple, x.flatten(1).tolist())) == sorted(map(tuple, a.train_x.flatten(1).tolist()))
    orders = [torch.cat([part for _, part in a.batches(32, seed, epoch)]) for seed, epoch in ((1, 2), (1, 3), (2, 2))]
    assert torch.equal(orders[0], y) and not torch.equal(orders[1], y) and not torch.equal(orders[2], y)


def test_unknown_data_are_refused_with_the_choices():
    with pytest.raises(ValueError, match="data must be one of digits.*not 'imagenet'"):
        data.load("imagenet", 0)

"""Network and data, as options choose them."""

import pytest

from sat.task import Task, batch_shape
from tests.training.support import functional
from tlm.workload.methods import Scheme
from training import Settings


@pytest.mark.parametrize(
    "task, shape",
    [
        (Task("cnn", "digits"), (1, 8, 8)),
        (Task("cnn", "digits", image=8), (1, 8, 8)),
        (Task("resnet18", "digits"), (3, 32, 32)),
        (Task("resnet18", "digits", image=64), (3, 64, 64)),
        (Task("one's own", "digits"), (1, 8, 8)),
    ],
)
def test_digits_come_as_large_as_the_network_takes_them(task, shape):
    data = task.load(0)
    assert data.image_shape == shape and data.classes == 10


@pytest.mark.parametrize("image, asked", [(None, None), (64, (3, 64, 64))])
def test_pictures_come_in_their_usual_size_unless_there_is_a_choice(image, asked, monkeypatch):
    seen = []
    monkeypatch.setattr("training.data.load", lambda *words: seen.append(words))
    Task("resnet18", "cifar10", "folder", image, augment=False).load(3)
    assert seen == [("cifar10", 3, "folder", asked, False)]


def test_the_trainer_has_the_network_at_that_width_for_the_datas_images():
    task = Task("resnet18", "digits", width=0.125)
    trainer = task.trainer(task.load(0), functional(), Scheme(), Settings(batch=5000))
    assert trainer.module.fc.weight.shape == (10, 64) and batch_shape(trainer) == (1437, 3, 32, 32)
    assert task.as_data(trainer.data) == dict(
        model="resnet18", width=0.125, data="digits", image=[3, 32, 32], classes=10
    )


def test_a_network_that_does_not_take_the_images_is_refused():
    with pytest.raises(ValueError, match="image of digits must be at least 8 x 8, not 4 x 4"):
        Task("cnn", "digits", image=4).load(0)
    task = Task("cnn", "digits", image=16)
    with pytest.raises(ValueError, match=r"model cnn takes images of \(1, 8, 8\), not \(1, 16, 16\) as digits has"):
        task.trainer(task.load(0), functional(), Scheme(), Settings())

"""The ONNX file: what another reader finds in it, and computes by it."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.training.support import draw, seeded
from training import models
from training.onnx_file import onnx_file

onnx = pytest.importorskip("onnx")


def read(network, image):
    """The network, the model that its file is after ONNX's own checks, and whether it takes any number of images."""
    content, free = onnx_file(network.eval(), image)
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model, full_check=True)
    return model, free


def computed(model, x):
    from onnx.reference import ReferenceEvaluator

    return torch.from_numpy(ReferenceEvaluator(model).run(["scores"], {"images": x.numpy()})[0])


def test_weights_keep_names_and_bits_and_the_network_takes_any_number_of_images():
    network = models.build("cnn", seed=3)
    network(draw((16, 1, 8, 8), 1))  # gives batch norm statistics that are not 0 and 1
    model, free = read(network, (1, 8, 8))
    found = {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}
    weights = {name: one.detach().numpy() for name, one in network.named_parameters() if one.dim() > 1}
    assert len(weights) == 4 and all(np.array_equal(found[name], weights[name]) for name in weights)
    x = draw((3, 1, 8, 8), 2)
    assert free and torch.allclose(computed(model, x), network(x), atol=1e-5)


class Counting(nn.Module):
    """Reads the batch as a number, by len()."""

    def __init__(self):
        super().__init__()
        self.fc, self.token = nn.Linear(8, 4), nn.Parameter(draw((1, 1, 8), 5))

    def forward(self, x):
        return self.fc(torch.cat((self.token.expand(len(x), -1, -1), x), 1))


class Taking(Counting):
    """Takes its images one by one."""

    def forward(self, x):
        return torch.stack([self.fc(torch.cat((self.token[0], image))) for image in x])


@pytest.mark.parametrize("kind", [Counting, Taking])
def test_a_network_that_reads_the_batch_as_a_number_takes_one_image_at_a_time(kind):
    network = seeded(kind)
    model, free = read(network, (3, 8))
    x = draw((1, 3, 8), 2)
    assert not free and torch.allclose(computed(model, x), network(x), atol=1e-5)
    assert [one.dim_value for one in model.graph.input[0].type.tensor_type.shape.dim] == [1, 3, 8]


class Without(nn.Module):
    def forward(self, x):
        return torch.linalg.eigvals(x).real


def test_what_onnx_lacks_is_said_in_one_line():
    with pytest.raises(ValueError, match="PyTorch cannot write it: .*linalg_eigvals") as refused:
        onnx_file(Without(), (1, 4, 4))
    assert "\n" not in str(refused.value)

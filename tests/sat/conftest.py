"""A network that is small enough for simulators, and output that is as wide as it needs to be."""

import os
from collections import OrderedDict

import pytest
from torch import nn

from tlm.workload.layer import Conv
from tlm.workload.networks import NETWORKS, Network
from training import models

os.environ.pop("COLUMNS", None)  # a terminal's, or a test runner's: tests of narrow tables set their own


def tiny_network() -> nn.Module:
    """Two linear layers for the 8x8 digits: a step has 5 GEMMs, and 3 updates, one of them a bias."""
    return nn.Sequential(
        OrderedDict(
            flatten=nn.Flatten(),
            pool=nn.AvgPool1d(8),
            one=nn.Linear(8, 4, bias=False),
            relu=nn.ReLU(),
            two=nn.Linear(4, 10),
        )
    )


@pytest.fixture
def tiny(monkeypatch) -> list[str]:
    """The words for it, with groups as short as its layers."""
    layers = [Conv("one", 8, 4, 1, 1), Conv("two", 4, 10, 1, 1, bias=True)]
    monkeypatch.setitem(models.MODELS, "tiny", models.Model(tiny_network, (1, 8, 8), 10))
    monkeypatch.setitem(NETWORKS, "tiny", Network(lambda *_: layers, 1, (8,), 8, 10))
    return ["--model", "tiny", "--sparsity", "2:4"]

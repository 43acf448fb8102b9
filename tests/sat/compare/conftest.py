"""Comparisons that several tests read."""

import pytest

from sat.compare.cases import of_networks
from tests.sat.support import data, sat
from tlm.compare import setups


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """(content, output) of the GEMMs of SIGMA's paper at density 0.2."""
    file = tmp_path_factory.mktemp("compare") / "deep" / "paper.json"
    output = sat("compare", "paper", "--densities", 0.2, "--json", file).output
    return data(file), output


@pytest.fixture(scope="session")
def line():
    """The dense training step of the smallest network, on small configurations."""
    (_, dense), _ = of_networks("cnn", 2, setups()["small"])
    return dense()

"""What blocks declare of their ports is what they have, in their order."""

import importlib
import inspect
import pkgutil

import pytest

import rtl.sigma
from rtl.hierarchy import flat_ports, module
from rtl.sat_config import PRESETS
from rtl.sigma.config import PRESETS as SIGMA_PRESETS
from rtl.stream import Stream, bit
from rtl.sum_bank import sum_bank

SIZES = dict(rtl=PRESETS["small"], sigma=SIGMA_PRESETS["small"])


def declared():
    """(block, configuration) of each block of rtl/, which must declare its ports, and of those of rtl/sigma that do."""
    for package, config in ((rtl, SIZES["rtl"]), (rtl.sigma, SIZES["sigma"])):
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            block = getattr(importlib.import_module(found.name), found.name.rpartition(".")[2], None)
            if isinstance(block, module) and (package is rtl or "ports" in block.func.__globals__):
                yield pytest.param(block, config, id=found.name)


@pytest.mark.parametrize("block, config", list(declared()))
def test_a_block_has_the_ports_that_it_declares_and_then_its_parameters(block, config):
    parameters = {name: config if name == "config" else 4 for name in inspect.signature(block.ports).parameters}
    ports = block.ports(**parameters)
    names = list(inspect.signature(block.func).parameters)
    assert names[: len(ports)] == list(ports) and not set(parameters) & set(ports)
    assert all(len(signal) for _, signal in flat_ports(ports))
    assert not {id(s) for _, s in flat_ports(ports)} & {id(s) for _, s in flat_ports(block.ports(**parameters))}


@module
def doubler(clk, words, width):
    """Offers twice the word that it is offered."""
    return ()


def ports(width):
    """Of a doubler."""
    return dict(clk=bit(), words=Stream(width))


def test_a_size_that_only_ports_takes_is_not_given_to_the_block():
    found = sum_bank.complete(dict(number=1, address_bits=5))
    assert "address_bits" not in found and len(found["write_address"]) == 5
    assert sum_bank.complete(found) is found


def test_ports_that_are_not_given_are_those_declared():
    own = Stream(9)
    found = doubler.complete(dict(width=9, words=own))
    assert list(found) == ["clk", "words", "width"] and found["words"] is own and len(found["clk"]) == 1
    assert len(doubler.ports(5)["words"].data) == 5


def test_a_bundle_can_be_cut_to_what_a_block_needs():
    whole = Stream(8)
    part = whole.only("data", "valid")
    assert dict(flat_ports(dict(x=part))) == dict(x_data=whole.data, x_valid=whole.valid)

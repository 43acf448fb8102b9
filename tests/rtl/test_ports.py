"""What blocks declare of their ports is what they have, in their order."""

import importlib
import inspect
import pkgutil

import pytest

import rtl
from rtl.hdl.hierarchy import flat_ports, module
from rtl.hdl.stream import Stream, bit
from rtl.sat.config import PRESETS
from rtl.shared.sum_bank import sum_bank
from rtl.sigma.config import PRESETS as SIGMA_PRESETS
from rtl.sigma.control.line_register import line_register

NUMBERS = dict(lanes=8, level=2)  # of parameters that are not `config`; others are 4


def declared():
    """(block, configuration) of each block of rtl/: all must declare their ports."""
    for found in pkgutil.walk_packages(rtl.__path__, "rtl."):
        block = getattr(importlib.import_module(found.name), found.name.rpartition(".")[2], None)
        if isinstance(block, module):
            config = (SIGMA_PRESETS if found.name.startswith("rtl.sigma.") else PRESETS)["small"]
            yield pytest.param(block, config, id=found.name)


def test_all_blocks_are_looked_at():
    assert len(list(declared())) > 60


@pytest.mark.parametrize("block, config", list(declared()))
def test_a_block_has_the_ports_that_it_declares_and_then_its_parameters(block, config):
    parameters = {
        name: config if name == "config" else NUMBERS.get(name, 4) for name in inspect.signature(block.ports).parameters
    }
    ports = block.ports(**parameters)
    names = list(inspect.signature(block.func).parameters)
    assert names[: len(ports)] == list(ports)
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
    assert sum_bank.complete(found) == found


def test_ports_that_are_not_given_are_those_declared():
    own = Stream(9)
    found = doubler.complete(dict(width=9, words=own))
    assert list(found) == ["clk", "words", "width"] and found["words"] is own and len(found["clk"]) == 1
    assert len(doubler.ports(5)["words"].data) == 5


def test_a_size_that_only_the_ports_need_is_not_asked_for_where_all_ports_are_given():
    fresh = line_register.complete(dict(bits=5))
    assert list(fresh) == ["clk", "line", "write", "held"] and len(fresh["held"]) == 5
    assert line_register.complete(fresh) == fresh


def test_a_bundle_can_be_cut_to_what_a_block_needs():
    whole = Stream(8)
    part = whole.only("data", "valid")
    assert dict(flat_ports(dict(x=part))) == dict(x_data=whole.data, x_valid=whole.valid)

"""Every handshake of rtl/ is found, and what it promises is said for each kind of port."""

import importlib
import pkgutil

import rtl
from rtl.hdl.hierarchy import module
from rtl.sat.axi.axi_lite import axi_lite
from tests.formal.blocks import SAT, SIGMA, found, of
from tests.formal.proofs import PROOFS


def blocks():
    """Every block of rtl/, whatever its ports."""
    for info in pkgutil.walk_packages(rtl.__path__, "rtl."):
        deco = getattr(importlib.import_module(info.name), info.name.rpartition(".")[2], None)
        if isinstance(deco, module):
            yield of(deco, SIGMA if info.name.startswith("rtl.sigma.") else SAT)


def test_every_block_with_a_ready_is_proven_and_every_ready_is_of_a_handshake():
    readies = {block.name: {port for port in block.widths if port.endswith("ready")} for block in blocks()}
    assert len(readies) > 60
    assert {name: {channel.ready for channel in block.channels} for name, block in found().items()} == {
        name: ports for name, ports in readies.items() if ports
    }


def test_nothing_is_said_of_a_block_that_is_not_there():
    assert PROOFS.keys() <= found().keys()


def test_the_channels_of_axi_lite_hold_all_that_travels_with_them():
    channels = {channel.name: channel for channel in of(axi_lite).channels}
    assert channels["s_axi_aw"].payload == ("s_axi_awaddr", "s_axi_awprot")
    assert channels["s_axi_r"] == ("s_axi_r", "s_axi_rvalid", "s_axi_rready", ("s_axi_rdata", "s_axi_rresp"))
    assert {port for channel in channels.values() for port in (channel.valid, channel.ready, *channel.payload)} == {
        port for port in of(axi_lite).widths if port.startswith("s_axi_")
    }

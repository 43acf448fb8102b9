"""SIGMA's bundles: as wide as the words that they carry, fresh in each, and parts that share their signals."""

import inspect
import re

import pytest

from rtl.hdl.hierarchy import flat_ports
from rtl.hdl.stream import Interface
from rtl.sigma import bundles, layouts
from rtl.sigma.config import PRESETS

CONFIG = PRESETS["medium"]
BUNDLES = [one for one in vars(bundles).values() if inspect.isclass(one) and one.__module__ == bundles.__name__]
every_bundle = pytest.mark.parametrize("kind", BUNDLES, ids=lambda kind: kind.__name__)


@every_bundle
def test_a_bundle_says_what_each_of_its_signals_is(kind):
    said = re.findall(r"^    ((?:\w+, )*\w+)  ", inspect.getdoc(kind).replace("\n", "\n    "), re.MULTILINE)
    assert {name for names in said for name in names.split(", ")} == set(vars(kind(CONFIG)))


@every_bundle
def test_two_bundles_share_no_signal(kind):
    one, other = (dict(flat_ports(dict(x=kind(CONFIG)))) for _ in range(2))
    assert one.keys() == other.keys() and not {id(s) for s in one.values()} & {id(s) for s in other.values()}
    assert isinstance(kind(CONFIG), Interface) and len(one) > 1


def test_a_part_shares_the_signals_of_its_bundle():
    load = bundles.Load(CONFIG)
    assert {name: id(signal) for name, signal in vars(load.turns).items()}.items() <= {
        name: id(signal) for name, signal in vars(load).items()
    }.items()
    assert "engines" not in vars(load.turns) and "accepted" in vars(load.turns)


def test_signals_are_as_wide_as_their_words():
    command, tiles, drain = layouts.command(CONFIG), bundles.Tiles(CONFIG), bundles.Drain(CONFIG)
    assert len(tiles.commands) == len(bundles.Blocks(CONFIG).commands) == 2 * command.width
    assert len(bundles.Load(CONFIG).columns) == command.bits("columns") == 8
    assert len(drain.column) == len(bundles.Addition(CONFIG).feed_column) == 7
    assert len(bundles.Records(CONFIG).engines) == CONFIG.engines

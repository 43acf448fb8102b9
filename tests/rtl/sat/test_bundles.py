"""bundles: each has the widths of its configuration, and its parts share its signals."""

import inspect

import pytest

from rtl.hdl.hierarchy import flat_ports
from rtl.hdl.stream import Interface, Stream, bit
from rtl.sat import bundles, layouts
from rtl.sat.axi import bundles as of_axi
from rtl.sat.config import PRESETS
from rtl.sat.update import bundles as of_update

CONFIG = PRESETS["small"]
ROOMS = (bundles, of_axi, of_update)
KINDS = [
    kind for room in ROOMS for _, kind in inspect.getmembers(room, inspect.isclass) if kind.__module__ == room.__name__
]


def made(kind):
    """A bundle of a kind, as the blocks make it."""
    if kind is bundles.Traffic:
        return kind.of(CONFIG, 9)
    wanted = inspect.signature(kind).parameters
    return kind(*[{"config": CONFIG, "bits": 5}[name] for name in wanted if name in ("config", "bits")])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__qualname__)
def test_a_part_of_a_bundle_is_some_of_its_signals(kind):
    bundle = made(kind)
    parts = [name for name, value in vars(kind).items() if isinstance(value, property)]
    for name in parts:
        part = getattr(bundle, name)
        assert isinstance(part, Interface) and vars(part).items() < vars(bundle).items()
    assert vars(bundle) and all(len(signal) for _, signal in flat_ports(dict(x=bundle)))


def test_streams_within_a_bundle_are_ports_by_their_path():
    traffic = bundles.Traffic(*(Stream(bits) for bits in (3, 4, 5)))
    widths = {name: len(signal) for name, signal in flat_ports(dict(tile=traffic))}
    assert (widths["tile_commands_data"], widths["tile_results_data"], len(widths)) == (3, 5, 9)


def test_what_is_given_to_a_bundle_is_a_part_of_it():
    progress, north = bundles.Progress(), bit()
    position = bundles.Position(CONFIG, progress)
    assert position.active is progress.active and position.last is progress.last
    assert bundles.ColumnControl(CONFIG, north).north is north


def test_the_widths_are_those_of_the_words():
    assert len(bundles.Tiles(CONFIG).commands) == 2 * layouts.command(CONFIG).width
    assert len(bundles.Rows(CONFIG).steps) == CONFIG.rows * layouts.step(CONFIG).width

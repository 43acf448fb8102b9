"""Bundles: their parts are the same signals, and together they are the whole."""

from rtl.sat import bundles, layouts
from rtl.sat.config import PRESETS


def test_the_chain_and_the_memories_are_parts_of_the_drain():
    config = PRESETS["small"]
    drain = bundles.Drain(config)
    parts = {**vars(drain.chain), **vars(drain.memories)}
    assert parts.keys() == vars(drain).keys() and len(vars(drain.chain)) + len(vars(drain.memories)) == len(parts)
    assert all(parts[name] is signal for name, signal in vars(drain).items())
    assert len(drain.slot) == layouts.slot(config).width and len(drain.address) == layouts.sum_bits(config)

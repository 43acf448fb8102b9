"""The accelerators as the co-simulation sees them: their ports, and the widths of their streams."""

import pytest

from cosim.accelerators import device_of
from rtl.config import Config
from rtl.sat import layouts, timing
from rtl.sigma import layouts as sigma_layouts
from rtl.sigma import timing as sigma_timing
from rtl.sigma.config import PRESETS
from tests.cosim.support import TINY

SMALL = PRESETS["small"]


def test_sats_words_and_that_it_updates_weights():
    device = device_of(TINY)
    assert (device.name, device.updates) == ("sat", True)
    assert (device.command_bits, device.line_bits) == (layouts.command_bits(TINY), layouts.line_bits(TINY))
    assert (device.result_bits, device.most_lines) == (32 * 2, layouts.most_lines(TINY))
    assert device.reset_cycles == timing.reset_cycles(TINY.rows, TINY.columns, TINY.turn)


def test_sigmas_words_and_that_it_does_not():
    device = device_of(SMALL)
    assert (device.name, device.updates) == ("sigma", False)
    assert (device.command_bits, device.line_bits) == (sigma_layouts.command(SMALL).width, 16 * 8)
    assert (device.result_bits, device.most_lines) == (32 * 8, sigma_layouts.most_lines(SMALL))
    assert device.reset_cycles == sigma_timing.reset_cycles("fp16", 3)


@pytest.mark.parametrize(
    "config, layout, names",
    [(TINY, layouts.command(TINY), ("last",)), (SMALL, sigma_layouts.command(SMALL), ("last",))],
    ids=["sat", "sigma"],
)
def test_the_bits_that_say_that_a_block_will_be_stored(config, layout, names):
    """SAT's other one marks an update, whose tiles all store; SIGMA has but one."""
    first, other = device_of(config).storing
    assert layout.pack(**{name: 1 if name == "last" else 0 for name in layout.fields}) >> first & 1 == 1
    assert other == (layouts.command_bits(TINY) - 1 if config is TINY else first)


def test_ports_of_the_same_name_are_the_same_in_all():
    sat, sigma = (device_of(config).ports for config in (TINY, SMALL))
    assert set(sigma) <= set(sat) and set(sat) - set(sigma) == {"update_clk", "rates"}
    assert "config" not in sat + sigma


def test_a_configuration_of_no_accelerator_is_refused():
    class Other(Config):
        accelerator = "other"
        elements = size = property(lambda self: 1)

    for config, name in ((Other(), "other"), (None, "NoneType")):
        with pytest.raises(
            ValueError, match=f"^a configuration must be of one of sat, sigma, systolic, not of {name}$"
        ):
            device_of(config)

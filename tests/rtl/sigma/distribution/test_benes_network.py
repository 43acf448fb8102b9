"""benes_network: levels, wires and settings of each size, worked out by hand."""

import pytest

from rtl.sigma.distribution.benes_network import distances, settings_bits


def test_settings_are_counted_and_cross_wires_reach_a_power_of_two_out_and_back():
    assert [settings_bits(1 << n) for n in range(1, 8)] == [10, 36, 104, 272, 672, 1600, 3712]
    assert distances(16) == (1, 2, 4, 8, 8, 4, 2, 1)


@pytest.mark.parametrize("lanes", [0, 1, 3, 12, 256])
def test_another_number_of_ports_is_refused(lanes):
    for of in (settings_bits, distances):
        with pytest.raises(
            ValueError, match=f"^a Benes network has a power of two of ports from 2 to 128, not {lanes}$"
        ):
            of(lanes)

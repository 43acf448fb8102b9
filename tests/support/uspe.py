"""A processing element alone, and the words that it is given."""

from rtl import timing as units
from rtl.sat import layouts, timing
from rtl.sat.array import uspe as unit
from rtl.sat.config import SatConfig
from tests.support import floats
from tests.support.script import packed

LAG = timing.SELECT + units.FP16_MUL + units.ACCUMULATE  # from a step on east.step to its sum


ONE, TWO = floats.half(1.0), floats.half(2.0)


def device(build, config):
    return build(unit.uspe, config=config)


def config_of(interleave, largest_m):
    return SatConfig(rows=5, columns=1, interleave=interleave, largest_m=largest_m, chunk=16)


def group_word(activations):
    """Activations as west_lane hands them over, with the bits that mark infinities and NaN."""
    special = sum((value >> 10 & 31 == 31) << i for i, value in enumerate(activations))
    return sum(value << 16 * i for i, value in enumerate(activations)) | special << 16 * len(activations)


def written(config, weight, place, value=0, bank=0, **where):
    """The packet of a weight to that address of the element, or of every one."""
    address = layouts.step(config).span("place", "bank").pack(place=place, value=value, bank=bank)
    return packed(layouts.weight_packet(config), **weight, address=address, write=1, **where)

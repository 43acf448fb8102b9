"""Tiles of SIGMA are values: engines and timeline know them by their fields."""

from dataclasses import replace

from rtl.sigma.config import PRESETS
from tlm.gemm import Gemm
from tlm.sigma.program import schedule_sigma
from tlm.sigma.tile import SigmaTile
from tlm.sigma.zeros import UniformDensity


def test_tiles_of_equal_fields_are_equal_and_others_are_not():
    program = schedule_sigma(Gemm(9, 20, 7), PRESETS["small"], UniformDensity(), "mk")
    first, *others = program.tiles()
    assert isinstance(first, SigmaTile) and first == next(program.tiles()) and others
    assert all(first != other for other in others) and replace(first, loads_stream=False) != first
    assert hash(first) == hash(next(program.tiles()))


def test_the_lanes_that_a_tile_fills_are_no_part_of_its_text():
    (tile, *_) = schedule_sigma(Gemm(2, 4, 1), PRESETS["small"], UniformDensity(), "mk").tiles()
    assert "fold" not in repr(tile) and "loads_stream=True" in repr(tile)

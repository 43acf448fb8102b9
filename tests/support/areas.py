"""A little FPGA, and what a design of three modules takes of it."""

from cosim.synthesis.area import Area, Fpga
from cosim.synthesis.synthesis import Netlist

LITTLE = Fpga("little", {"lut": 1_100_000, "lutram": 9, "ff": 10, "bram": 10, "dsp": 10, "uram": 4})


def area(**below) -> Area:
    """Of a top with two leafs, which have these cells."""
    return Area(
        Netlist(
            "Yosys 0.1",
            "top",
            {"top": {"leaf": 2}, "leaf": below},
            {cell: 2 * number for cell, number in below.items()},
        ),
        LITTLE,
    )

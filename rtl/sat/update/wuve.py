"""Weight update vector engine: lanes that update weights a slice at a time, and the vectors they make up."""

from myhdl import always, concat

from rtl.hdl.hierarchy import module
from rtl.hdl.lanes import join, pack, split
from rtl.hdl.stream import bit, bus
from rtl.sat import layouts, timing
from rtl.sat.config import SatConfig
from rtl.sat.update.bundles import SectionRow, UpdateSlice
from rtl.sat.update.wuve_lane import wuve_lane

SLICE = timing.WUVE_LANE


@module
def wuve(clk, rst, valid, entering, momentum, rates, masters, halves, config):
    """Update slices of weights, and collect them into vectors.

    valid      in   a slice of update_lanes weights comes
    entering   in   bundles.UpdateSlice
    momentum, rates  in  as in wuve_lane
    masters    out  bundles.SectionRow: layouts.masters, the vector of largest_m new weights and velocities
    halves     out  bundles.SectionRow: the new weights as FP16
    Latency    23 cycles (WUVE_LANE + 1) from a vector's last slice to masters.done, one more to halves.done
    Throughput 1 slice per cycle
    Reset      synchronous, active high: the next slice is the first of its vector
    Golden     rtl/golden/sgd.py
    """
    lanes, slices = range(config.update_lanes), config.largest_m // config.update_lanes
    slice_bits, half_bits = 32 * config.update_lanes, 16 * config.update_lanes
    weights, velocities, gradients, weights_out, velocities_out = ([bus(32) for _ in lanes] for _ in range(5))
    halves_out = [bus(16) for _ in lanes]
    new_weights, new_velocities, new_halves = bus(slice_bits), bus(slice_bits), bus(half_bits)
    vector_bits = 32 * config.largest_m
    vector, speeds = bus(vector_bits), bus(vector_bits)  # the oldest slice in the low bits
    under_way = bus(SLICE + 1)  # slices on their way
    collected = bus(max(1, (slices - 1).bit_length()))

    @always(clk.posedge)
    def count():
        under_way.next = concat(under_way[SLICE:], valid)
        masters.done.next = under_way[SLICE - 1] and collected == slices - 1
        halves.done.next = masters.done
        if under_way[SLICE - 1]:
            if collected == slices - 1:
                collected.next = 0
            else:
                collected.next = collected + 1
        if rst:
            under_way.next = 0
            collected.next = 0
            masters.done.next = False
            halves.done.next = False

    if slices > 1:

        @always(clk.posedge)
        def collect():
            if under_way[SLICE - 1]:
                vector.next = concat(new_weights, vector[vector_bits:slice_bits])
                speeds.next = concat(new_velocities, speeds[vector_bits:slice_bits])
            if under_way[SLICE]:
                halves.row.next = concat(new_halves, halves.row[vector_bits // 2 : half_bits])
    else:

        @always(clk.posedge)
        def collect():
            if under_way[SLICE - 1]:
                vector.next = new_weights
                speeds.next = new_velocities
            if under_way[SLICE]:
                halves.row.next = new_halves

    wires = (
        split(entering.weights, weights),
        split(entering.velocities, velocities),
        split(entering.gradients, gradients),
        join(weights_out, new_weights),
        join(velocities_out, new_velocities),
        join(halves_out, new_halves),
        pack(layouts.masters(config), masters.row, weights=vector, velocities=speeds),
    )
    units = [
        wuve_lane(
            clk,
            weights[k],
            velocities[k],
            gradients[k],
            momentum,
            rates,
            weights_out[k],
            velocities_out[k],
            halves_out[k],
        )
        for k in lanes
    ]
    return count, collect, wires, units


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `wuve`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        valid=bit(),
        entering=UpdateSlice(config),
        momentum=bit(),
        rates=bus(layouts.rates()),
        masters=SectionRow(layouts.masters(config).width),
        halves=SectionRow(layouts.halves_bits(config)),
    )

"""Weight update vector engine: lanes that update weights a slice at a time, and the vectors they make up."""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl import sat_timing as timing
from rtl.hierarchy import module, waives
from rtl.lanes import join, split
from rtl.wuve_lane import wuve_lane

SLICE = timing.WUVE_LANE


@waives(UNUSEDSIGNAL="of some words only certain fields are used here")
@module
def wuve(
    clk, rst, valid, weights, velocities, gradients, momentum, rates, masters_done, masters, halves_done, halves, config
):
    """Update slices of weights, and collect them into vectors.

    valid      in   a slice of update_lanes weights comes
    weights, velocities, gradients  in  FP32, the first in the low bits
    momentum, rates                 in  as in wuve_lane
    masters    out  a vector of largest_m new weights, and above them their velocities, FP32
    halves     out  the new weights as FP16
    *_done     out  the vector is complete, for this cycle
    Latency    23 cycles (WUVE_LANE + 1) from a vector's last slice to masters_done, one more to halves_done
    Throughput 1 slice per cycle
    Reset      synchronous, active high: the next slice is the first of its vector
    Golden     rtl/golden/sgd.py
    """
    lanes, slices = range(config.update_lanes), config.largest_m // config.update_lanes
    slice_bits, vector_bits = 32 * len(lanes), 32 * config.largest_m
    names = ("weight", "velocity", "gradient", "new_weight", "new_velocity")
    of = {name: [Signal(intbv(0)[32:]) for _ in lanes] for name in names}
    of_half = [Signal(intbv(0)[16:]) for _ in lanes]
    new_weights, new_velocities = (Signal(intbv(0)[slice_bits:]) for _ in range(2))
    new_halves = Signal(intbv(0)[slice_bits // 2 :])
    vector, speeds = (Signal(intbv(0)[vector_bits + slice_bits :]) for _ in range(2))
    shorts = Signal(intbv(0)[(vector_bits + slice_bits) // 2 :])
    under_way = Signal(intbv(0)[SLICE + 1 :])  # slices on their way
    collected = Signal(intbv(0)[max(1, (slices - 1).bit_length()) :])

    @always(clk.posedge)
    def collect():
        under_way.next = concat(under_way[SLICE:], valid)
        masters_done.next = under_way[SLICE - 1] and collected == slices - 1
        halves_done.next = masters_done
        if under_way[SLICE - 1]:
            vector.next = concat(new_weights, vector[vector_bits + slice_bits : slice_bits])
            speeds.next = concat(new_velocities, speeds[vector_bits + slice_bits : slice_bits])
            if collected == slices - 1:
                collected.next = 0
            else:
                collected.next = collected + 1
        if under_way[SLICE]:
            shorts.next = concat(new_halves, shorts[(vector_bits + slice_bits) // 2 : slice_bits // 2])
        if rst:
            under_way.next = 0
            collected.next = 0
            masters_done.next = False
            halves_done.next = False

    @always_comb
    def show():
        masters.next = concat(
            speeds[vector_bits + slice_bits : slice_bits], vector[vector_bits + slice_bits : slice_bits]
        )
        halves.next = shorts[(vector_bits + slice_bits) // 2 : slice_bits // 2]

    wires = (
        split(weights, of["weight"]),
        split(velocities, of["velocity"]),
        split(gradients, of["gradient"]),
        join(of["new_weight"], new_weights),
        join(of["new_velocity"], new_velocities),
        join(of_half, new_halves),
    )
    units = [
        wuve_lane(
            clk,
            of["weight"][k],
            of["velocity"][k],
            of["gradient"][k],
            momentum,
            rates,
            of["new_weight"][k],
            of["new_velocity"][k],
            of_half[k],
        )
        for k in lanes
    ]
    return collect, show, wires, units

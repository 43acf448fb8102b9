"""The west edge of a row: its activation buffer, and the groups it assembles from beats."""
from myhdl import Signal, always, always_comb, concat, intbv

from rtl import words
from rtl.config import BEAT
from rtl.hierarchy import module

BEAT_BITS = 16 * BEAT


@module
def west_lane(clk, write, write_address, write_data, control, control_out, load, group, config):
    """Keep two banks of activations of one row, and hand them to the array a group at a time.

    write          in   store write_data (BEAT activations, FP16, the first in the low bits) at write_address
    control        in   words.west_control: which beat to read, and when its group is to move in
    control_out    out  control a cycle later, for the row below
    load           out  the group is complete: for the first processing element
    group          out  largest_m activations; above them, one bit for each that is infinite or NaN
    Latency        beats read in cycles t, t + 1, ... stand in group from t + 2, t + 3, ... on
    Throughput     1 beat per cycle
    Reset          none: control comes reset
    Golden         none of its own; rtl/golden/gemm.py through the array
    """
    layout = words.west_control(config)
    read_bit = layout["read"][1]
    address_high, address_low = layout["address"]
    beat_high, beat_low = layout["beat"]
    load_bit = layout["load"][1]
    group_bits = 16 * config.largest_m

    memory = [Signal(intbv(0)[BEAT_BITS:]) for _ in range(2 * config.chunk // BEAT)]
    fetched = Signal(bool(0))
    place = Signal(intbv(0)[2:])
    beat = Signal(intbv(0)[BEAT_BITS:])
    activations = Signal(intbv(0)[group_bits:])
    special = Signal(intbv(0)[config.largest_m:])

    @always(clk.posedge)
    def store():
        if write:
            memory[write_address].next = write_data

    @always(clk.posedge)
    def fetch():
        control_out.next = control
        fetched.next = control[read_bit]
        place.next = control[beat_high:beat_low]
        if control[read_bit]:
            beat.next = memory[control[address_high:address_low]]

    @always(clk.posedge)
    def assemble():
        exceptions = intbv(0)[BEAT:]
        exceptions[:] = concat(beat[63:58] == 31, beat[47:42] == 31, beat[31:26] == 31, beat[15:10] == 31)
        if fetched:
            if place == 0:                  # and clear the places of a shorter group
                activations.next = beat
                special.next = exceptions
            else:
                activations.next = activations | (beat << concat(place, intbv(0)[6:]))
                special.next = special | (exceptions << concat(place, intbv(0)[2:]))

    @always_comb
    def hand_over():
        load.next = control[load_bit]
        group.next = concat(special, activations)

    return store, fetch, assemble, hand_over

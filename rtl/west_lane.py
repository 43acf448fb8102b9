"""The west edge of a row: its activation buffer, the groups it assembles from beats, and when the row below follows."""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl import words
from rtl.config import BEAT
from rtl.hierarchy import module, waives

BEAT_BITS = 16 * BEAT


@waives(
    BLKSEQ="a clocked process assigns to variables of its own",
    WIDTH="operands are as wide as they are, and results are cut to their signal",
)
@module
def west_lane(clk, rst, write, write_address, write_data, pace, control, control_out, step, group, config):
    """Keep two banks of activations of one row, and hand them to the array a group at a time.

    write          in   store write_data (BEAT activations, FP16, the first in the low bits) at write_address
    pace           in   words.pace
    control        in   words.west_control: which beat to read, and the step
    control_out    out  control for the row below: a cycle later, or a group later where weights are stationary,
                        for then that row takes up the sums that this one leaves
    step           out  words.step, for the first processing element
    group          out  largest_m activations; above them, one bit for each that is infinite or NaN
    Latency        beats read in cycles t, t + 1, ... stand in group from t + 2, t + 3, ... on
    Throughput     1 beat per cycle
    Reset          synchronous, active high, for 4 turns while pace goes around: clears the delay line
    Golden         none of its own; rtl/golden/gemm.py through the array
    """
    layout = words.west_control(config)
    read_bit = layout["read"][1]
    address_high, address_low = layout["address"]
    beat_high, beat_low = layout["beat"]
    step_high, step_low = layout["step"]
    weights_bit = words.pace(config)["weights"][1]
    place_high, place_low = words.pace(config)["place"]
    group_bits = 16 * config.largest_m

    memory = [Signal(intbv(0)[BEAT_BITS:]) for _ in range(2 * config.chunk // BEAT)]
    delayed = [Signal(intbv(0)[layout.width :]) for _ in range(words.KEPT * config.turn)]
    fetched = Signal(bool(0))
    place = Signal(intbv(0)[2:])
    beat = Signal(intbv(0)[BEAT_BITS:])
    activations = Signal(intbv(0)[group_bits:])
    special = Signal(intbv(0)[config.largest_m :])

    @always(clk.posedge)
    def store():
        if write:
            memory[write_address].next = write_data

    @always(clk.posedge)
    def fetch():
        fetched.next = control[read_bit]
        place.next = control[beat_high:beat_low]
        if control[read_bit]:
            beat.next = memory[control[address_high:address_low]]

    @always(clk.posedge)
    def follow():
        control_out.next = control
        if pace[weights_bit]:
            control_out.next = delayed[pace[place_high:place_low]]
            delayed[pace[place_high:place_low]].next = control
        if rst:
            control_out.next = 0
            delayed[pace[place_high:place_low]].next = 0

    @always(clk.posedge)
    def assemble():
        exceptions = intbv(0)[BEAT:]
        exceptions[:] = concat(beat[63:58] == 31, beat[47:42] == 31, beat[31:26] == 31, beat[15:10] == 31)
        if fetched:
            if place == 0:  # and clear the places of a shorter group
                activations.next = beat
                special.next = exceptions
            else:
                activations.next = activations | (beat << concat(place, intbv(0)[6:]))
                special.next = special | (exceptions << concat(place, intbv(0)[2:]))

    @always_comb
    def hand_over():
        step.next = control[step_high:step_low]
        group.next = concat(special, activations)

    return store, fetch, follow, assemble, hand_over

"""The west edge of a row: its activation buffer, the groups it assembles from beats, and when the row below follows."""

from myhdl import always, always_comb, concat, intbv

from rtl.hdl.hierarchy import module, waives
from rtl.hdl.lanes import pack, unpack
from rtl.hdl.layout import Layout
from rtl.hdl.stream import bit, bus
from rtl.sat import bundles, layouts
from rtl.sat.config import BEAT, SatConfig

BEAT_BITS = 16 * BEAT


@waives(
    WIDTH="a beat is shifted to its place in a longer group",
)
@module
def west_lane(clk, rst, write, write_address, write_data, skew, control, control_out, east, config):
    """Keep two banks of activations of one row, and hand them to the array a group at a time.

    write          in   store write_data (BEAT activations, FP16, the first in the low bits) at write_address
    skew           in   layouts.skew_control
    control        in   layouts.west_control: which beat to read, and the step
    control_out    out  control for the row below: a cycle later, or a group later where weights are stationary,
                        for then that row takes up the sums that this one leaves
    east           out  bundles.Row, for the first processing element
    Latency        beats read in cycles t, t + 1, ... stand in east.group from t + 2, t + 3, ... on
    Throughput     1 beat per cycle
    Reset          synchronous, active high, for 4 turns while the skew's place goes around: clears the delay line
    Golden         none of its own; rtl/golden/gemm.py through the array
    """
    f, around, whole = layouts.west_control(config), layouts.skew_control(config), layouts.group(config)
    four = Layout(**dict.fromkeys("abcd", layouts.half()))  # a beat

    memory = [bus(BEAT_BITS) for _ in range(2 * config.chunk // BEAT)]
    delayed = [bus(f) for _ in range(layouts.KEPT * config.turn)]
    fetched = bit()
    place = bus(f, "beat")
    beat, exceptions = bus(BEAT_BITS), bus(BEAT)  # exceptions: which of the beat are infinite or NaN
    activations, special = bus(whole, "activations"), bus(whole, "special")

    @always(clk.posedge)
    def store():
        if write:
            memory[write_address].next = write_data

    @always(clk.posedge)
    def fetch():
        fetched.next = control[f.read_bit]
        place.next = control[f.beat_high : f.beat_low]
        if control[f.read_bit]:
            beat.next = memory[control[f.address_high : f.address_low]]

    @always(clk.posedge)
    def delay():
        control_out.next = control
        if skew[around.weights_bit]:
            control_out.next = delayed[skew[around.place_high : around.place_low]]
            delayed[skew[around.place_high : around.place_low]].next = control
        if rst:
            control_out.next = 0
            delayed[skew[around.place_high : around.place_low]].next = 0

    @always_comb
    def classify():
        exceptions.next[0] = beat[four.a_exponent_high : four.a_exponent_low] == 31
        exceptions.next[1] = beat[four.b_exponent_high : four.b_exponent_low] == 31
        exceptions.next[2] = beat[four.c_exponent_high : four.c_exponent_low] == 31
        exceptions.next[3] = beat[four.d_exponent_high : four.d_exponent_low] == 31

    @always(clk.posedge)
    def assemble():
        if fetched:
            if place == 0:  # and clear the places of a shorter group
                activations.next = beat
                special.next = exceptions
            else:
                activations.next = activations | (beat << concat(place, intbv(0)[6:]))
                special.next = special | (exceptions << concat(place, intbv(0)[2:]))

    wires = unpack(f, control, step=east.step), pack(whole, east.group, activations=activations, special=special)
    return store, fetch, delay, classify, assemble, wires


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `west_lane`, by name."""
    control = layouts.west_control(config)
    return dict(
        clk=bit(),
        rst=bit(),
        write=bit(),
        write_address=bus(control, "address"),
        write_data=bus(BEAT_BITS),
        skew=bus(layouts.skew_control(config)),
        control=bus(control),
        control_out=bus(control),
        east=bundles.Row(config),
    )

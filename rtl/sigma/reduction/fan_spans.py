"""The extent of runs of lanes, from the vector IDs."""

from myhdl import always_comb, concat, intbv

from rtl.hdl.hierarchy import module
from rtl.hdl.lanes import join, split
from rtl.hdl.stream import bus


@module
def fan_spans(runs, active, spans, lanes, id_bits):
    """Tell which lanes belong together.

    The lanes of a run are consecutive, so only neighbours are compared: two lanes further apart belong together when
    all neighbours between them do. That takes lanes - 1 comparators; the paper's control compares at every distance.

    runs        in   a vecID for each lane, lane 0 in the low bits
    active      in   lanes that belong to a run; the vecID of any other means nothing
    spans       out  bit (lanes + 1) * j + i: the lanes i - 1 to i - 1 + 2^j are all there and belong to one run;
                     j = 0 .. log2(lanes) - 1
    Latency     0, combinational
    Golden      none of its own; rtl/golden/fan.py through the network
    """
    levels = lanes.bit_length() - 1

    ids = [bus(id_bits) for _ in range(lanes)]
    present = bus(lanes + 1)  # bit i: lane i belongs to a run; beyond the last lane is none
    joints = bus(lanes + 1)  # bit i: the lanes i - 1 and i belong together; beyond the edges is none
    rows = [bus(lanes + 1) for _ in range(levels)]

    @always_comb
    def extend():
        present.next = concat(False, active)

    @always_comb
    def compare():
        equal = intbv(0)[lanes + 1 :]
        equal[:] = 0
        for i in range(1, lanes):
            equal[i] = ids[i - 1] == ids[i]
        joints.next = equal & present & (present << 1)

    @always_comb
    def stretch():
        together = intbv(0)[lanes + 1 :]
        distance = intbv(1)[levels + 1 :]
        together[:] = joints
        for j in range(levels):
            rows[j].next = together
            together[:] = together & (together >> distance)
            distance[:] = distance << 1

    return split(runs, ids), extend, compare, stretch, join(rows, spans)


def ports(lanes: int, id_bits: int) -> dict:
    """Fresh ports of a `fan_spans`, by name."""
    return dict(
        runs=bus(lanes * id_bits),
        active=bus(lanes),
        spans=bus((lanes + 1) * (lanes.bit_length() - 1)),
    )

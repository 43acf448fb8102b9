"""Where runs of lanes begin and end, from the vector IDs."""

from myhdl import Signal, always_comb, intbv

from rtl.hierarchy import module, waives
from rtl.lanes import join, split


@waives(WIDTH="operands are as wide as they are, and results are cut to their signal")
@module
def fan_spans(runs, active, spans, alone, lanes, id_bits):
    """Tell which lanes belong together.

    The lanes of a run are consecutive, so only neighbours are compared: two lanes further apart belong together when
    all neighbours between them do. That takes lanes - 1 comparators; the paper's control compares at every distance.

    runs        in   a vecID for each lane, lane 0 in the low bits
    active      in   lanes that belong to a run; the vecID of any other means nothing
    spans       out  bit (lanes + 1) * j + i: the lanes i - 1 to i - 1 + 2^j are all there and belong to one run;
                     j = 0 .. log2(lanes) - 1
    alone       out  lanes that are a run of their own
    Latency     0, combinational
    Golden      none of its own; rtl/golden/fan.py through the network
    """
    levels = lanes.bit_length() - 1

    ids = [Signal(intbv(0)[id_bits:]) for _ in range(lanes)]
    joints = Signal(intbv(0)[lanes + 1 :])  # bit i: the lanes i - 1 and i belong together; beyond the edges is none
    rows = [Signal(intbv(0)[lanes + 1 :]) for _ in range(levels)]

    @always_comb
    def compare():
        equal = intbv(0)[lanes + 1 :]
        equal[:] = 0
        for i in range(1, lanes):
            equal[i] = ids[i - 1] == ids[i]
        joints.next = equal & active & (active << 1)

    @always_comb
    def isolate():
        alone.next = active & ~joints & ~(joints >> 1)

    @always_comb
    def stretch():
        together = intbv(0)[lanes + 1 :]
        together[:] = joints
        for j in range(levels):
            rows[j].next = together
            together[:] = together & (together >> (1 << j))

    return split(runs, ids), compare, isolate, stretch, join(rows, spans)

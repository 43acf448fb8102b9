"""Sparse online reduction engine: both compact copies of the weights that stream by, a vector at a time."""

from myhdl import always, always_comb

from rtl.hdl.hierarchy import module, waives
from rtl.hdl.lanes import join, split
from rtl.hdl.stream import bit, bus
from rtl.sat import layouts
from rtl.sat.config import SatConfig
from rtl.sat.update.bundles import SectionRow
from rtl.sat.update.sore_lane import sore_lane
from rtl.sat.update.sore_row import sore_row
from rtl.sat.update.sore_word import sore_word

PLACES = layouts.KEPT


@waives(UNUSEDSIGNAL="all lanes are done in the same cycle, so only the first one is asked")
@module
def sore(clk, rst, valid, vector, n, m, forward, backward, config):
    """Reduce vectors of weights along time, for the forward pass, and along the vector, for the backward pass.

    A vector holds the weights of consecutive output channels; the next one those of the next input channel.

    valid      in   `vector` is the next
    vector     in   largest_m FP16
    n, m       in   as in sore_lane
    forward    out  bundles.SectionRow, a row of m vectors: for each of 4 places (the first, second ... weight kept of
                    a group) largest_m layouts.weight: of the groups of each output channel
    backward   out  the same, of the groups of each vector, vector by vector
    Latency    1 cycle (SORE_LANE) from the row's last vector to forward.done, 3 (SORE_WORD + 1) to backward.done
    Throughput 1 vector per cycle
    Reset      synchronous, active high: the next vector is the first of its m
    Golden     rtl/golden/nm.py, nm_compact
    """
    lanes, groups = range(config.largest_m), range(config.largest_m // 4)
    entry = layouts.weight(config)
    values = [bus(16) for _ in lanes]
    lane_kept = [bus(PLACES * entry.width) for _ in lanes]
    lane_done = [bit() for _ in lanes]
    first_done = lane_done[0]
    along_time = [[bus(entry) for _ in range(PLACES)] for _ in lanes]
    word_done = bit()
    word_kept = bus(len(lanes) * entry.width)
    along_vector = [bus(entry) for _ in lanes]  # of group g, place p: 4 g + p
    fresh = [bus(len(groups) * entry.width) for _ in range(PLACES)]
    rows = [bus(len(lanes) * entry.width) for _ in range(PLACES)]
    gathered = bus(5)  # vectors in the rows

    @always_comb
    def drive():
        forward.done.next = first_done

    @always(clk.posedge)
    def count():
        backward.done.next = word_done and gathered + 1 == m
        if word_done and gathered + 1 == m:
            gathered.next = 0
        elif word_done:
            gathered.next = gathered + 1
        if rst:
            gathered.next = 0
            backward.done.next = False

    wires = (
        split(vector, values),
        [split(lane_kept[k], along_time[k]) for k in lanes],
        split(word_kept, along_vector),
        join([along_time[k][place] for place in range(PLACES) for k in lanes], forward.row),
        [join([along_vector[PLACES * g + place] for g in groups], fresh[place]) for place in range(PLACES)],
        join(rows, backward.row),
    )
    of_time = [sore_lane(clk, rst, valid, values[k], n, m, lane_done[k], lane_kept[k], config) for k in lanes]
    of_vector = sore_word(clk, rst, valid, vector, n, m, word_done, word_kept, config)
    keepers = [sore_row(clk, word_done, fresh[place], m, rows[place], config) for place in range(PLACES)]
    return drive, count, wires, of_time, of_vector, keepers


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `sore`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        valid=bit(),
        vector=bus(layouts.halves_bits(config)),
        n=bus(layouts.update(config), "n"),
        m=bus(layouts.update(config), "m"),
        forward=SectionRow(layouts.copy_bits(config)),
        backward=SectionRow(layouts.copy_bits(config)),
    )

"""Sparse online reduction engine: both compact copies of the weights that stream by, a vector at a time."""

from myhdl import Signal, always, always_comb, intbv

from rtl import words
from rtl.hierarchy import module, waives
from rtl.lanes import join, split
from rtl.sore_lane import sore_lane
from rtl.sore_row import sore_row
from rtl.sore_word import sore_word

PLACES = 4


@waives(UNUSEDSIGNAL="of some words only certain fields are used here")
@module
def sore(clk, rst, valid, vector, n, m, forward_done, forward, backward_done, backward, config):
    """Reduce vectors of weights along time, for the forward pass, and along the vector, for the backward pass.

    A vector holds the weights of consecutive output channels; the next one those of the next input channel.

    valid      in   `vector` is the next
    vector     in   largest_m FP16
    n, m       in   as in sore_lane
    *_done     out  a row of that copy, of m vectors, stands in forward or backward, for this cycle
    forward    out  for each of 4 places (the first, second ... weight kept of a group) largest_m words.weight: of the
                    groups of each output channel
    backward   out  the same, of the groups of each vector, vector by vector
    Latency    1 cycle (SORE_LANE) from the row's last vector to forward_done, 3 (SORE_WORD + 1) to backward_done
    Throughput 1 vector per cycle
    Reset      synchronous, active high: the next vector is the first of its m
    Golden     rtl/golden/nm.py, nm_compact
    """
    lanes, groups = range(config.largest_m), range(config.largest_m // 4)
    entry = words.weight(config).width
    values = [Signal(intbv(0)[16:]) for _ in lanes]
    lane_kept = [Signal(intbv(0)[PLACES * entry :]) for _ in lanes]
    lane_done = [Signal(bool(0)) for _ in lanes]
    first_done = lane_done[0]
    along_time = [[Signal(intbv(0)[entry:]) for _ in range(PLACES)] for _ in lanes]
    word_done = Signal(bool(0))
    word_kept = Signal(intbv(0)[len(lanes) * entry :])
    along_vector = [Signal(intbv(0)[entry:]) for _ in lanes]  # of group g, place p: 4 g + p
    fresh = [Signal(intbv(0)[len(groups) * entry :]) for _ in range(PLACES)]
    rows = [Signal(intbv(0)[len(lanes) * entry :]) for _ in range(PLACES)]
    gathered = Signal(intbv(0)[5:])  # vectors in the rows

    @always_comb
    def announce():
        forward_done.next = first_done

    @always(clk.posedge)
    def count():
        backward_done.next = word_done and gathered + 1 == m
        if word_done and gathered + 1 == m:
            gathered.next = 0
        elif word_done:
            gathered.next = gathered + 1
        if rst:
            gathered.next = 0
            backward_done.next = False

    wires = (
        split(vector, values),
        [split(lane_kept[k], along_time[k]) for k in lanes],
        split(word_kept, along_vector),
        join([along_time[k][place] for place in range(PLACES) for k in lanes], forward),
        [join([along_vector[PLACES * g + place] for g in groups], fresh[place]) for place in range(PLACES)],
        join(rows, backward),
    )
    of_time = [sore_lane(clk, rst, valid, values[k], n, m, lane_done[k], lane_kept[k], config) for k in lanes]
    of_vector = sore_word(clk, rst, valid, vector, n, m, word_done, word_kept, config)
    keepers = [sore_row(clk, word_done, fresh[place], m, rows[place], config) for place in range(PLACES)]
    return announce, count, wires, of_time, of_vector, keepers

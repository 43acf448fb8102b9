"""Where results leave: as FP32, or rounded to FP16, a word of all lanes at a time."""

from myhdl import always

from rtl.hdl.hierarchy import module
from rtl.hdl.lanes import join, split
from rtl.hdl.stream import Stream, bit, bus
from rtl.shared.result_lane import result_lane


@module
def result_port(clk, rst, advance, drained, to_half, beyond, results, overflow):
    """Send the word that is drained, when `advance` says so.

    advance   in   a word is taken: not while an earlier one waits
    drained   in   FP32 of each lane
    to_half   in   whether to round
    beyond    in   one bit a lane: it holds no result
    results   Stream out  32 bits for each lane: FP32, or FP16 in the low half
    overflow  out  an infinity or NaN has left as FP32 since reset
    Latency     1 cycle
    Throughput  1 word per cycle while results.ready stays high
    Reset       synchronous, active high: nothing waits
    Golden      rtl/golden/fp32_to_fp16.py
    """
    lanes = len(beyond)
    singles, leaving = ([bus(32) for _ in range(lanes)] for _ in range(2))
    infinite = [bit() for _ in range(lanes)]  # or NaN
    word, infinities = bus(32 * lanes), bus(lanes)

    @always(clk.posedge)
    def send():
        if advance:
            results.valid.next = True
            results.data.next = word
            if not to_half and (infinities & ~beyond) != 0:
                overflow.next = True
        elif results.ready:
            results.valid.next = False
        if rst:
            results.valid.next = False
            overflow.next = False

    rounders = [result_lane(singles[k], to_half, leaving[k], infinite[k]) for k in range(lanes)]
    return send, rounders, split(drained, singles), join(leaving, word), join(infinite, infinities)


def ports(lanes: int) -> dict:
    """Fresh ports of a `result_port`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        advance=bit(),
        drained=bus(32 * lanes),
        to_half=bit(),
        beyond=bus(lanes),
        results=Stream(32 * lanes),
        overflow=bit(),
    )

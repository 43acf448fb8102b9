"""One lane of the sparse online reduction engine: an element a cycle, against a stack of the largest so far.

The stack stands in order of arrival, so indices ascend by themselves. Each entry remembers which older ones it beats,
so the smallest needs no comparator: it beats no older entry, and all younger ones beat it. When a newcomer beats any
entry, the smallest leaves, the younger ones move down, and the newcomer takes the place above them.
"""

from myhdl import always, always_comb, concat

from rtl.hdl.hierarchy import module, waives
from rtl.hdl.lanes import join, pack, unpack
from rtl.hdl.layout import Layout
from rtl.hdl.stream import bit, bus
from rtl.sat import layouts
from rtl.sat.config import SatConfig


@waives(WIDTH="an index is compared with a wider N, and a following one with M")
@module
def sore_lane(clk, rst, valid, value, n, m, done, kept, config):
    """Keep the N largest magnitudes of each M elements, which come one a cycle.

    valid        in   `value` is the next element of its group; cycles without may stand anywhere
    value        in   FP16
    n, m         in   N in 1, 2, 4 and M in 4, 8, 16, N < M <= largest_m; steady within a group
    done         out  a group's result stands in `kept`, for this cycle
    kept         out  four layouts.weight, indices ascending, the first in the low bits; those beyond N are 0
    Latency      1 cycle (SORE_LANE) from a group's last element to done
    Throughput   1 element per cycle: a group in M cycles, and the next one right behind it
    Reset        synchronous, active high: the next element is the first of its group
    Golden       rtl/golden/nm.py, nm_pairs
    """
    entry, half, places = layouts.weight(config), layouts.half(), range(layouts.KEPT)
    # unbeaten: nothing beats it, for it is a NaN or unused; beats: a bit for each older entry
    f = Layout(entry=entry, unbeaten=1, beats=layouts.KEPT)
    index_bits = entry.bits("index")
    magnitude = half.span("fraction", "exponent")
    unused = f.pack(entry=0, unbeaten=1, beats=15)  # never the smallest

    stack = [bus(f) for _ in places]  # the oldest first
    held, beaten_by = [bus(entry) for _ in places], [bus(f, "beats") for _ in places]  # their weights and beats
    younger = [bus(f) for _ in places]  # what moves down to each place
    coming, stays = [bus(entry) for _ in places], [bit() for _ in places]  # its fields: entry, unbeaten
    beats, fewer = ([bus(f, "beats") for _ in places] for _ in range(2))  # beats, and without that which leaves
    moved = [bus(f) for _ in places]
    moves = bus(4)  # the places where it does: that of the smallest, and those above
    beaten = bus(4)  # the entries that `value` beats
    newcomer, new_entry, nan = bus(f), bus(entry), bit()
    index = bus(entry, "index")
    following = bus(index_bits + 1)
    last = bit()

    @always_comb
    def compare():
        for k in range(4):
            beaten.next[k] = (
                value[magnitude.high : magnitude.low] > stack[k][magnitude.high : magnitude.low]
                and not stack[k][f.unbeaten_bit]
            )

    @always_comb
    def select():
        first_moves = beaten_by[1][0] and beaten_by[2][0] and beaten_by[3][0]
        second_moves = first_moves or (beaten_by[2][1] and beaten_by[3][1])
        third_moves = beaten_by[3][3:] != 0
        moves.next = concat(True, third_moves, second_moves, first_moves)
        if index < n:  # the stack fills, from the top
            moves.next = 15
        elif beaten == 0:
            moves.next = 0
        if not valid:
            moves.next = 0

    @always_comb
    def classify():
        nan.next = (
            value[half.exponent_high : half.exponent_low] == 31 and value[half.fraction_high : half.fraction_low] != 0
        )

    @always_comb
    def come_down():
        younger[0].next = newcomer if n[0] else stack[1]
        younger[1].next = newcomer if n[1] else stack[2]
        younger[2].next = stack[3]
        younger[3].next = newcomer

    @always_comb
    def forget():
        for k in range(4):
            fewer[k].next = beats[k] & ~moves | (beats[k] >> 1) & moves  # without that of the entry that leaves

    @always(clk.posedge)
    def shift():
        if moves != 0:
            for k in range(4):
                if moves[k]:
                    stack[k].next = moved[k]
        if n[0]:
            stack[1].next = unused
        if n[2:] != 0:
            stack[2].next = unused
            stack[3].next = unused

    @always_comb
    def advance():
        following.next = concat(False, index) + 1
        last.next = (following & m) != 0  # M is a power of two

    @always(clk.posedge)
    def count():
        done.next = valid and last and not rst
        if rst or (valid and last):
            index.next = 0
        elif valid:
            index.next = following[index_bits:]

    wires = (
        pack(entry, new_entry, value=value, index=index),
        pack(f, newcomer, entry=new_entry, unbeaten=nan, beats=beaten),
        [unpack(f, younger[k], entry=coming[k], unbeaten=stays[k], beats=beats[k]) for k in places],
        [pack(f, moved[k], entry=coming[k], unbeaten=stays[k], beats=fewer[k]) for k in places],
        [unpack(f, stack[k], entry=held[k], beats=beaten_by[k]) for k in places],
        join(held, kept),
    )
    return compare, select, classify, come_down, forget, shift, advance, count, wires


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `sore_lane`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        valid=bit(),
        value=bus(16),
        n=bus(layouts.update(config), "n"),
        m=bus(layouts.update(config), "m"),
        done=bit(),
        kept=bus(layouts.KEPT * layouts.weight(config).width),
    )

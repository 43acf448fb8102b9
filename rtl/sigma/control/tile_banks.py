"""Account of SIGMA's banks: which hold a tile, and whether the next tile may be loaded."""

from myhdl import always, always_comb

from rtl.hdl.hierarchy import module
from rtl.hdl.layout import pair
from rtl.hdl.stream import bit, bus
from rtl.sigma import bundles, layouts
from rtl.sigma.config import SigmaConfig


@module
def tile_banks(clk, rst, command, load, free, tiles, occupied, config):
    """Keep account of two banks of records and two of streamed words, which take turns; tiles may share streamed words.

    Where a bank of records is free, so is the bank of streamed words that is not in use: the tiles that needed its
    words are all older than the one that was released.

    command    in   layouts.command of the tile that comes next
    load       in   bundles.Load.turns: a tile is accepted, and complete; out: bank and stream, of that tile
    free       out  the tile may be loaded
    tiles      out  bundles.Tiles: loaded, commands and streams of both banks; in: a tile is started, and released
    occupied   out  one bit a bank of records: it must not be written
    Latency    1 cycle
    Throughput 1 event of each kind per cycle
    Reset      synchronous, active high: all banks are empty
    Golden     tlm/sigma/times.py
    """
    both = pair(layouts.command(config))

    next_start, next_release = bit(), bit()
    ready, busy = bus(2), bus(2)  # loaded and occupied, as they stand after this cycle

    @always_comb
    def decide():
        free.next = not occupied[load.bank]

    @always_comb
    def follow():
        ready.next = tiles.loaded
        busy.next = occupied
        if tiles.started:
            ready.next[next_start] = 0
        if tiles.released:
            busy.next[next_release] = 0
        if load.complete:
            ready.next[load.bank] = 1
        if load.accepted:
            busy.next[load.bank] = 1

    @always(clk.posedge)
    def account():
        tiles.loaded.next = ready
        occupied.next = busy
        if tiles.started:
            next_start.next = not next_start
        if tiles.released:
            next_release.next = not next_release
        if load.complete:
            load.bank.next = not load.bank
        if rst:
            tiles.loaded.next = 0
            occupied.next = 0
            load.bank.next = False
            next_start.next = False
            next_release.next = False

    @always(clk.posedge)
    def share():
        if load.accepted and load.loads_stream:
            load.stream.next = not load.stream
        if rst:
            load.stream.next = True  # the first one to be filled is bank 0

    @always(clk.posedge)
    def keep():
        if load.accepted:
            tiles.streams.next[load.bank] = load.stream ^ load.loads_stream
            if load.bank:
                tiles.commands.next[both.of1_high : both.of1_low] = command
            else:
                tiles.commands.next[both.of0_high : both.of0_low] = command

    return decide, follow, account, share, keep


def ports(config: SigmaConfig) -> dict:
    """Fresh ports of a `tile_banks`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        command=bus(layouts.command(config)),
        load=bundles.Load(config).turns,
        free=bit(),
        tiles=bundles.Tiles(config),
        occupied=bus(2),
    )

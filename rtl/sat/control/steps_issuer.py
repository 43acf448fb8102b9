"""Issues the steps of tiles: the control words of the array's west edge."""

from myhdl import always, always_comb, concat

from rtl.hdl.hierarchy import module, waives
from rtl.hdl.lanes import pack, unpack
from rtl.hdl.layout import Layout
from rtl.hdl.stream import bit, bus, counter
from rtl.sat import bundles, layouts, timing
from rtl.sat.config import BEAT, SatConfig
from rtl.sat.control.stepper import stepper


@waives(
    UNUSEDSIGNAL="some fields of the commands, and the stepper's ends of turns and groups, do not make steps",
    WIDTH="a place is compared with wider numbers",
)
@module
def steps_issuer(clk, rst, start, upcoming, running, steps, west_control, config):
    """Step through one tile after another, and read its activations.

    start          in   in the next cycle the steps of the tile `upcoming` begin
    upcoming       in   bundles.NextTile, without weights_start
    running        in   bundles.RunningTile.steps: from the next cycle on that tile's command and set of accumulators,
                        and, where weights are stationary, the elements' bank that its weights lie in
    steps          out  bundles.Progress
    west_control   out  layouts.west_control for row 0: the reads at once, the steps WEST - 1 cycles later
    Latency        1 cycle from start to the first step
    Throughput     1 step per cycle, without a pause between tiles
    Reset          synchronous, active high
    Golden         none of its own; rtl/golden/gemm.py through the array
    """
    f, control, step = layouts.command(config), layouts.west_control(config), layouts.step(config)
    interleave, bank_lines = config.interleave, config.chunk // BEAT
    beat_bits = control.bits("beat")
    following = Layout(step=step, begin=1, close=1)  # what follows the reads
    oldest = following.at((timing.WEST - 2) * following.width)

    loops, at = bundles.LoopCounts(config), bundles.Position(config, steps)
    step_bank = bus(1)
    line, beat = counter(control, "address"), bus(control, "beat")
    valid, fresh, above, below, load, begins, closes, reading = (bit() for _ in range(8))
    now = bus(following)
    behind = bus((timing.WEST - 1) * following.width)  # the youngest in the low bits
    now_step, old_step = bus(step), bus(step)
    old_begin, old_close = bit(), bit()

    @always_comb
    def prepare():
        loops.groups.next = upcoming.command[f.groups_high : f.groups_low]
        loops.kept_per_group.next = upcoming.command[f.kept_per_group_high : f.kept_per_group_low]
        loops.kept_in_last_group.next = upcoming.command[f.kept_in_last_group_high : f.kept_in_last_group_low]

    @always_comb
    def read():
        reading.next = steps.active and at.value == 0 and at.place < running.command[f.beats_high : f.beats_low]
        beat.next = at.place[beat_bits:]

    @always_comb
    def describe():
        valid.next = steps.active and at.place < interleave
        fresh.next = running.command[f.first_bit] and at.value == 0 and (running.stationary or at.opening)
        above.next = steps.active and at.place < interleave and running.stationary and at.value == 0
        below.next = steps.active and at.place < interleave and running.stationary and at.last_value
        load.next = steps.active and at.place == 0 and at.value == 0
        begins.next = steps.active and running.stationary and at.opening and at.place == 0 and at.value == 0
        closes.next = steps.last and running.command[f.last_bit]

    @always(clk.posedge)
    def locate():
        if start:
            line.next = bank_lines if upcoming.bank else 0
            step_bank.next = running.weights_bank
        elif reading:
            line.next = line + 1

    @always(clk.posedge)
    def delay():
        behind.next = concat(behind[oldest.low :], now)
        if rst:
            behind.next = 0

    wires = (
        pack(
            step,
            now_step,
            valid=valid,
            fresh=fresh,
            above=above,
            below=below,
            set=running.accumulators,
            place=at.place,
            value=at.value,
            bank=step_bank,
            load=load,
        ),
        pack(following, now, step=now_step, begin=begins, close=closes),
        unpack(oldest, behind, step=old_step, begin=old_begin, close=old_close),
        pack(
            control,
            west_control,
            read=reading,
            address=line,
            beat=beat,
            end=steps.last,
            step=old_step,
            begin=old_begin,
            close=old_close,
        ),
    )
    return prepare, read, describe, locate, delay, wires, stepper(clk, rst, start, loops, at, config)


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `steps_issuer`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        start=bit(),
        upcoming=bundles.NextTile(config).only("command", "bank"),
        running=bundles.RunningTile(config).steps,
        steps=bundles.Progress(),
        west_control=bus(layouts.west_control(config)),
    )

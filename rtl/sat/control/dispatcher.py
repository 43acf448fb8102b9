"""Decides when a tile's weights, and when its steps, may start."""

from myhdl import always, always_comb

from rtl.hdl.hierarchy import module
from rtl.hdl.layout import pair
from rtl.hdl.stream import bit, bus
from rtl.sat import bundles, layouts, timing
from rtl.sat.config import SatConfig


@module
def dispatcher(clk, rst, tiles, upcoming, running, weights, steps, returned, blocks, accumulators_free, config):
    """Start tile after tile in the order of their banks.

    tiles              bundles.Tiles.starting: loaded, commands in; started out: with the weights where sums are
                       stationary, `lead` cycles later where weights are
    upcoming           out  bundles.NextTile
    running            out  bundles.RunningTile: weights_bank, stationary and kept_per_group from the cycle after
                            weights_start on, command and accumulators from the cycle after started on
    weights, steps     in   bundles.Progress
    returned           in   weight-stationary: the tile's first sum has come through all rows
    blocks             bundles.Blocks.held: commands out, stored in
    accumulators_free  out  sets of accumulators that are free
    Latency            1 cycle (START_SETUP) from the last condition of a start to the start
    Throughput         a tile's steps follow those of the tile before without a pause
    Reset              synchronous, active high
    Golden             tlm/sat/gemm_times.py, weights_start and start
    """
    f = layouts.command(config)
    both = pair(f)
    lead = timing.lead(config.rows)

    primed = bit()  # the weights of the next tile have started
    lead_left = bus((lead - 1).bit_length() + 1)
    away = bit()  # the first sum of the tile that runs has not come back
    ready = bit()
    in_step = bit()  # the next tile works as the one before, or nothing is under way

    @always_comb
    def select():
        if upcoming.bank:
            upcoming.command.next = tiles.commands[both.of1_high : both.of1_low]
        else:
            upcoming.command.next = tiles.commands[both.of0_high : both.of0_low]

    @always_comb
    def compare():
        in_step.next = (
            upcoming.command[f.weights_bit] == running.stationary
            and (
                not running.stationary
                or upcoming.command[f.kept_per_group_high : f.kept_per_group_low] == running.kept_per_group
            )
        ) or (accumulators_free == 2 and not steps.active and not primed)
        ready.next = (
            tiles.loaded[upcoming.bank]
            and (steps.last or not steps.active)
            and (not upcoming.command[f.first_bit] or accumulators_free != 0)
        )

    @always_comb
    def admit():
        if upcoming.command[f.weights_bit]:
            upcoming.weights_start.next = (
                tiles.loaded[upcoming.bank] and in_step and not primed and (weights.last or not weights.active)
            )
            tiles.started.next = ready and primed and lead_left == 0 and (returned or not away)
        else:
            upcoming.weights_start.next = ready and in_step
            tiles.started.next = ready and in_step

    @always(clk.posedge)
    def run():
        if upcoming.weights_start:
            running.stationary.next = upcoming.command[f.weights_bit]
            running.kept_per_group.next = upcoming.command[f.kept_per_group_high : f.kept_per_group_low]
            if upcoming.command[f.weights_bit]:
                running.weights_bank.next = not running.weights_bank
            primed.next = upcoming.command[f.weights_bit]
            lead_left.next = lead - 1
        elif lead_left != 0:
            lead_left.next = lead_left - 1
        if tiles.started:
            running.command.next = upcoming.command
            upcoming.bank.next = not upcoming.bank
            primed.next = False
            away.next = upcoming.command[f.weights_bit]
            if upcoming.command[f.first_bit]:
                running.accumulators.next = not running.accumulators
        elif returned:
            away.next = False
        if rst:
            upcoming.bank.next = 0
            running.accumulators.next = 1  # the first block takes the other set
            primed.next = False
            away.next = False
            running.stationary.next = False
            running.weights_bank.next = 0
            lead_left.next = 0

    @always(clk.posedge)
    def account():
        if tiles.started and upcoming.command[f.first_bit] and not blocks.stored:
            accumulators_free.next = accumulators_free - 1
        elif blocks.stored and not (tiles.started and upcoming.command[f.first_bit]):
            accumulators_free.next = accumulators_free + 1
        if steps.last:
            if running.accumulators:
                blocks.commands.next[both.of1_high : both.of1_low] = running.command
            else:
                blocks.commands.next[both.of0_high : both.of0_low] = running.command
        if rst:
            accumulators_free.next = 2

    return select, compare, admit, run, account


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `dispatcher`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        tiles=bundles.Tiles(config).starting,
        upcoming=bundles.NextTile(config),
        running=bundles.RunningTile(config),
        weights=bundles.Progress(),
        steps=bundles.Progress(),
        returned=bit(),
        blocks=bundles.Blocks(config).held,
        accumulators_free=bus(2),
    )

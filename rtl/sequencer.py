"""Says at each cycle what the array's edges do: starts tiles, steps through them, and knows when they are through."""

from myhdl import Signal, intbv

from rtl import words
from rtl.dispatcher import dispatcher
from rtl.hierarchy import module
from rtl.pacer import pacer
from rtl.steps_issuer import steps_issuer
from rtl.weights_issuer import weights_issuer


@module
def sequencer(
    clk,
    rst,
    loaded,
    held_commands,
    started,
    bank_done,
    west_control,
    north_control,
    pace,
    last_row,
    below,
    finished,
    finished_command,
    stored,
    accumulators_free,
    issuing,
    last_step,
    config,
):
    """Run each tile as soon as its operands are there and, for a new block, accumulators are free.

    loaded             in   one bit a bank: it holds a tile to be started
    held_commands      in   the words.command of both banks, bank 0 in the low bits
    started            out  the steps of the older loaded tile start in the next cycle
    bank_done          out  the last lane has read the older bank for the last time
    west_control       out  words.west_control for row 0
    north_control      out  words.north_control for column 0
    pace               out  words.pace
    last_row, below    in   words.west_control as it comes to the last row, and to a row below it
    finished           out  a block's sums stand in all accumulators
    finished_command   out  the words.command of the last tile of the blocks in both accumulator sets
    stored             in   the older finished block has left the array
    accumulators_free  out  sets of accumulators that are free
    issuing            out  a tile's steps are issued in this cycle
    last_step          out  the last of them is
    Latency            1 cycle (START_SETUP) from loaded to the first step; release_lag and drain_lag
                       (rtl/sat_timing.py) from a tile's last step to bank_done and to finished being acted upon
    Throughput         1 step per cycle, without a pause between tiles that are ready
    Reset              synchronous, active high
    Golden             tlm/timeline.py, compute_start and compute_end
    """
    layout = words.command(config)
    candidate, command = (Signal(intbv(0)[layout.width :]) for _ in range(2))  # of the next tile, and of this one
    bank, weights_bank, accumulators = (Signal(intbv(0)[1:]) for _ in range(3))
    values = Signal(intbv(0)[layout.bits("values") :])
    weights_start, weights_active, weights_last, stationary, returned = (Signal(bool(0)) for _ in range(5))

    decide = dispatcher(
        clk,
        rst,
        loaded,
        held_commands,
        weights_active,
        weights_last,
        issuing,
        last_step,
        returned,
        stored,
        candidate,
        bank,
        weights_start,
        started,
        command,
        stationary,
        values,
        accumulators,
        weights_bank,
        finished_command,
        accumulators_free,
        config,
    )
    weights = weights_issuer(
        clk,
        rst,
        weights_start,
        candidate,
        bank,
        stationary,
        weights_bank,
        weights_active,
        weights_last,
        north_control,
        config,
    )
    steps = steps_issuer(
        clk,
        rst,
        started,
        candidate,
        command,
        bank,
        stationary,
        accumulators,
        weights_bank,
        issuing,
        last_step,
        west_control,
        config,
    )
    through = pacer(clk, rst, stationary, values, pace, last_row, below, bank_done, finished, returned, config)
    return decide, weights, steps, through

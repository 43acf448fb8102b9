"""A Flex-DPE: multipliers in a row, which values are streamed to, and the adder network that sums their runs."""

from myhdl import Signal, always, always_comb, intbv

from rtl.hierarchy import module
from rtl.lanes import join, split
from rtl.sigma import layouts
from rtl.sigma.benes import benes
from rtl.sigma.bit_picker import bit_picker
from rtl.sigma.fan import fan
from rtl.sigma.multiplier import multiplier
from rtl.sigma.picker import picker
from rtl.sigma.record import record
from rtl.sigma.step_trail import bank_word


@module
def flex_dpe(clk, line, write, place, banks, streamed, results, config):
    """Multiply streamed words by stationary values, and sum the products of each run of lanes.

    line, write, place  in  a piece of layouts.engine_record, and which one (rtl/sigma/record.py)
    banks       in   bank_word: which record a column finds at each part, when it gets there
    streamed    in   a word for each element of k, lane 0 in the low bits
    results     out  FP32 sums as the record's picks name them; +0 where a pick names no complete one
    Latency     DISTRIBUTE + MULTIPLY + the FAN's levels x ACCUMULATE + PICK cycles from streamed to results
    Throughput  1 column per cycle
    Reset       none: a pipeline without state
    Golden      rtl/golden/sigma.py
    """
    lanes, layout = config.lanes, layouts.engine_record(config)
    values_high, values_low = layout["values"]
    settings_high, settings_low = layout["settings"]
    runs_high, runs_low = layout["runs"]
    active_high, active_low = layout["active"]
    picks_high, picks_low = layout["picks"]
    settings_bit, values_bit, runs_bit, picks_bit = (
        bank_word(config)[name][1] for name in ("settings", "values", "runs", "picks")
    )
    pieces, bits = layouts.pieces(layout, config), layouts.OPERAND
    bf16 = int(config.operands == "bf16")

    low, high = (Signal(intbv(0)[pieces * layouts.line_bits(config) :]) for _ in range(2))
    settings, runs, active = (Signal(intbv(0)[layout.bits(name) :]) for name in ("settings", "runs", "active"))
    stationary, arriving, distributed = (Signal(intbv(0)[bits * lanes :]) for _ in range(3))
    picks = Signal(intbv(0)[layout.bits("picks") :])
    products, sums = (Signal(intbv(0)[32 * lanes :]) for _ in range(2))
    complete = Signal(intbv(0)[lanes:])
    values, arrivals = ([Signal(intbv(0)[bits:]) for _ in range(lanes)] for _ in range(2))
    singles = [Signal(intbv(0)[32:]) for _ in range(lanes)]
    chosen = [Signal(intbv(0)[config.levels :]) for _ in range(config.results)]
    wanted = [Signal(bool(0)) for _ in range(config.results)]
    picked = [Signal(intbv(0)[32:]) for _ in range(config.results)]

    @always_comb
    def configure():
        settings.next = high[settings_high:settings_low] if banks[settings_bit] else low[settings_high:settings_low]

    @always_comb
    def hold():
        stationary.next = high[values_high:values_low] if banks[values_bit] else low[values_high:values_low]

    @always_comb
    def delimit():
        if banks[runs_bit]:
            runs.next = high[runs_high:runs_low]
            active.next = high[active_high:active_low]
        else:
            runs.next = low[runs_high:runs_low]
            active.next = low[active_high:active_low]

    @always_comb
    def collect():
        picks.next = high[picks_high:picks_low] if banks[picks_bit] else low[picks_high:picks_low]

    @always(clk.posedge)
    def distribute():
        distributed.next = arriving

    return (
        configure,
        hold,
        delimit,
        collect,
        distribute,
        record(clk, line, write, place, low, high, pieces),
        benes(streamed, settings, arriving, lanes, bits),
        split(stationary, values),
        split(distributed, arrivals),
        split(picks, chosen),
        [multiplier(clk, values[i], arrivals[i], singles[i], bf16) for i in range(lanes)],
        join(singles, products),
        fan(clk, products, runs, active, sums, complete, lanes, layouts.RUN),
        [bit_picker(complete, pick, is_sum) for pick, is_sum in zip(chosen, wanted)],
        [picker(clk, sums, chosen[r], wanted[r], picked[r], lanes) for r in range(config.results)],
        join(picked, results),
    )

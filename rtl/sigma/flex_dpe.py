"""A Flex-DPE: multipliers in a row, which values are streamed to, and the adder network that sums their runs."""

from myhdl import always, always_comb

from rtl.hdl.hierarchy import module
from rtl.hdl.lanes import join, pack, split
from rtl.hdl.layout import Layout
from rtl.hdl.stream import bit, bus
from rtl.sigma import layouts
from rtl.sigma.config import SigmaConfig
from rtl.sigma.control.record import record
from rtl.sigma.distribution.benes import benes
from rtl.sigma.multiplier import multiplier
from rtl.sigma.reduction.fan import fan
from rtl.sigma.reduction.picker import picker


@module
def flex_dpe(clk, line, write, place, banks, streamed, results, config):
    """Multiply streamed words by stationary values, and sum the products of each run of lanes.

    line, write, place  in  a piece of layouts.engine_record, and which one (rtl/sigma/control/record.py)
    banks       in   layouts.banks: which record a column finds at each part of the datapath, when it gets there
    streamed    in   a word for each element of k, lane 0 in the low bits
    results     out  FP32 sums as the record's picks name them; where a pick names no slot of a run, it means nothing
    Latency     DISTRIBUTE + MULTIPLY + the FAN's levels x ACCUMULATE + PICK cycles from streamed to results
    Throughput  1 column per cycle
    Reset       none: a pipeline without state
    Golden      rtl/golden/sigma.py
    """
    lanes, f, bank = config.lanes, layouts.engine_record(config), layouts.banks(config)
    pieces = layouts.pieces(f, config)
    bf16 = int(config.operands == "bf16")

    low, high = (bus(pieces * layouts.line_bits(config)) for _ in range(2))
    settings, runs, active, picks = (bus(f, name) for name in ("settings", "runs", "active", "picks"))
    stationary, arriving, distributed = (bus(layouts.line_bits(config)) for _ in range(3))
    products, sums = bus(32 * lanes), bus(32 * lanes)
    wanted = bit()  # always: who gathers results knows which ones mean something
    values, arrivals = ([bus(layouts.OPERAND) for _ in range(lanes)] for _ in range(2))
    singles = [bus(32) for _ in range(lanes)]
    chosen = [bus(config.levels) for _ in range(config.results)]
    picked = [bus(32) for _ in range(config.results)]

    @always_comb
    def select_settings():
        settings.next = (
            high[f.settings_high : f.settings_low]
            if banks[bank.settings_bit]
            else low[f.settings_high : f.settings_low]
        )

    @always_comb
    def select_values():
        stationary.next = (
            high[f.values_high : f.values_low] if banks[bank.values_bit] else low[f.values_high : f.values_low]
        )

    @always_comb
    def select_runs():
        if banks[bank.runs_bit]:
            runs.next = high[f.runs_high : f.runs_low]
            active.next = high[f.active_high : f.active_low]
        else:
            runs.next = low[f.runs_high : f.runs_low]
            active.next = low[f.active_high : f.active_low]

    @always_comb
    def select_picks():
        picks.next = high[f.picks_high : f.picks_low] if banks[bank.picks_bit] else low[f.picks_high : f.picks_low]

    @always(clk.posedge)
    def distribute():
        distributed.next = arriving

    return (
        select_settings,
        select_values,
        select_runs,
        select_picks,
        distribute,
        record(clk, line, write, place, low, high, config, pieces),
        benes(streamed, settings, arriving, lanes, layouts.OPERAND),
        split(stationary, values),
        split(distributed, arrivals),
        split(picks, chosen),
        [multiplier(clk, values[i], arrivals[i], singles[i], bf16) for i in range(lanes)],
        join(singles, products),
        fan(clk, products, runs, active, sums, lanes, layouts.RUN),
        pack(Layout(wanted=1), wanted, wanted=1),
        [picker(clk, sums, chosen[r], wanted, picked[r], lanes) for r in range(config.results)],
        join(picked, results),
    )


def ports(config: SigmaConfig) -> dict:
    """Fresh ports of a `flex_dpe`, by name."""
    return dict(
        clk=bit(),
        line=bus(layouts.line_bits(config)),
        write=bit(),
        place=bus(layouts.place(config)),
        banks=bus(layouts.banks(config)),
        streamed=bus(layouts.line_bits(config)),
        results=bus(32 * config.results),
    )

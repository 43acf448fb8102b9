"""A Flex-DPU: Flex-DPEs side by side, the adders between them, and switches that bring each sum to its accumulator."""

from myhdl import always_comb

from rtl.hdl.hierarchy import module
from rtl.hdl.lanes import join, split, unpack
from rtl.hdl.layout import Layout
from rtl.hdl.stream import bit, bus
from rtl.sigma import bundles, layouts, timing
from rtl.sigma.config import SigmaConfig
from rtl.sigma.control.record import record
from rtl.sigma.delay_line import delay_line
from rtl.sigma.flex_dpe import flex_dpe
from rtl.sigma.reduction.picker import picker
from rtl.sigma.reduction.span_adder import span_adder


@module
def flex_dpu(clk, records, banks, streamed, parts, config):
    """Each accumulator's part of a column of the streamed operand.

    records    in   bundles.Records: a piece of a record, and whose it is
    banks      in   layouts.banks: which record a column finds at each part of the datapath, when it gets there
    streamed   in   a word for each element of k, to all Flex-DPEs
    parts      out  an FP32 word for each accumulator; +0 where the tile has nothing for it
    Latency    timing.gathered - READ cycles from streamed to parts
    Throughput 1 column per cycle
    Reset      none: a pipeline without state
    Golden     rtl/golden/sigma.py
    """
    engines, results, f, bank = config.engines, config.results, layouts.gather_record(config), layouts.banks(config)
    pieces = layouts.pieces(f, config)

    low, high = (bus(pieces * layouts.line_bits(config)) for _ in range(2))
    picks, used, spans = bus(f, "picks"), bus(f, "used"), bus(f, "spans")
    writes = [bit() for _ in range(engines)]
    spanning = [bit() for _ in range(len(spans))]
    sums = [bus(32 * results) for _ in range(engines)]
    later = [bus(32 * results) for _ in range(engines)]
    laters = [[bus(32) for _ in range(results)] for _ in range(engines)]
    begun, ended = ([bus(32) for _ in range(engines - 1)] for _ in range(2))
    totals = [bus(32) for _ in range(engines - 1)]
    everything = bus(32 * engines * results)
    chosen = [bus(layouts.gather_bits(config)) for _ in range(config.rows)]
    wanted = [bit() for _ in range(config.rows)]
    picked = [bus(32) for _ in range(config.rows)]

    @always_comb
    def select_spans():
        spans.next = high[f.spans_high : f.spans_low] if banks[bank.spans_bit] else low[f.spans_high : f.spans_low]

    @always_comb
    def select_picks():
        if banks[bank.gather_bit]:
            picks.next = high[f.picks_high : f.picks_low]
            used.next = high[f.used_high : f.used_low]
        else:
            picks.next = low[f.picks_high : f.picks_low]
            used.next = low[f.used_high : f.used_low]

    dpes = [
        flex_dpe(clk, records.line, writes[e], records.place, banks, streamed, sums[e], config) for e in range(engines)
    ]
    splits = [split(later[e], laters[e]) for e in range(engines)]
    begins = [unpack(_ends(results), sums[e], last=begun[e]) for e in range(engines - 1)]
    ends = [unpack(_ends(results), sums[e], first=ended[e - 1]) for e in range(1, engines)]
    # A Flex-DPE's first result may end a row of the one before; all others are delayed as long.
    delays = [delay_line(clk, sums[e], later[e], 32 * results, timing.SPAN) for e in range(engines)]
    adders = [span_adder(clk, begun[e], ended[e], laters[e + 1][0], spanning[e], totals[e]) for e in range(engines - 1)]
    whole = [*laters[0], *(word for e in range(1, engines) for word in (totals[e - 1], *laters[e][1:]))]
    pickers = [picker(clk, everything, chosen[r], wanted[r], picked[r], engines * results) for r in range(config.rows)]
    return (
        select_spans,
        select_picks,
        record(clk, records.line, records.gather, records.place, low, high, config, pieces),
        split(records.engines, writes),
        split(spans, spanning),
        dpes,
        splits,
        begins,
        ends,
        adders,
        delays,
        join(whole, everything),
        split(picks, chosen),
        split(used, wanted),
        pickers,
        join(picked, parts),
    )


def _ends(results: int) -> Layout:
    """A Flex-DPE's results, of which the first and the last one may be parts of rows that it shares."""
    between = dict(between=32 * (results - 2)) if results > 2 else {}
    return Layout(first=32, **between, last=32)


def ports(config: SigmaConfig) -> dict:
    """Fresh ports of a `flex_dpu`, by name."""
    return dict(
        clk=bit(),
        records=bundles.Records(config),
        banks=bus(layouts.banks(config)),
        streamed=bus(layouts.line_bits(config)),
        parts=bus(32 * config.rows),
    )

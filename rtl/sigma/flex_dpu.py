"""A Flex-DPU: Flex-DPEs side by side, the adders between them, and switches that bring each sum to its accumulator."""

from myhdl import Signal, always_comb, intbv

from rtl.hierarchy import module
from rtl.lanes import join, split
from rtl.sigma import layouts, timing
from rtl.sigma.delay_line import delay_line
from rtl.sigma.flex_dpe import flex_dpe
from rtl.sigma.picker import picker
from rtl.sigma.record import record
from rtl.sigma.span_adder import span_adder
from rtl.sigma.step_trail import bank_word


@module
def flex_dpu(clk, line, engine_writes, gather_write, place, banks, streamed, parts, config):
    """What a column of the streamed operand adds to each accumulator.

    line, place    in   a piece of a record, and which one (rtl/sigma/record.py)
    engine_writes  in   one bit for each Flex-DPE: the piece is its layouts.engine_record's
    gather_write   in   the piece is that of layouts.gather_record
    banks          in   bank_word: which record a column finds at each part, when it gets there
    streamed       in   a word for each element of k, to all Flex-DPEs
    parts          out  an FP32 word for each accumulator; +0 where the tile has nothing for it
    Latency        timing.gathered - READ cycles from streamed to parts
    Throughput     1 column per cycle
    Reset          none: a pipeline without state
    Golden         rtl/golden/sigma.py
    """
    engines, results, layout = config.engines, config.results, layouts.gather_record(config)
    picks_high, picks_low = layout["picks"]
    used_high, used_low = layout["used"]
    spans_high, spans_low = layout["spans"]
    spans_bit, gather_bit = (bank_word(config)[name][1] for name in ("spans", "gather"))
    pieces = layouts.pieces(layout, config)

    low, high = (Signal(intbv(0)[pieces * layouts.line_bits(config) :]) for _ in range(2))
    picks, used, spans = (Signal(intbv(0)[layout.bits(name) :]) for name in ("picks", "used", "spans"))
    writes = [Signal(bool(0)) for _ in range(engines)]
    spanning = [Signal(bool(0)) for _ in range(len(spans))]
    sums = [Signal(intbv(0)[32 * results :]) for _ in range(engines)]
    singles = [[Signal(intbv(0)[32:]) for _ in range(results)] for _ in range(engines)]
    whole = [Signal(intbv(0)[32:]) for _ in range(engines * results)]
    everything = Signal(intbv(0)[32 * engines * results :])
    chosen = [Signal(intbv(0)[layouts.gather_bits(config) :]) for _ in range(config.rows)]
    wanted = [Signal(bool(0)) for _ in range(config.rows)]
    picked = [Signal(intbv(0)[32:]) for _ in range(config.rows)]

    @always_comb
    def join_engines():
        spans.next = high[spans_high:spans_low] if banks[spans_bit] else low[spans_high:spans_low]

    @always_comb
    def gather():
        if banks[gather_bit]:
            picks.next = high[picks_high:picks_low]
            used.next = high[used_high:used_low]
        else:
            picks.next = low[picks_high:picks_low]
            used.next = low[used_high:used_low]

    dpes = [flex_dpe(clk, line, writes[e], place, banks, streamed, sums[e], config) for e in range(engines)]
    splits = [split(sums[e], singles[e]) for e in range(engines)]
    # A Flex-DPE's first result may end a row of the one before; all others wait as long.
    adders = [
        span_adder(clk, singles[e - 1][results - 1], singles[e][0], spanning[e - 1], whole[e * results])
        for e in range(1, engines)
    ]
    waits = [
        delay_line(clk, singles[e][r], whole[e * results + r], 32, timing.SPAN)
        for e in range(engines)
        for r in range(results)
        if e == 0 or r > 0
    ]
    pickers = [picker(clk, everything, chosen[r], wanted[r], picked[r], engines * results) for r in range(config.rows)]
    return (
        join_engines,
        gather,
        record(clk, line, gather_write, place, low, high, pieces),
        split(engine_writes, writes),
        split(spans, spanning),
        dpes,
        splits,
        adders,
        waits,
        join(whole, everything),
        split(picks, chosen),
        split(used, wanted),
        pickers,
        join(picked, parts),
    )

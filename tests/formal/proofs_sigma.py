"""What is to be proven of SIGMA's blocks."""

from rtl.sigma import layouts, timing
from tests.formal.blocks import SIGMA
from tests.formal.parts import moves, ones, passing, produced, producing
from tests.formal.proof import Ghost, Path, Proof, part

COMMAND, WAY = layouts.command(SIGMA), (SIGMA.operands, SIGMA.levels)


def blocks_drained() -> Proof:
    """Of SIGMA's drain: a block is its columns."""
    return Proof(
        reach=10,
        cut=("result_lane",),
        given={
            "two blocks are finished and not stored at the most": "!blocks_finished || open != 2",
            "a block's command holds while it is drained": "!before || dut.columns == columns_before",
            "a block has columns": "!dut.starting || dut.columns != 0",
        },
        ghosts=dict(
            producing("blocks_finished", "stored"),
            before=Ghost(1, "(dut.starting || dut.draining) && !stored"),
            columns_before=Ghost(COMMAND.bits("columns"), "dut.columns"),
        ),
        paths={"words": passing("dut.advance", "dut.result_port_0.word", 32 * SIGMA.rows)},
        shown=produced("stored", "dut.columns"),
        helped=(
            "open <= 2 && open == 0 + dut.pending + dut.draining",
            "dut.draining == before",
            "dut.draining || !dut.fetched && !results_valid && sent == 0 && idle == 0",
            "!(dut.draining && dut.fetched) || sent + results_valid + dut.left + 1 == dut.columns",
            "!(dut.draining && !dut.fetched) || results_valid && sent + 1 == dut.columns",
        ),
    )


def placed() -> Proof:
    """Of the line placer."""
    record, gather = (layouts.pieces(layout(SIGMA), SIGMA) for layout in (layouts.engine_record, layouts.gather_record))
    written = "((|records_engines) || records_gather || stream_write)"
    streamed = "(load_loads_stream ? load_columns : 0)"
    return Proof(
        given={
            "a tile is accepted when the one before is loaded": "!load_accepted || !loading",
            "a tile has no more records than there are Flex-DPEs": f"!load_accepted || load_engines <= {SIGMA.engines}",
        },
        ghosts=dict(
            owed=Ghost(
                8, f"load_accepted ? load_engines * {record} + {gather} + {streamed} : owed - {moves('operands')}"
            ),
        ),
        paths={
            "lines": Path(
                enters=moves("operands"),
                word="operands_data",
                leaves=f"{written} && !after_reset",  # as in SAT's loader
                shows="records_line",
                bits=layouts.line_bits(SIGMA),
                helped=(f"after_reset || inside == {written}", "!tagged || records_line == chosen"),
            )
        },
        shown={
            "as many lines are taken as announced": "operands_ready == (owed != 0)",
            "a tile is complete with its last line": f"load_complete == ({moves('operands')} && owed == 1)",
            "a line goes one way": "after_reset || 0 + (|records_engines) + records_gather + stream_write <= 1"
            " && (records_engines & (records_engines - 1)) == 0",
        },
        helped=(
            "loading == (owed != 0)",
            f"!(loading && dut.engines_left != 0) || !dut.gathered && dut.piece < {record} && dut.engine != 0",
            "!(loading && dut.engines_left != 0)"
            f" || (32'd0 + dut.engine) << (dut.engines_left - 1) < {1 << SIGMA.engines}",
            "!loading || (dut.engine & (dut.engine - 1)) == 0",
            f"!(loading && dut.engines_left == 0 && !dut.gathered) || dut.piece < {gather}",
            f"!loading || owed == dut.engines_left * {record} + (dut.gathered ? 0 : {gather})"
            " + dut.columns_left - (dut.gathered ? 0 : dut.piece)",
        ),
    )


def whole() -> Proof:
    """Of sigma: what its line placer and its drain rely on; the datapath is left out."""
    sequencer, drain, banks = "dut.tile_sequencer_0", "dut.block_drain_0", "dut.tile_banks_0"
    finishing, releasing = (f"{sequencer}.delay_line_{k}.line" for k in (1, 0))
    lag = timing.finish_lag(*WAY)
    finished, released = ones(finishing, lag), ones(releasing, timing.release_lag(*WAY))
    open_blocks = f"({drain}.pending + 0 + {drain}.draining)"
    ready = f"({banks}.tiles_loaded[0] + 0 + {banks}.tiles_loaded[1])"
    held = f"{ready} + dut.issuing + {released}"  # tiles whose records are complete and needed
    first = part(f"{sequencer}.next_command", COMMAND, "first")
    return Proof(
        depth=lag + 8,  # the reset is as long
        reach=32,
        cut=("flex_dpu", "accumulator", "stream_buffer", "step_trail"),
        given={
            "a reset lasts until nothing is on its way": f"rst || !after_reset || {finishing} == 0 && {releasing} == 0",
            "the last tile of a block comes after its first": f"!{sequencer}.closing || in_block",
        },
        ghosts=dict(
            in_block=Ghost(1, f"{sequencer}.tiles_started && {first} ? 1 : {sequencer}.closing ? 0 : in_block"),
        ),
        shown={
            "two blocks are finished and not stored at the most": f"rst || !{sequencer}.blocks_finished"
            f" || {open_blocks} < 2",
            "a tile is accepted when the one before is loaded": "!dut.load_accepted || !dut.loading",
            "lines are taken for an accepted tile alone": "!operands_ready || dut.occupied != 0",
        },
        helped=(
            f"rst || after_reset || {finished} + {open_blocks} + in_block <= 2 - dut.free_sums",
            "dut.free_sums <= 2",
            f"{drain}.draining || !{drain}.fetched && !results_valid",
            f"!dut.loading || dut.occupied[{banks}.load_bank] && !{banks}.tiles_loaded[{banks}.load_bank]",
            f"rst || after_reset || dut.occupied[0] + 0 + dut.occupied[1] == dut.loading + {held}",
            f"rst || after_reset || {banks}.next_release == ({banks}.load_bank + {held} & 1)",
            f"rst || {banks}.next_start == ({banks}.load_bank + {ready} & 1)",
            f"rst || {sequencer}.next_bank == {banks}.next_start",
            f"rst || {ready} != 1 || {banks}.tiles_loaded[{banks}.next_start]",
            f"rst || (dut.occupied != 1 && dut.occupied != 2) || dut.occupied[{banks}.next_release]",
        ),
    )


PROOFS = {"block_drain": blocks_drained(), "line_placer": placed(), "sigma": whole()}

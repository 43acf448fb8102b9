"""What is to be proven of SAT's blocks around the array."""

from rtl.sat import layouts
from tests.formal.blocks import NUMBERS, SAT
from tests.formal.parts import moves, passing, produced, producing
from tests.formal.proof import Ghost, Path, Proof, part
from tests.formal.proofs_update import CUT, updating

COMMAND, UPDATE = layouts.command(SAT), layouts.update(SAT)
LINE, RESULT = layouts.line_bits(SAT), 32 * SAT.columns


def loaded() -> Proof:
    """Of the loader."""
    west, north = part("commands_data", COMMAND, "west_lines"), part("commands_data", COMMAND, "north_lines")
    bits, taken, written = COMMAND.width, moves("commands"), "(line_west_write || line_north_write)"
    return Proof(
        unassumed=("operands",),  # the router offers each line to both loaders, and one of them takes it
        given={"a tile has a line of weights": f"!commands_valid || {north} != 0"},
        ghosts={
            "owed": Ghost(6, f"{taken} ? {west} + {north} : owed - {moves('operands')}"),
            "turn": Ghost(1, f"turn ^ {taken}"),
            **{f"kept{k}": Ghost(bits, f"{taken} && turn == {k} ? commands_data : kept{k}") for k in (0, 1)},
        },
        paths={
            "lines": Path(
                enters=moves("operands"),
                word="operands_data",
                leaves=f"{written} && !after_reset",  # a line that came in the cycle of a reset is written for nobody
                shows="line_data",
                bits=LINE,
                helped=(f"after_reset || inside == {written}", "!tagged || line_data == chosen"),
            )
        },
        shown={
            "as many lines are taken as announced": "operands_ready == (owed != 0)",
            "commands are kept in turn while their banks are occupied": " && ".join(
                f"(!occupied[{k}] || tiles_commands[{bits * (k + 1) - 1}:{bits * k}] == kept{k})" for k in (0, 1)
            ),
            "a line goes one way": "!(line_west_write && line_north_write)",
        },
        helped=(
            "dut.loading == (owed != 0)",
            "!dut.loading || (owed == 0 + dut.west_left + dut.north_left && dut.north_left != 0)",
            "dut.bank == (turn ^ dut.loading)",
        ),
    )


def exclusive(tile: str, update: str) -> dict[str, str]:
    """What the router relies on: array and updater never work at once, and neither begins while the other is asked."""
    return {
        "array and updater never both want operands": f"!({tile}_operands_ready && {update}_operands_ready)",
        "array and updater never both offer results": f"!({tile}_results_valid && {update}_results_valid)",
    }


def routed() -> Proof:
    """Of the router."""
    kind = f"whole_commands_data[{layouts.command_bits(SAT) - 1}]"
    tile, update = COMMAND.width, UPDATE.width

    def through(enters: str, word: str, leaves: tuple[str, ...], shows: str, bits: int) -> Path:
        return Path(enters, word, " || ".join(map(moves, leaves)), shows, bits, room=0)

    return Proof(
        given={
            **exclusive("tile", "update"),
            "the updater gets busy by its commands": "!tile_commands_waited || !updates_busy",
            "the array gets busy by its commands": "!update_commands_waited || !tiles_busy",
        },
        moved=dict.fromkeys(("tile_operands", "update_operands"), moves("whole_operands")),
        paths={
            "commands": through(
                moves("whole_commands"),
                f"{kind} ? whole_commands_data[{update - 1}:0] : whole_commands_data[{tile - 1}:0]",
                ("tile_commands", "update_commands"),
                f"{kind} ? update_commands_data : tile_commands_data",
                max(tile, update),
            ),
            "operands": through(
                moves("whole_operands"),
                "whole_operands_data",
                ("tile_operands", "update_operands"),
                "tile_operands_ready ? tile_operands_data : update_operands_data",
                LINE,
            ),
            "results": through(
                f"{moves('tile_results')} || {moves('update_results')}",
                "tile_results_valid ? tile_results_data : update_results_data",
                ("whole_results",),
                "whole_results_data",
                RESULT,
            ),
        },
        shown={
            "a command goes where its kind says": f"!tile_commands_valid || !{kind} && !updates_busy",
            "an update goes where its kind says": f"!update_commands_valid || {kind} && !tiles_busy",
        },
    )


def drained() -> Proof:
    """Of the drain: a block is its rows for each slot."""
    rows, slots = part("dut.command", COMMAND, "rows"), part("dut.command", COMMAND, "slots")
    return Proof(
        reach=10,
        cut=("result_lane",),
        given={
            "two blocks are finished and not stored at the most": "!blocks_finished || open != 2",
            "a block's command holds while it is drained": "!before || dut.command == command_before",
            "a block has rows": f"!dut.draining || {rows} != 0",
            "a block has slots": f"!dut.draining || {slots} != 0 && {slots} <= {SAT.interleave}",
        },
        ghosts=dict(
            producing("blocks_finished", "blocks_stored"),
            before=Ghost(1, "dut.draining && !blocks_stored"),
            command_before=Ghost(COMMAND.width, "dut.command"),
        ),
        paths={"words": passing("dut.advance", "dut.result_port_0.word", RESULT)},
        shown=produced("blocks_stored", f"{rows} * {slots}"),
        helped=(
            "open <= 2 && open == 0 + dut.pending + dut.draining",
            "dut.draining || !dut.chain && !results_valid && sent == 0 && idle == 0",
            f"!(dut.draining && dut.chain) || dut.row < {rows} && dut.slot != 0 && dut.slot <= {slots}",
            f"!(dut.draining && dut.chain) || sent + results_valid == (dut.slot - 1) * {rows} + dut.row",
            f"!(dut.draining && !dut.chain) || results_valid && sent + 1 == {rows} * {slots}",
        ),
    )


def ported() -> Proof:
    """Of the result port."""
    lanes = NUMBERS["lanes"]
    infinite = " || ".join(f"(&drained[{32 * k + 30}:{32 * k + 23}] && !beyond[{k}])" for k in range(lanes))
    return Proof(
        depth=3,  # all of it is there in the second cycle, and the rounding of eight lanes is slow
        given={"no word comes while another waits": "!advance || !results_valid || results_ready"},
        ghosts=dict(told=Ghost(1, f"told || advance && !to_half && ({infinite})")),
        paths={"words": passing("advance", "dut.word", 32 * lanes)},
        shown={
            "an infinity or NaN as FP32 is told until a reset": "overflow == told",
            "FP32 leaves as it is": "!(advance && !to_half) || dut.word == drained",
        },
    )


def whole() -> Proof:
    """Of sat: what its router, loader and drain rely on of each other; the array is left out."""
    tiles, load, drain, router = "dut.sequencer_0", "dut.loader_0", "dut.drain_0", "dut.router_0"
    tile, update = f"{router}.tile", f"{router}.update"
    vectors = part(f"{update}_commands_data", UPDATE, "vectors")
    open_blocks = f"({drain}.pending + 0 + {drain}.draining)"
    return Proof(
        reach=16,
        cut=("stce", *CUT),
        given={
            "a block is finished once": f"!{tiles}.blocks_finished || {open_blocks} < 2 - dut.accumulators_free",
            "a tile is done with after it was started": f"!{load}.tiles_done || dut.occupied[{load}.next_done]"
            f" && !{load}.tiles_loaded[{load}.next_done] && !({load}.loading && {load}.bank == {load}.next_done)",
            "an update has vectors": f"!{update}_commands_valid || {vectors} != 0",
        },
        ghosts=dict(
            tile_waited=Ghost(1, f"{tile}_commands_valid && !{tile}_commands_ready"),
            update_waited=Ghost(1, f"{update}_commands_valid && !{update}_commands_ready"),
        ),
        shown={
            **exclusive(tile, update),
            "the updater gets busy by its commands": "!tile_waited || !dut.updates_busy",
            "the array gets busy by its commands": "!update_waited || !dut.tiles_busy",
            "array and updater never work at once": "!dut.tiles_busy || !dut.updates_busy",
            "two blocks are finished and not stored at the most": f"!{tiles}.blocks_finished || {open_blocks} < 2",
        },
        helped=(
            *updating("dut.updater_0"),
            f"dut.accumulators_free <= 2 && {open_blocks} <= 2 - dut.accumulators_free",
            f"{drain}.draining || !{drain}.chain && !{drain}.results_valid",
            f"(~dut.occupied & {load}.tiles_loaded) == 0",
            f"!{load}.loading || dut.occupied[{load}.bank] && !{load}.tiles_loaded[{load}.bank]",
        ),
    )


PROOFS = {"loader": loaded(), "router": routed(), "drain": drained(), "result_port": ported(), "sat": whole()}

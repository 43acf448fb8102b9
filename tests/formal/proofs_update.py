"""What is to be proven of the blocks of the weight update."""

from rtl.sat import layouts, timing
from tests.formal.blocks import SAT
from tests.formal.parts import moves, ones, passing, produced, producing
from tests.formal.proof import Ghost, Path, Proof, part

UPDATE = layouts.update(SAT)
LINE, RESULT = layouts.line_bits(SAT), 32 * SAT.columns
CUT = ("wuve", "sore", "update_section")  # what computes, and what stores


def update_loaded() -> Proof:
    """Of the update loader: the lines of a slice stand in their places."""
    vectors, momentum = part("commands_data", UPDATE, "vectors"), part("commands_data", UPDATE, "momentum")
    each, more, fewer = SAT.largest_m // SAT.update_lanes, *(layouts.slice_lines(SAT, kind) for kind in (True, False))
    running = part("command", UPDATE, "momentum")
    lines, taken, moved = f"({running} ? {more} : {fewer})", moves("commands"), moves("operands")
    return Proof(
        unassumed=("operands",),  # as in the loader
        given={"an update has vectors": f"!commands_valid || {vectors} != 0"},
        ghosts=dict(
            owed=Ghost(8, f"{taken} ? {vectors} * {each} * ({momentum} ? {more} : {fewer}) : owed - {moved}"),
            at=Ghost(2, f"!{moved} ? at : at + 1 == {lines} ? 0 : at + 1"),
        ),
        paths={f"line{k}": _slice_line(k, more, fewer, running) for k in range(more)},
        shown={
            "as many lines are taken as announced": "operands_ready == (owed != 0)",
            "the last slice is told": "!slices_last || slices_active && owed == 0",
        },
        helped=(
            "dut.loading == (owed != 0)",
            f"at < {lines} && (dut.loading ? at == dut.line : at == 0)",
            f"!dut.loading || owed == dut.slices_left * {lines} - at && dut.slices_left != 0",
            f"at == 0 || dut.gathered >> (at * {LINE // 32 * 32}) == 0",
        ),
    )


def _slice_line(k: int, more: int, fewer: int, running: str) -> Path:
    element_bits = LINE // 32 * 32
    whole = 3 * 32 * SAT.update_lanes  # weights, velocities, gradients
    bits = min(element_bits, whole - k * element_bits)
    there = "1" if k < fewer else "!dut.plain"  # in the slice that leaves
    plain = min(bits, max(0, whole // 3 - k * element_bits))
    mask, short = (1 << bits) - 1, (1 << plain) - 1

    def cut(word: str, long: str) -> str:
        return f"(({word}) & ({long} ? {bits}'h{mask:x} : {bits}'h{short:x}))"

    low, high = k * element_bits, k * element_bits + bits - 1
    return Path(
        enters=f"{moves('operands')} && at == {k}",
        word=cut("operands_data", running),
        leaves=f"slices_active && {there}",
        shows=cut(f"{{entering_gradients, entering_velocities, entering_weights}} >> {low}", "!dut.plain"),
        offered="slices_active || at != 0",
        bits=bits,
        helped=(
            f"inside == 0 + (slices_active && {there}) + (at > {k})",
            f"!(at != 0) || dut.plain != {running}",
            f"!(tagged && (slices_active || at > {k})) || {cut(f'dut.gathered[{high}:{low}]', '!dut.plain')} == chosen",
        ),
    )


def stored() -> Proof:
    """Of the update store: of each section that is asked for its rows, of each row its words."""
    vectors, n, m = (part("command", UPDATE, name) for name in ("vectors", "n", "m"))
    sections = {name: part("command", UPDATE, name) for name in ("masters", "half", "forward", "backward")}
    copies = f"({vectors} / {SAT.largest_m})"
    weight = layouts.copy_bits(SAT) // layouts.KEPT  # bits of a row of one weight of each group
    copy_words = f"(({n} * {weight} + {RESULT - 1}) / {RESULT})"
    words = {
        "masters": f"{vectors} * {-(-layouts.masters(SAT).width // RESULT)}",
        "half": f"{vectors} * {-(-layouts.halves_bits(SAT) // RESULT)}",
        "forward": f"{copies} * {copy_words}",
        "backward": f"{copies} * {copy_words}",
    }
    asked = [f"({flag} ? {words[name]} : 0)" for name, flag in sections.items()]
    total = f"({' + '.join(asked)})"
    before = " + ".join(f"(dut.section > {k} ? {text} : 0)" for k, text in enumerate(asked[:-1]))
    now = "dut.row * dut.pieces + dut.piece"
    chosen = " || ".join(f"dut.section == {k} && {flag}" for k, flag in enumerate(sections.values()))
    copied = f"({sections['forward']} || {sections['backward']})"
    return Proof(
        reach=10,
        given={
            "two tiles are finished and not stored at the most": "!finished || open != 2",
            "a tile's command holds while it is sent": "!before || command == command_before",
            "a tile has vectors and sections": f"{vectors} != 0 && ({' || '.join(sections.values())})",
            "groups are of the largest M, and keep 1, 2 or 4": f"{m} == {SAT.largest_m}"
            f" && ({n} == 1 || {n} == 2 || {n} == 4)",
            "copies are of whole groups": f"!{copied} || {copies} != 0",
        },
        ghosts=dict(
            producing("finished", "stored"),
            before=Ghost(1, "(dut.starting || dut.sending) && !stored"),
            command_before=Ghost(UPDATE.width, "command"),
        ),
        paths={"words": passing("dut.advance", "dut.word", RESULT)},
        shown=produced("stored", total),
        helped=(
            "open <= 2 && open == 0 + dut.pending + dut.sending",
            "dut.sending || !dut.holding && !results_valid && sent == 0 && idle == 0",
            f"!(dut.sending && dut.holding) || ({chosen}) && dut.row < dut.rows && dut.piece < dut.pieces",
            f"!(dut.sending && dut.holding) || sent + results_valid == {before} + {now}",
            f"!(dut.sending && !dut.holding) || results_valid && sent + 1 == {total}",
            "!dut.sending || before",
        ),
    )


def updating(at: str) -> tuple[str, ...]:
    """What holds of the updater at an instance: each tile is at one place, and a free bank is empty."""
    store, load = f"{at}.update_store_0", f"{at}.update_loader_0"
    leaving = ones(f"{at}.ending", timing.UPDATE_LAG)
    waiting = f"({leaving} + {load}.slices_last + {store}.pending + {store}.sending)"
    return (
        f"{at}.free <= 2 && 2 - {at}.free == {load}.loading + {waiting}",
        f"{store}.sending || !{store}.holding && !{store}.results_valid",
        f"!{load}.loading || {load}.slices_left != 0",
        f"{at}.bank == (({at}.store_bank + {waiting} + {load}.slices_last) & 1)",
    )


def updated() -> Proof:
    """Of the updater: what its loader and its store rely on, and their handshakes."""
    store, vectors = "dut.update_store_0", part("traffic_commands_data", UPDATE, "vectors")
    waiting = f"{store}.pending + {store}.sending"
    return Proof(
        reach=45,
        cut=CUT,
        given={
            "an update has vectors": f"!traffic_commands_valid || {vectors} != 0",
        },
        ghosts=dict(
            before=Ghost(1, f"({store}.starting || {store}.sending) && !stored"),
            command_before=Ghost(UPDATE.width, "dut.stored_command"),
        ),
        shown={
            "two tiles are finished and not stored at the most": f"!dut.finished || {waiting} < 2",
            "a tile's command holds while it is sent": "!before || dut.stored_command == command_before",
            "it is busy while it offers or wants a word": "busy || !traffic_results_valid && !traffic_operands_ready",
        },
        helped=updating("dut"),
    )


PROOFS = {"update_loader": update_loaded(), "update_store": stored(), "updater": updated()}

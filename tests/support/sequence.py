"""Tiles one after another: commands as a program could have them, and when each must start."""

from typing import NamedTuple

from rtl.sat import timing
from rtl.sat.config import BEAT, SatConfig
from tests.support.array import hop_of, steps_of


def random_command(rng, config: SatConfig, first, last, weights=0, like=None) -> dict[str, int]:
    """Fields of a command: dense, or N:M with groups of some beats; `like` is of the same block."""
    sparse = rng.getrandbits(1)
    kept, beats = (rng.choice([1, 2, 4]), rng.choice([1, config.largest_m // 4])) if sparse else (4, 1)
    groups, last_kept = rng.randrange(1, config.chunk // BEAT // beats + 1), kept
    if like:
        sparse, kept, beats, weights = (like[name] for name in ("sparse", "kept_per_group", "beats", "weights"))
        groups = like["groups"] if weights else rng.randrange(1, config.chunk // BEAT // beats + 1)
    if weights:
        last_kept, lines = kept, kept * rng.randrange(1, min(config.rows, config.chunk // kept) + 1)
    else:
        last_kept = kept if sparse else rng.randrange(1, 5)
        lines = (groups - 1) * kept + last_kept
    return dict(
        groups=groups,
        kept_per_group=kept,
        kept_in_last_group=last_kept,
        beats=beats,
        sparse=sparse,
        first=int(first),
        last=int(last),
        weights=weights,
        north_lines=lines,
        rows=rng.randrange(1, config.rows + 1),
        slots=rng.randrange(1, config.interleave + 1),
    )


def random_commands(rng, config: SatConfig, blocks: list[tuple[int, int]]) -> list[dict[str, int]]:
    """The commands of blocks, each (whether its weights are stationary, its tiles)."""
    commands = []
    for weights, tiles in blocks:
        for number in range(tiles):
            like = commands[-1] if number else None
            commands.append(random_command(rng, config, number == 0, number == tiles - 1, weights, like))
    return commands


class Start(NamedTuple):
    """The cycles of a tile's first weight and of its first step, and what each of them waited for longest."""

    weights: int
    steps: int
    weights_for: str
    steps_for: str


def expected_starts(config: SatConfig, commands, loaded: list[int], stored: list[int]) -> list[Start]:
    """When each tile starts, by tlm/timeline.py, if it is loaded and blocks are stored at these cycles."""
    starts, end, start, blocks, weights_end, mode = [], 0, 0, 0, None, None
    for number, (command, ready) in enumerate(zip(commands, loaded, strict=True)):
        hop, waits, others = hop_of(config, command), dict(operands=ready + timing.START_SETUP), dict(steps=end)
        if number and mode != (command["weights"], hop):
            waits["switch"], weights_end = stored[blocks - 1] + 1 + timing.START_SETUP, None
        if command["first"] and blocks > 1:
            others["accumulators"] = stored[blocks - 2] + 1 + timing.START_SETUP
        weights_for, weights_start = None, None
        if command["weights"]:
            if weights_end is not None:
                waits |= dict(weights=weights_end, elements=start + timing.START_SETUP)
                others["sums"] = start + timing.turnaround(config.rows, hop)
            weights_for, weights_start = max(waits, key=waits.get), max(waits.values())
            weights_end = weights_start + config.rows * hop
            waits = {weights_for: weights_start + timing.lead(config.rows)}
        waits |= others
        start = max(waits.values())
        starts.append(Start(weights_start or start, start, weights_for or "", max(waits, key=waits.get)))
        end, mode, blocks = start + steps_of(config, command), (command["weights"], hop), blocks + command["first"]
    return starts

"""Tiles as the array sees them: lines to be stored, and the controls that the sequencer issues for them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cosim.sat import gemm_codec
from cosim.sat.gemm_codec import north_lines, west_lines
from rtl.golden import nm_mask
from rtl.sat import layouts, timing
from rtl.sat.config import BEAT, SatConfig
from tests.support.script import packed
from tlm import GemmProgram, Tile


@dataclass(frozen=True)
class Lines:
    """The operand lines of a tile, as integers."""

    west: list[int]
    north: list[int]


def lines_of(program: GemmProgram, tile: Tile, a: np.ndarray, b: np.ndarray) -> Lines:
    """What the loader gets: a (M, K) and b (K, N) float16, b pruned."""
    return Lines(
        *(
            [int.from_bytes(line.tobytes(), "little") for line in lines]
            for lines in (west_lines(program, a, tile), north_lines(program, b, tile))
        )
    )


def pruned(b: np.ndarray, sparsity) -> np.ndarray:
    """b with zeros for the weights that N:M sparsity drops."""
    return np.where(nm_mask(b, sparsity.n, sparsity.m), b, np.float16(0)) if sparsity else b


def command_of(program: GemmProgram, tile: Tile) -> dict[str, int]:
    """The fields of a tile's layouts.command."""
    return layouts.command(program.config).unpack(gemm_codec.command(program, tile))


def hop_of(config: SatConfig, command: dict) -> int:
    """Cycles from a row's control to that of the row below."""
    return command["kept_per_group"] * config.turn if command["weights"] else 1


def steps_of(config: SatConfig, command: dict) -> int:
    """Steps of a tile."""
    return ((command["groups"] - 1) * command["kept_per_group"] + command["kept_in_last_group"]) * config.turn


@dataclass(frozen=True)
class Controls:
    """What a tile's control words hold, a dictionary of fields for each cycle.

    reads    of layouts.west_control, from the cycle of the first step's issue
    steps    of layouts.step, and with them begin and close; they come WEST - 1 cycles later
    weights  of layouts.north_control, SKEW cycles after the issue of the first weight
    """

    reads: list[dict]
    steps: list[dict]
    weights: list[dict]


def controls_of(config: SatConfig, command: dict, bank: int = 0, accumulators: int = 0, memory: int = 0) -> Controls:
    """The controls of a tile: command has the fields of its layouts.command.

    bank          of the operands; accumulators: set of the sums; memory: bank of the elements' weights
    """
    return Controls(
        list(_reads(config, command, bank)),
        list(_steps(config, command, accumulators, memory)),
        list(_weights(config, command, bank, memory)),
    )


def _loops(config, groups, values, tail) -> Iterator[tuple[int, int, int, bool]]:
    """(group, value, place, last value of the group) of each step."""
    for group in range(groups):
        count = tail if group == groups - 1 else values
        for value in range(count):
            for place in range(config.turn):
                yield group, value, place, value == count - 1


def _steps_of(config, command):
    return _loops(config, command["groups"], command["kept_per_group"], command["kept_in_last_group"])


def _reads(config, command, bank):
    line, steps = bank * config.chunk // BEAT, steps_of(config, command)
    lines = 2 ** layouts.west_control(config).bits("address")
    for number, (_, value, place, _) in enumerate(_steps_of(config, command), 1):
        reads = value == 0 and place < command["beats"]
        yield dict(read=int(reads), address=line % lines, beat=place % 4, end=int(number == steps))
        line += reads


def _steps(config, command, accumulators, memory):
    weights, steps = command["weights"], steps_of(config, command)
    for number, (group, value, place, last_value) in enumerate(_steps_of(config, command), 1):
        valid = place < config.interleave
        above, opens = valid and weights and value == 0, value == place == 0
        yield dict(
            valid=int(valid),
            fresh=int(command["first"] and value == 0 and (weights or group == 0)),
            above=int(above),
            below=int(valid and weights and last_value),
            set=accumulators,
            place=place,
            value=value,
            bank=memory,
            load=int(opens),
            begin=int(above and group == place == 0),
            close=int(command["last"] and number == steps),
        )


def _weights(config, command, bank, memory):
    stationary, lines = command["weights"], command["north_lines"]
    groups, tail = (
        (config.rows, command["kept_per_group"]) if stationary else (command["groups"], command["kept_in_last_group"])
    )
    address, layout, turns = layouts.step(config).span("place", "bank"), layouts.north_control(config), 0
    for group, value, place, last_value in _loops(config, groups, command["kept_per_group"], tail):
        yield dict(
            read=int(place == 0 and turns < lines),
            value=value,
            line=(bank * config.chunk + min(turns, lines)) % 2 ** layout.bits("line"),
            first_value=int(value == 0),
            last_value=int(last_value),
            sparse=command["sparse"],
            blank=int(turns >= lines),
            address=address.pack(place=place, value=value, bank=memory),
            write=int(place < config.interleave),
            everyone=int(not stationary),
            distance=group % 2 ** layout.bits("distance"),
        )
        turns += place == config.turn - 1


def known_read(word: dict) -> tuple:
    """What of a read can be compared: where nothing is read, no address means anything."""
    return tuple(word[name] for name in (("read", "end", "address", "beat") if word["read"] else ("read", "end")))


def known_step(step: dict) -> tuple:
    """The same of a step: one that is not valid may still bring a group, or be the last of its block."""
    names = ["valid", "load", "above", "below", "begin", "close"]
    return tuple(step[name] for name in names + ["fresh", "set", "place", "value", "bank"] * step["valid"])


def known_weight(weight: dict) -> dict:
    """The same of a weight: a line matters where it is read, a distance where the weight is for one element."""
    return {
        name: value
        for name, value in weight.items()
        if (name != "line" or weight["read"]) and (name != "distance" or not weight["everyone"])
    }


def west_word(config: SatConfig, fields: dict) -> int:
    """The layouts.west_control of an entry of Controls.reads or Controls.steps."""
    layout, step = layouts.west_control(config), layouts.step(config)
    inner, outer = ({name: value for name, value in fields.items() if name in part.fields} for part in (step, layout))
    return packed(layout, step=packed(step, **inner), **outer)


def schedule_controls(config: SatConfig, controls: Controls, weights_start: int, start: int, entries: list[dict]):
    """Write both controls of a tile into a script, each with the delay of its edge."""
    north = layouts.north_control(config)
    for number, fields in enumerate(controls.reads):
        merge(entries, start + number, "edges_west", west_word(config, fields))
    for number, fields in enumerate(controls.steps):
        merge(entries, start + timing.WEST - 1 + number, "edges_west", west_word(config, fields))
    for number, fields in enumerate(controls.weights):
        merge(entries, weights_start + timing.SKEW + number, "edges_north", packed(north, **fields))


def cleared(config: SatConfig, port: str = "edges_skew") -> list[dict]:
    """Script entries that reset the rows' delay lines, while the skew control, at this port, goes around them."""
    layout, places = layouts.skew_control(config), layouts.KEPT * config.turn
    return [{"rst": 1, port: packed(layout, place=place)} for place in range(places)]


def keep_skew(config: SatConfig, command: dict, entries: list[dict], start: int, port: str = "edges_skew") -> None:
    """Have each row follow the one above by a group from entry `start` on, where weights are stationary."""
    if command["weights"]:
        around = hop_of(config, command) - 1
        for at in range(start, len(entries)):
            entries[at][port] = packed(layouts.skew_control(config), weights=1, place=(at - start) % around)


def merge(entries: list[dict], at: int, name: str, word: int) -> None:
    """Set bits of a port in one entry of a script, which grows as needed."""
    entries += [{} for _ in range(at + 1 - len(entries))]
    entries[at][name] = entries[at].get(name, 0) | word

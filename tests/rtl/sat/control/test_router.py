"""router: which of the array and the updater gets a command, and whose operands and results pass."""

from rtl.sat import layouts
from rtl.sat.config import SatConfig
from rtl.sat.control.router import router
from tests.support.script import play

CONFIGS = [
    SatConfig(rows=1, columns=1, largest_m=4, chunk=16),  # a tile command is the longer one
    SatConfig(rows=1, columns=1, interleave=1, largest_m=4, chunk=4096, update_lanes=1),
]
COUNT = 400


def device(build, config):
    return build(router, config=config)


def inputs(rng, dut):
    """Anything at every input that can be: at most one of both is loading, and at most one has results."""
    driven = [
        "whole_commands_data",
        "whole_commands_valid",
        "whole_operands_data",
        "whole_operands_valid",
        "whole_results_ready",
        "tiles_busy",
        "updates_busy",
        *(f"{kind}_{stream}_ready" for kind in ("tile", "update") for stream in ("commands", "operands")),
        *(f"{kind}_results_{name}" for kind in ("tile", "update") for name in ("valid", "data")),
    ]
    entries = [{name: rng.getrandbits(len(dut.ports[name])) for name in driven} for _ in range(COUNT)]
    for entry in entries:
        for name in ("{}_operands_ready", "{}_results_valid", "{}s_busy"):
            entry[name.format(rng.choice(["tile", "update"]))] = 0
    return entries


def answers(build, rng, config):
    """(inputs, outputs) of each cycle."""
    dut = device(build, config)
    entries = inputs(rng, dut)
    outputs = [name for name in dut.ports if name not in entries[0]]
    got = play(dut, entries, *outputs)
    return [(entry, {name: got[name][cycle] for name in outputs}) for cycle, entry in enumerate(entries)]


def test_a_command_goes_to_the_one_that_its_top_bit_names_when_the_other_is_empty(build, rng):
    moved = dict(tile=0, update=0)
    for config in CONFIGS:
        top = layouts.command_bits(config) - 1
        widths = dict(tile=layouts.command(config).width, update=layouts.update(config).width)
        for given, got in answers(build, rng, config):
            kind, other = ("update", "tile") if given["whole_commands_data"] >> top else ("tile", "update")
            waits = given[f"{other}s_busy"]
            assert got[f"{kind}_commands_valid"] == (given["whole_commands_valid"] and not waits)
            assert got[f"{other}_commands_valid"] == 0
            assert got["whole_commands_ready"] == (given[f"{kind}_commands_ready"] and not waits)
            assert got[f"{kind}_commands_data"] == given["whole_commands_data"] & (1 << widths[kind]) - 1
            moved[kind] += given["whole_commands_valid"] and got["whole_commands_ready"]
    assert min(moved.values()) > COUNT / 20


def test_operands_reach_the_one_that_takes_them(build, rng):
    moved = 0
    for given, got in answers(build, rng, CONFIGS[0]):
        for kind in ("tile", "update"):
            assert got[f"{kind}_operands_valid"] == given["whole_operands_valid"]
            assert got[f"{kind}_operands_data"] == given["whole_operands_data"]
        assert got["whole_operands_ready"] == (given["tile_operands_ready"] or given["update_operands_ready"])
        moved += given["whole_operands_valid"] and got["whole_operands_ready"]
    assert moved > COUNT / 8


def test_results_come_from_the_one_that_has_some(build, rng):
    moved = dict(tile=0, update=0)
    for given, got in answers(build, rng, CONFIGS[0]):
        offering = [kind for kind in moved if given[f"{kind}_results_valid"]]
        assert got["whole_results_valid"] == len(offering) <= 1
        assert got["tile_results_ready"] == got["update_results_ready"] == given["whole_results_ready"]
        for kind in offering:
            assert got["whole_results_data"] == given[f"{kind}_results_data"]
            moved[kind] += given["whole_results_ready"]
    assert min(moved.values()) > COUNT / 16

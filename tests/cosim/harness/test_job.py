"""A program on a device: what is sent for each tile, and what a finished run amounts to."""

import numpy as np
import pytest

from cosim import Operands
from cosim.harness.job import Counters, Job
from cosim.sat import gemm_codec
from tests.cosim.programs import program_of, pruned, update_of, weights_of
from tests.cosim.support import TINY
from tests.cosim.toy import add_toy
from tests.support.toy import PRESETS as TOYS
from tlm import Gemm, schedule, simulate


def job() -> Job:
    program = program_of(5, 50, 19, "2:8", TINY, "fp32", "os")
    return Job(program, Operands(*pruned(program)))


def test_each_tile_has_its_lines_command_and_delays():
    made = job()
    program, tiles = made.program, list(made.program.tiles())
    encode, sent = gemm_codec.encoder(program, made.operands), list(made.transfers())
    assert len(sent) == len(tiles) > 5 and [transfer.last for transfer in sent] == [False] * (len(tiles) - 1) + [True]
    for tile, transfer in zip(tiles, sent, strict=True):
        assert np.array_equal(transfer.lines, encode(tile)) and len(transfer.lines) == program.lines(tile)
        assert transfer.command == gemm_codec.command(program, tile) and transfer.beats == program.beats(tile)
        assert transfer.read_delay + program.lines(tile) == program.read_cycles(tile)
        assert transfer.write_delay + program.beats(tile) == program.write_cycles(tile)
    assert made.expected_beats == sum(program.beats(tile) for tile in tiles if tile.last)
    assert made.limit == 2 * simulate(program).cycles + 1000


def test_an_update_has_constants_and_its_clock():
    program = update_of(50, 19, 25, "2:8", TINY)
    made = Job(program, weights_of(program))
    assert made.updating and made.constants > 0 and not job().updating and job().constants == 0


def test_the_report_is_made_of_the_devices_own_counts():
    report = Job.reported([10, 25, 40], [30, 55], Counters(40, 15, 0, True))
    assert (report.cycles, report.tiles, report.stores) == (55, [10, 15, 30], [30, 55])
    assert (report.busy, report.waiting, report.idle, report.overflow) == (40, 15, 0, True)


def test_a_failure_says_what_the_device_does_when_and_how_far_it_came():
    assert job().failed(True, 7, 2).startswith("the device stands still at cycle 7; 2 of ")
    assert job().failed(False, 7, 2).startswith("the device still runs at cycle 7; 2 of ")


def test_a_program_without_rtl_has_no_job(monkeypatch):
    add_toy(monkeypatch)
    with pytest.raises(ValueError, match="accelerator dot has no RTL"):
        Job(schedule(Gemm(3, 4, 5), TOYS["small"]), None)

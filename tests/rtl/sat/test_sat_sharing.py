"""sat: GEMMs and updates in any order through the same three streams; one of both works at a time."""

import numpy as np
import pytest

from cosim import Operands
from cosim.accelerators import kind_of
from cosim.check.checker import compare_bits
from cosim.engines.functional import Functional
from rtl.sat import sat as unit
from rtl.sat import timing
from rtl.sat.config import SatConfig
from tests.cosim.programs import RATES, as_received, number, program_of, pruned, update_of, weights_of
from tests.support.streams import Referee, Sink, Source
from tests.support.update import rates_word
from tlm import GemmProgram

pytestmark = pytest.mark.whole

CONFIG = SatConfig(rows=2, columns=2, interleave=2, largest_m=4, update_lanes=4, chunk=16)


def gemm(shape, sparsity=None, mapping="os", output="fp32"):
    program = program_of(*shape, sparsity, CONFIG, output, mapping)
    return program, Operands(*pruned(program))


def update(shape, sparsity=None, **choices):
    program = update_of(*shape, shape[0], sparsity, CONFIG, **choices)
    return program, weights_of(program, rates=RATES)


def orders():
    """Every kind of work before and after every other kind."""
    short, long, stationary = gemm((2, 3, 3)), gemm((5, 36, 9), "2:4"), gemm((9, 20, 5), mapping="ws", output="fp16")
    sparse, dense, reduced = update((10, 6), "2:4"), update((3, 5)), update((4, 4), "1:4", momentum=False)
    return {
        "an-update-between-gemms": [short, sparse, short, dense, stationary],
        "gemms-between-updates": [sparse, stationary, reduced, long, sparse],
        "every-kind": [reduced, long, dense, short, short, sparse, reduced, stationary, dense],
    }


class Run:
    """Work on one device: what was answered, and when what moved."""

    def __init__(self, build, work, stalls):
        self.work, ports = work, unit.ports(CONFIG)
        ports["update_clk"] = ports["clk"]
        self.dut, self.ports = build(unit.sat, **ports, config=CONFIG), ports
        self.first, commands, lines, self.counts = [], [], [], []
        for program, operands in work:
            codec = kind_of(program).codec
            self.first.append(len(commands))
            commands += [codec.command(program, tile) for tile in program.tiles()]
            lines += [number(line) for tile in program.tiles() for line in codec.encoder(program, operands)(tile)]
            self.counts.append(sum(program.beats(tile) for tile in program.tiles() if tile.last))
        self.commands = Source(self.dut, ports["commands"], commands, stalls[0])
        self.operands = Source(self.dut, ports["operands"], lines, stalls[1])
        self.sink, self.ends, self.counters = Sink(self.dut, ports["results"], stalls[2]), [], []
        self.dut.run(
            self.commands,
            self.operands,
            self.sink,
            self.watch,
            *(Referee(ports[name]) for name in ("commands", "operands", "results")),
            until=lambda: len(self.sink.words) == sum(self.counts),
            limit=60 * (len(lines) + sum(self.counts)),
            reset=timing.reset_cycles(CONFIG.rows, CONFIG.columns, CONFIG.turn),
        )

    def watch(self, now):
        self.ports["rates"].next = rates_word(RATES)
        self.ends += [now] if self.dut.read(self.ports["tile_done"]) else []
        self.overflow = self.dut.read(self.ports["overflow"])
        self.counters.append(tuple(self.dut.read(self.ports[name]) for name in ("busy", "waiting", "idle")))

    def assert_results(self):
        """Each result is the functional engine's."""
        each, compared = iter(as_received(self.sink.words, CONFIG.columns)), 0
        for (program, operands), count in zip(self.work, self.counts, strict=True):
            codec = kind_of(program).codec
            want, report = Functional(CONFIG).run(program, operands)
            received = np.stack([next(each) for _ in range(count)])
            assert compare_bits(codec.result(program, received), want, program, report) == ""
            compared += count
        assert compared == len(self.sink.words) > 50


@pytest.mark.parametrize(
    "order, stalls",
    list(zip(orders(), [("none",) * 3, ("none", "rare", "often"), ("rare", "often", "none")], strict=True)),
    ids=str,
)
def test_every_order_of_gemms_and_updates_gives_the_results_of_each_alone(build, order, stalls):
    run = Run(build, orders()[order], stalls)
    run.assert_results()
    assert len(run.ends) == sum(len(list(program.tiles())) for program, _ in run.work) == len(run.commands.cycles)


def test_one_waits_with_its_command_until_the_other_has_stored_everything(build):
    run = Run(build, orders()["every-kind"], ("none", "none", "rare"))
    stored, waited = 0, 0
    for (before, _), (after, _), first, count in zip(run.work, run.work[1:], run.first[1:], run.counts, strict=False):
        stored += count
        if isinstance(before, GemmProgram) != isinstance(after, GemmProgram):
            assert run.commands.cycles[first] > run.sink.cycles[stored - 1]
            waited += 1
    assert waited == 6


def test_busy_counts_steps_and_slices_and_all_cycles_are_counted_once(build):
    run = Run(build, orders()["every-kind"], ("rare",) * 3)
    assert [sum(counts) for counts in run.counters] == list(range(len(run.counters)))
    steps = [program.steps(tile) for program, _ in run.work for tile in program.tiles()]
    assert run.counters[-1][0] == sum(steps)
    assert run.counters[-1][2] >= run.commands.cycles[0]


def test_the_flag_is_raised_by_a_gemm_and_never_by_an_update(build):
    weights, infinite = update((4, 4)), gemm((2, 4, 2))
    weights[1].weights[2, 1] = np.inf
    infinite[1].a[1, 1] = np.inf
    run = Run(build, [weights, update((3, 3), "1:4"), weights], ("none",) * 3)
    assert not np.isfinite(Functional(CONFIG).run(*weights)[0].weights).all()
    assert not run.overflow
    run = Run(build, [weights, infinite, weights], ("none",) * 3)
    assert run.overflow

"""The host's loop: reset, one meeting a window, and a failure named whenever the device hangs or runs on."""

from itertools import islice, pairwise

import pytest
from myhdl import Simulation, delay, instance, now

import cosim
from cosim.harness.job import Job
from cosim.harness.simulation import IDLE_WINDOWS, WINDOW_CYCLES, Bench, SimulationError, host_loop
from rtl.sat.config import SatConfig
from tests.cosim.support import HARDWARE, TINY, assert_contract, operands

WINDOW = 10


class Guest:
    """A host with three messages, which is done when it has collected `needed` times."""

    def __init__(self, needed, limit=10**6, constants=0, updating=False):
        self.constants, self.updating = constants, updating
        self.limit, self.needed, self.collected, self.tiles, self.tile_ends = limit, needed, [], [None] * 3, [5]
        self.messages = iter([dict(count=number, complete=number == 3) for number in (1, 2, 3)])

    @property
    def done(self):
        return len(self.collected) == self.needed

    def collect(self, device_out):
        self.collected.append(int(device_out.cycle))


def meet(guest, device, on_window=lambda: None, config=TINY):
    """Run the loop against `device`, a generator function that is given the bench."""
    bench = Bench(config)

    @instance
    def other_side():
        yield from device(bench)

    simulation = Simulation(host_loop(bench, guest, WINDOW, on_window), other_side)
    try:
        simulation.run(quiet=1)
    finally:
        if not simulation._finished:
            simulation.quit()


def counting(bench, step=7, until=10**9):
    """A device that counts cycles, and whose mailboxes are always new."""
    while True:
        yield delay(WINDOW)
        if bench.device_out.cycle < until:
            bench.device_out.cycle.next = bench.device_out.cycle + step
        bench.device_out.seen.next = bench.host.taken


@pytest.mark.parametrize("rows, columns, windows", [(2, 2, 1), (42, 42, 1), (43, 42, 2), (128, 90, 3)])
def test_reset_lasts_as_long_as_the_device_asks_and_one_message_only_resets(rows, columns, windows):
    """A cycle for each row and column, and four turns of four: the rows' delay lines."""
    assert (windows - 1) * WINDOW_CYCLES < rows + columns + 16 <= windows * WINDOW_CYCLES
    seen = []

    def device(bench):
        while True:
            yield delay(1)
            seen.append((now(), bool(bench.rst), bool(bench.host.toggle)))
            bench.device_out.cycle.next = bench.device_out.cycle + 1

    meet(Guest(1), device, config=SatConfig(rows=rows, columns=columns))
    assert {toggle for time, _, toggle in seen if time > 0} == {True}
    released = min(time for time, rst, _ in seen if not rst)
    assert windows * WINDOW <= released <= windows * WINDOW + 1
    assert all(rst == (time < released) for time, rst, _ in seen) and len(seen) > released


@pytest.mark.parametrize("updating", [False, True])
def test_constants_stand_from_the_start_and_the_updaters_clock_runs_for_an_update_alone(updating):
    seen = set()

    def device(bench):
        yield delay(1)
        while True:
            seen.add((int(bench.host.rates), bool(bench.updating)))
            yield from next_window(bench)

    meet(Guest(3, constants=77, updating=updating), device)
    assert seen == {(77, updating)}


def next_window(bench):
    """A window in which a cycle passes and the mailboxes are new."""
    bench.device_out.cycle.next = bench.device_out.cycle + 1
    bench.device_out.seen.next = bench.host.taken
    yield delay(WINDOW)


def test_a_message_is_sent_only_when_it_is_needed_and_toggles_once():
    sent = []

    def device(bench):
        device_out, last = bench.device_out, True
        while True:
            yield delay(WINDOW)
            device_out.cycle.next = device_out.cycle + 1
            device_out.need.next = device_out.cycle % 3 == 0 and not bench.rst
            device_out.seen.next = bench.host.taken
            if bench.host.toggle != last:
                sent.append((int(bench.host.count), bool(bench.host.complete)))
                last = bool(bench.host.toggle)

    guest = Guest(30)
    meet(guest, device)
    assert sent == [(1, False), (2, False), (3, True)] and next(guest.messages, None) is None


def test_mailboxes_are_collected_only_when_the_device_has_seen_that_they_were_taken():
    def device(bench):
        while True:
            yield delay(WINDOW)
            bench.device_out.cycle.next = bench.device_out.cycle + 1
            if bench.device_out.cycle % 5 == 4:
                bench.device_out.seen.next = bench.host.taken

    guest = Guest(6)
    meet(guest, device)
    gaps = [later - first for first, later in pairwise(guest.collected[1:])]
    assert gaps == [5, 5, 5, 5]


def test_a_device_past_its_limit_is_named_with_cycle_and_tiles():
    with pytest.raises(SimulationError, match=r"^the device still runs at cycle 105; 1 of 3 tiles are done$"):
        meet(Guest(10**6, limit=100), counting)


def test_a_device_at_its_limit_is_not_past_it():
    guest = Guest(20, limit=7 * 30)
    meet(guest, counting)
    assert len(guest.collected) == 20


@pytest.mark.parametrize("until", [0, 70])
def test_a_device_that_stands_still_is_named_with_cycle_and_tiles(until):
    with pytest.raises(SimulationError, match=rf"^the device stands still at cycle {until}; 1 of 3 tiles are done$"):
        meet(Guest(10**6), lambda bench: counting(bench, until=until))


def test_a_device_that_rests_and_goes_on_does_not_stand_still():
    def device(bench):
        while True:
            yield delay(WINDOW * (IDLE_WINDOWS - 1))
            bench.device_out.cycle.next = bench.device_out.cycle + 1
            bench.device_out.seen.next = bench.host.taken

    guest = Guest(4)
    meet(guest, device)
    assert len(guest.collected) == 4


def test_what_the_window_raises_ends_the_run_and_the_next_one_works():
    windows = []

    def on_window():
        windows.append(now())
        if len(windows) == 7:
            raise SimulationError("seven")

    with pytest.raises(SimulationError, match="^seven$"):
        meet(Guest(100), counting, on_window=on_window)
    assert windows == [WINDOW * i for i in range(1, 8)]
    meet(Guest(3), counting)


@pytest.mark.parametrize("name", HARDWARE)
def test_an_engine_past_its_limit_stops_and_its_next_run_works(name, monkeypatch):
    engine = cosim.engine(name, TINY)
    with monkeypatch.context() as patch:
        patch.setattr(Job, "limit", 200)
        for _ in range(2):
            with pytest.raises(SimulationError, match=r"^the device still runs at cycle \d+; \d+ of 27 tiles are done"):
                engine.gemm(*operands(6, 40, 24))
    assert_contract(engine, *operands(3, 7, 5))


@pytest.mark.parametrize("name", HARDWARE)
def test_an_engine_that_stands_still_stops_and_its_next_run_works(name, monkeypatch):
    """The second tile never becomes complete: the clock waits for it, and nothing more can come."""
    engine, transfers = cosim.engine(name, TINY), Job.transfers
    with monkeypatch.context() as patch:
        patch.setattr(Job, "transfers", lambda job: islice(transfers(job), 1))
        with pytest.raises(SimulationError, match=r"^the device stands still at cycle \d+; \d of 9 tiles are done$"):
            engine.gemm(*operands(6, 16, 24))
    assert_contract(engine, *operands(3, 7, 5))

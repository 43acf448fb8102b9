"""The Verilog in Icarus: unknown values, hung and dying simulators are named, and no process is left behind."""

import os
import re
import signal
import threading
import time
from pathlib import Path

import pytest
from myhdl import Cosimulation

import cosim
from cosim.engines import icarus
from cosim.harness.host import Host
from cosim.harness.simulation import SimulationError
from tests.cosim.support import AFTER_RESET, LONG, TINY, assert_contract, beside, children, operands, simulators

SMALL = (9, 40, 18)


def nothing_is_left():
    assert children() == [] and simulators(str(icarus.scratch())) == []
    assert_contract(cosim.engine("icarus", TINY), *operands(3, 5, 3))
    assert children() == []


def failure_of(engine, shape=SMALL) -> str:
    with pytest.raises(SimulationError) as caught:
        engine.gemm(*operands(*shape))
    nothing_is_left()
    return str(caught.value)


@pytest.mark.parametrize(
    "signal_name, file, old, new",
    [
        ("commands_ready", "sat_loader.v", "((!loading) && (!occupied[bank]))", "1'bx"),
        (
            "operands_ready",
            "sat_loader.v",
            "assign operands_ready = loading;",
            "assign operands_ready = loading ? 1'bz : 0;",
        ),
        ("results_valid", "sat_result_port.v", "results_valid <= 1'b1;", "results_valid <= 1'bx;"),
        ("tile_done", "sat_stepper.v", "assign at_last = (", "assign at_last = (at_last_value ? 1'bx : 1'b1) && ("),
        ("results_data", "sat_uspe.v", "sum_out <= sum_in;", "sum_out <= 32'bx;"),
        ("results_data", "sat_result_lane.v", "word = single;", "word = single === 0 ? 0 : {single[31:1], 1'bz};"),
        ("busy", "sat_work_counters.v", "busy <= (busy + 1);", "busy <= (busy + 1) | (busy == 20 ? 48'bx : 0);"),
        ("waiting", "sat_work_counters.v", "waiting <= (waiting + 1);", "waiting <= {1'bx, waiting[46:0]};"),
    ],
)
def test_an_unknown_value_stops_the_run_with_its_name_and_cycle(signal_name, file, old, new, changed):
    text = failure_of(changed(file, old, new))
    assert re.fullmatch(rf"{signal_name} is unknown \(x or z\) at cycle \d+", text), text


def test_the_cycle_named_is_the_one_of_the_unknown_value(changed):
    at = 123
    engine = changed(
        "sat.v",
        "endmodule",
        "reg [39:0] now; always @(posedge clk) now <= rst ? 0 : now + 1;\n"
        f"assign tile_done = now == {at} ? 1'bx : 1'bz;\nendmodule",
    )
    assert failure_of(engine) == f"tile_done is unknown (x or z) at cycle {at}"


@pytest.mark.parametrize(
    "hang",
    [
        f"initial begin #{AFTER_RESET} while (1); end",
        f"initial #{AFTER_RESET} forever #0;",
        f"reg a; always @(a) a <= !a; initial #{AFTER_RESET} a = 1;",
    ],
    ids=["loop", "zero-delay", "oscillation"],
)
def test_the_watchdog_ends_a_hung_simulator(hang, changed):
    assert failure_of(changed(*beside(hang), patience=1.5)) == "the simulator was ended: no answer within 1.5 s"


@pytest.mark.parametrize("when", ["", "#0", f"#{AFTER_RESET}"], ids=["at-once", "at-time-zero", "later"])
def test_a_simulator_that_ends_by_itself_leaves_its_last_words(when, changed):
    text = failure_of(changed(*beside(f'initial begin {when} $display("farewell"); $finish; end')))
    assert re.fullmatch(r"the simulator ended by itself \(exit code 0\): (?s:.*)farewell", text), text


def test_a_simulator_that_is_killed_is_named_with_its_exit_code():
    def kill():
        while not (found := simulators(str(icarus.scratch()))):
            time.sleep(0.01)
        time.sleep(0.3)
        os.kill(found[0], signal.SIGKILL)  # our own child: it runs from this process's folder

    killer = threading.Thread(target=kill)
    killer.start()
    text = failure_of(cosim.engine("icarus", TINY), LONG)
    killer.join()
    assert text == "the simulator ended by itself (exit code -9)"


def test_a_simulator_that_dies_while_python_has_the_word_is_named_too(monkeypatch):
    """Then it is a write into the pipe that fails, not a read."""
    engine, put = cosim.engine("icarus", TINY), Cosimulation._put

    def kill(device, time_now):
        if time_now == 7:
            device._child.kill()
            device._child.wait()
        put(device, time_now)

    monkeypatch.setattr(Cosimulation, "_put", kill)
    with pytest.raises(SimulationError, match=r"^the simulator ended by itself \(exit code -9\)$"):
        engine.gemm(*operands(*SMALL))
    monkeypatch.undo()
    nothing_is_left()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("place", ["collect", "result", "report", "_join_"])
def test_after_any_exception_no_simulator_is_left_and_the_next_run_works(error, place, monkeypatch):
    engine = cosim.engine("icarus", TINY)

    def fail(*_):
        raise error("planted")

    with monkeypatch.context() as patch:
        if place == "_join_":
            patch.setattr("cosim.harness.host._join", fail)  # while a message is made
        else:
            patch.setattr(Host, place, fail)
        with pytest.raises(error, match="planted"):
            engine.gemm(*operands(*SMALL))
    nothing_is_left()


def test_failures_leave_no_open_files(changed):
    engine = changed(*beside(f"initial #{AFTER_RESET} $finish;"))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with pytest.raises(SimulationError):
            engine.gemm(*operands(*SMALL))
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_processors_a_thread_may_use_are_given_back(changed):
    before = os.sched_getaffinity(0)
    cosim.engine("icarus", TINY).gemm(*operands(2, 3, 2))
    failure_of(changed(*beside(f"initial #{AFTER_RESET} $finish;")))
    assert os.sched_getaffinity(0) == before


def cycles_in(path: Path) -> list[int]:
    """The values of device_out_cycle in a VCD, which must be whole."""
    text = path.read_text()
    assert text.endswith("\n")
    code = re.search(r"\$var reg +40 (\S+) device_out_cycle", text)[1]
    return [int(value, 2) for value in re.findall(rf"^b([01]+) {re.escape(code)}$", text, re.MULTILINE)]


def test_waves_of_the_last_run_are_written_and_hold_all_its_cycles(tmp_path):
    path = tmp_path / "with a space" / "run.vcd"
    path.parent.mkdir()
    engine = cosim.engine("icarus", TINY, waves=path)
    assert engine.waves == path and not path.exists()
    for shape in ((9, 40, 18), (2, 3, 2)):
        result = assert_contract(engine, *operands(*shape))
        assert set(cycles_in(path)) == set(range(result.cycles + 1))


def test_waves_of_a_run_that_fails_reach_the_cycle_that_is_named(changed, tmp_path):
    engine = changed("sat_uspe.v", "sum_out <= sum_in;", "sum_out <= 32'bx;", waves=tmp_path / "run.vcd")
    cycle = int(failure_of(engine).split()[-1])
    assert max(cycles_in(tmp_path / "run.vcd")) >= cycle > 50


def test_waves_that_cannot_be_written_are_an_error_before_or_in_the_run(tmp_path):
    with pytest.raises((SimulationError, ValueError, OSError), match="no-folder"):
        cosim.engine("icarus", TINY, waves=tmp_path / "no-folder" / "run.vcd").gemm(*operands(2, 3, 2))
    nothing_is_left()

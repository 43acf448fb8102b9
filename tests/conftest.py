"""Options, seeded random numbers, and the device under test on each simulator."""

import os
import random
import zlib
from pathlib import Path

import pytest

from cosim.tools import missing, version
from tests.support import pipeline, properties, tools, waves
from tests.support.dut import IcarusDut, MyhdlDut

SIMULATORS = ["myhdl", "icarus"]
SIMULATED_WITH = ("iverilog", "verilator", "yosys")


def pytest_addoption(parser):
    parser.addoption("--seed", type=int, default=1, help="seed of every random choice")
    parser.addoption(
        "--nightly", action="store_true", help="run what is marked so, too, and more examples of properties"
    )
    parser.addoption("--waves", action="store_true", help="write waves.vcd to the tmp_path of each hardware test")
    parser.addoption(
        "--record-waves", type=Path, help="folder for the documentation's waveforms (tests/support/waves.py)"
    )


def pytest_configure(config):
    """Before any test is imported: how many examples a property has. And a processor of its own for each xdist worker,
    since a simulator's pipe is six times slower between two."""
    properties.factor = properties.NIGHTLY if config.getoption("--nightly") else 1
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker.startswith("gw"):
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {processors[int(worker[2:]) % len(processors)]})


def pytest_collection_modifyitems(config, items):
    """Without --nightly, leave out what is marked so; and in MyHDL's simulator, which is the slower one, of a test all
    cases but the first, of a whole accelerator all tests but the first. To record waveforms a test a block will do."""
    if config.getoption("--record-waves"):
        items[:] = waves.first_tests(items)
    if config.getoption("--nightly") or config.getoption("--record-waves"):
        return
    chosen, left, seen = [], [], set()
    for item in items:
        name = "" if item.get_closest_marker("whole") else item.originalname
        test = (item.path, name) if in_myhdl(item) else None
        (left if item.get_closest_marker("nightly") or test in seen else chosen).append(item)
        seen |= {test} - {None}
    config.hook.pytest_deselected(items=left)
    items[:] = chosen


def in_myhdl(item) -> bool:
    """Whether a test runs in MyHDL's simulator, as a parameter says, or its name."""
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    words = [value for value in parameters if isinstance(value, str)]  # an array would compare its elements
    return "myhdl" in words or "_in_myhdl" in item.originalname


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that failed for a missing program is skipped, where nothing may be installed (tests/support/tools.py)."""
    report = yield
    tool = tools.absent_tool(call.excinfo and call.excinfo.value) if report.failed else None
    if tool:
        report.outcome, report.longrepr = "skipped", (tools.__file__, 0, f"{tool} is not installed")
        report.user_properties.append(("missing", tool))  # which xdist hands on
    return report


def pytest_terminal_summary(terminalreporter):
    """One line about all that were skipped for a missing program."""
    skipped = terminalreporter.stats.get("skipped", [])
    missed = [value for report in skipped for key, value in report.user_properties if key == "missing"]
    if missed:
        terminalreporter.write_line(tools.summary(missed))


def pytest_report_header(config):
    programs = [version(name) for name in SIMULATED_WITH if not missing([name])]
    return [f"seed: {config.getoption('--seed')} (choose with --seed)", f"programs: {'; '.join(programs) or 'none'}"]


@pytest.fixture
def rng(request):
    """Random numbers fixed by --seed and the test's name: in any order, and the same on both simulators."""
    name = f"{request.node.path.name}:{request.node.originalname}"
    return random.Random(request.config.getoption("--seed") + zlib.crc32(name.encode()))


@pytest.fixture(params=SIMULATORS)
def simulator(request):
    return request.param


@pytest.fixture
def watched(request):
    """watched(device) is the device; with --record-waves the first one of the file's block is recorded."""
    recorders, folder = [], request.config.getoption("--record-waves")
    block = request.path.stem.removeprefix("test_")

    def watch(dut):
        if folder and not recorders and dut.deco.func.__name__ == block:
            recorders.append(waves.Recorder(dut))
            dut.watchers.append(recorders[0])
        return dut

    yield watch
    for recorder in recorders:
        recorder.save(folder / f"{block}.json", request.node.nodeid)


@pytest.fixture
def build(request, simulator, tmp_path, watched):
    """build(block, **ports_and_parameters) makes a @module a device under test (tests/support/dut.py)."""
    dump = tmp_path / "waves.vcd" if request.config.getoption("--waves") else None
    kind = {"myhdl": MyhdlDut, "icarus": IcarusDut}[simulator]
    return lambda deco, **arguments: watched(kind(deco, arguments, dump))


@pytest.fixture
def compute(build, simulator, tmp_path):
    """compute(block, ports, vectors, latency, **parameters): what a pipeline answers (tests/support/pipeline.py)."""

    def run(deco, ports, vectors, latency, **parameters):
        if simulator == "icarus":
            return pipeline.in_icarus(tmp_path, deco, ports, vectors, latency, **parameters)
        return pipeline.in_myhdl(build, deco, ports, vectors, latency, **parameters)

    return run

"""No simulator outlives the process that started it, however that process ends."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.cosim.support import LONG, beside, simulators
from tests.support.tools import needed

ROOT = Path(__file__).parents[2]


def await_simulators(folder: str, count: int) -> bool:
    """Whether, in the end, that many simulators run below the folder."""
    limit = time.monotonic() + 60
    while len(simulators(folder)) != count and time.monotonic() < limit:
        time.sleep(0.02)
    return len(simulators(folder)) == count


def another_process(folder: Path, engine: str) -> subprocess.Popen:
    """A Python that runs a long GEMM; it prints its scratch folder, made in `folder`, and how the run ended.

    It heeds SIGINT even where these tests run in the background of a shell, which has its jobs ignore that.
    """
    needed("vvp")
    code = f"""if True:
        import signal
        import cosim
        from cosim.engines import icarus
        from tests.cosim.support import TINY, children, operands
        signal.signal(signal.SIGINT, signal.default_int_handler)
        print(icarus.scratch(), flush=True)
        try:
            {engine}.gemm(*operands{LONG})
        except (KeyboardInterrupt, cosim.SimulationError) as error:
            print(type(error).__name__, error, children())
        print(cosim.engine('icarus', TINY).gemm(*operands(3, 5, 3)).c.size, children())"""
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        text=True,
        start_new_session=True,
        env=os.environ | {"TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@contextmanager
def swept(process: subprocess.Popen):
    """Whatever becomes of the test, end the process and all that it has started."""
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def ended(process: subprocess.Popen) -> str:
    """What a process of ours printed before its end, which must come."""
    try:
        return process.communicate(timeout=40)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        return f"no end within 40 s: {process.communicate()[0]}"


@pytest.mark.parametrize("sent, group", [("SIGINT", False), ("SIGINT", True), ("SIGTERM", False), ("SIGKILL", False)])
def test_no_simulator_outlives_a_process_that_is_interrupted(sent, group, tmp_path):
    """`group` is what Ctrl-C in a terminal does: the simulator gets the signal too."""
    process = another_process(tmp_path, "cosim.engine('icarus', TINY)")
    with swept(process):
        folder = process.stdout.readline().strip()
        assert await_simulators(folder, 1)
        time.sleep(0.5)
        (os.killpg if group else os.kill)(process.pid, signal.Signals[sent])
        said = ended(process)
        if sent == "SIGINT":
            assert (process.returncode, said) == (0, "KeyboardInterrupt  []\n9 []\n")
        else:
            assert process.returncode == -signal.Signals[sent]
        assert await_simulators(folder, 0)  # it finds its pipe closed at the end of its window


@pytest.mark.parametrize("patience, sent", [(1.5, None), (600, "SIGINT")], ids=["watchdog", "interrupt"])
def test_a_simulator_that_hangs_before_its_first_answer_is_ended_too(patience, sent, changed, tmp_path):
    changed(*beside("initial while (1);"))
    verilog = str(tmp_path / "verilog")
    process = another_process(tmp_path, f"cosim.engine('icarus', TINY, verilog={verilog!r}, patience={patience})")
    with swept(process):
        folder = process.stdout.readline().strip()
        assert await_simulators(folder, 1)
        if sent:
            time.sleep(0.5)
            process.send_signal(signal.Signals[sent])
        how = "KeyboardInterrupt " if sent else "SimulationError the simulator was ended: no answer within 1.5 s"
        assert ended(process) == f"{how} []\n9 []\n"
        assert simulators(folder) == []

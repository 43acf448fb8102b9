"""The converted Verilog in Icarus, driven through MyHDL's Cosimulation."""

import ctypes
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from myhdl import Cosimulation, CosimulationError, Signal, Simulation, intbv

from cosim.engines import icarus
from cosim.engines.engine import Engine
from cosim.engines.harness_verilog import check_paths
from cosim.exchange import Report
from cosim.harness.host import Host
from cosim.harness.messages import check_pipe
from cosim.harness.simulation import Bench, SimulationError, host_loop
from cosim.tools import tool
from rtl.config import Config
from rtl.hdl.hierarchy import flat_ports, forgotten_signals
from tlm.memory import Memory
from tlm.transactions import Program

WINDOW = 1  # MyHDL time units: a thousand of Verilog's, which are 100 clock cycles
PATIENCE = 600.0  # seconds that a window may take before the simulator counts as hung


class IcarusEngine(Engine):
    """Simulates the Verilog.

    waves     VCD file to write (of the last run)
    keep      folder that keeps the generated Verilog
    verilog   folder whose Verilog is simulated instead of newly generated
    patience  seconds a window of 100 clock cycles may take
    Raises ValueError for an accelerator without RTL or of too wide words, and ToolMissing.
    """

    name = "icarus"

    def __init__(
        self,
        config: Config,
        *,
        waves: Path | None = None,
        keep: Path | None = None,
        verilog: Path | None = None,
        patience: float = PATIENCE,
        memory: Memory | None = None,
    ):
        super().__init__(config, memory)
        check_pipe(config)
        check_paths(waves=waves, keep=keep, verilog=verilog)
        if not isinstance(patience, int | float) or not patience > 0:
            raise ValueError(f"patience must be seconds above 0, not {patience!r}")
        tool("vvp")
        self.waves = waves and Path(waves).resolve()
        self.image = icarus.compiled(config, self.waves, keep and Path(keep), verilog and Path(verilog))
        self.patience = patience

    def _run(self, program: Program, operands: Any) -> tuple[Any, Report]:
        host = Host(program, operands)
        bench = Bench(program.config)
        with forgotten_signals(), one_processor(), Simulator(self.image, bench, self.patience) as simulator:
            simulator.simulate(host)
        return host.result(), host.report()


@contextmanager
def one_processor() -> Iterator[None]:
    """Keep this thread and the simulator it starts on one processor: a pipe between two costs six times more."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {ctypes.CDLL(None).sched_getcpu()})  # the one it is on: others keep theirs
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Simulator:
    """A vvp process that never outlives its `with` block, and is ended when it hangs."""

    def __init__(self, image: icarus.Image, bench: Bench, patience: float):
        self.image, self.bench, self.patience = image, bench, patience
        self.unknown = Signal(intbv(0)[8:])
        self.log = image.vvp.with_suffix(".log")
        self.hung = False

    def __enter__(self) -> "Simulator":
        # The padding spares vvp a third of its time in the kernel. Without SIGPIPE vvp ends in order when its
        # pipe is closed, and its waves are whole. LD_PRELOAD is a list that spaces and colons part, so it is given
        # a bare name, from the folder that holds it.
        command = (
            'trap "" PIPE; cd "$1" && exec env LD_PRELOAD="./$2" MALLOC_TOP_PAD_=67108864 "$3" -n -M- -m "$4" "$5" '
            '> "$6" 2>&1 < /dev/null'
        )
        casts = icarus.faster_casts()
        arguments = (casts.parent, casts.name, tool("vvp"), icarus.bridge(), self.image.vvp, self.log)
        signals = dict(
            flat_ports(
                dict(
                    updating=self.bench.updating,
                    rst=self.bench.rst,
                    run=self.bench.run,
                    host=self.bench.host,
                    device_out=self.bench.device_out,
                )
            ),
            unknown=self.unknown,
        )
        self.log.unlink(missing_ok=True)
        self.device = Cosimulation.__new__(Cosimulation)
        self._wind_up()
        try:  # its __init__ waits for the simulator's first message
            self.device.__init__(["sh", "-c", command, "sh", *map(str, arguments)], **signals)
        except BaseException as error:
            self.__exit__()
            for pipe in (self.device._rt, self.device._wf):
                os.close(pipe)
            if isinstance(error, (CosimulationError, BrokenPipeError)):
                raise SimulationError(self.last_words()) from None
            raise
        return self

    def __exit__(self, *_) -> None:
        self.timer.cancel()
        self._kill()
        self._wait()

    @property
    def process(self) -> subprocess.Popen | None:
        """The simulator, once it has been started."""
        return getattr(self.device, "_child", None)

    def simulate(self, host: Host) -> None:
        """Run until the host is done. Raises SimulationError when the simulator ends before."""
        simulation = Simulation(self.device, host_loop(self.bench, host, WINDOW, self.check))
        try:
            simulation.run(quiet=1)
        except (CosimulationError, BrokenPipeError):  # it ended before it answered, or before it was asked
            self._wait()  # the watchdog still runs
            raise SimulationError(self.last_words()) from None
        finally:
            if not simulation._finished:  # after Ctrl-C, for example: MyHDL would still hold its pipes
                self._kill()
                simulation.quit()

    def _wind_up(self) -> None:
        self.timer = threading.Timer(self.patience, self._give_up)
        self.timer.daemon = True
        self.timer.start()

    def _give_up(self) -> None:
        self.hung = True
        self._kill()

    def _kill(self) -> None:
        if self.process:
            self.process.kill()

    def _wait(self) -> None:
        if self.process:
            self.process.wait()

    def check(self) -> None:
        """After each window: the watchdog starts anew, and an unknown value ends the run."""
        self.timer.cancel()
        if self.unknown:
            name = list(icarus.WATCHED)[int(self.unknown) - 1]
            raise SimulationError(f"{name} is unknown (x or z) at cycle {int(self.bench.device_out.cycle)}")
        self._wind_up()

    def last_words(self) -> str:
        """Why the process ended."""
        if self.hung:
            return f"the simulator was ended: no answer within {self.patience:g} s"
        said = self.log.read_text().strip() if self.log.exists() else ""
        code = self.process.poll() if self.process else None
        return f"the simulator ended by itself (exit code {code}){': ' + said if said else ''}"

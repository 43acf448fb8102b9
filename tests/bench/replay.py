"""Bare vvp on the stimulus of a co-simulated run: the same Verilog, with neither MyHDL's bridge nor Python.

The run is recorded once. Then a top in plain Verilog, made from the engine's own top (same clock, same
check for unknown values), sets the host's signals in the same windows from a file. What the device
then says at its end, and every mailbox on its way, must equal the recorded run.
"""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cosim.engines import icarus
from cosim.engines.icarus_engine import IcarusEngine, Simulator
from cosim.exchange import Operands, Report
from cosim.harness.host import Host
from cosim.harness.simulation import Bench
from cosim.tools import call, tool
from rtl.hdl.hierarchy import flat_ports
from tests.bench.measure import CheckFailed, pinned
from tlm.transactions import Program

WINDOW = 1000  # Verilog's time units between two meetings of host and device
MAIL = ("results", "result_count", "tile_ends", "tile_count", "store_ends", "store_count")
COUNTERS = ("cycle", "busy", "waiting", "idle")

PLAYER = """\
  reg [{width}:0] stimulus [0:{last}];
  reg [{mail_width}:0] mail = 0;
  reg [31:0] window = 0;
  reg [31:0] before;
  integer i;

  initial begin
    $readmemh("{file}", stimulus);
    #1;
    for (i = 0; i <= {last}; i = i + 1) begin
      before = window;
      window = stimulus[i] >> {inputs_width};
      #({step} * (window - before));
      if (!rst && device_out_seen === host_taken)
        mail = {{mail[{mail_width} - 1:0], mail[{mail_width}]}} ^ {{{mail}}};
      {{{inputs}}} = stimulus[i];
    end
    $display("{format} %h", {counters}, unknown, mail);
    $finish(0);
  end
endmodule
"""


@dataclass(frozen=True)
class Recorded:
    """A co-simulated run.

    inputs      names of the host's signals, the toggle last: it tells that the others are new
    widths      their bits
    stimulus    (window, their values from then on); the last one is the window in which the run ended
    mail_width  bits of all mailboxes
    final       the device's counters, then `unknown`, then the sum over all mailboxes read in hex
    """

    inputs: list[str]
    widths: list[int]
    stimulus: list[tuple[int, list[int]]]
    mail_width: int
    final: tuple[str, ...]
    report: Report

    @property
    def windows(self) -> int:
        """Meetings of host and device."""
        return self.stimulus[-1][0]


class Tape(Simulator):
    """A simulator that remembers what the host set in each window, and what it read."""

    def __init__(self, image: icarus.Image, bench: Bench, patience: float):
        super().__init__(image, bench, patience)
        inputs = dict(flat_ports(dict(rst=bench.rst, host=bench.host)))
        inputs["host_toggle"] = inputs.pop("host_toggle")
        self.inputs, self.windows, self.mail = inputs, 0, 0
        self.final: tuple[str, ...] = ()
        self.stimulus: list[tuple[int, list[int]]] = []

    def check(self) -> None:
        """After each window, before the host sets new values: what it set is what it set a window ago."""
        super().check()
        values = [int(signal) for signal in self.inputs.values()]
        if not self.stimulus or values != self.stimulus[-1][1]:
            self.stimulus.append((self.windows, values))
        self.windows += 1
        out = self.bench.device_out
        if not self.bench.rst and out.seen == self.bench.host.taken:
            top = self.mail_width - 1
            self.mail = (self.mail << 1 & (1 << self.mail_width) - 1 | self.mail >> top) ^ self._joined()
        counters = [str(int(signal)) for signal in (*(getattr(out, name) for name in COUNTERS), self.unknown)]
        self.final = (*counters, f"{self.mail:0{-(-self.mail_width // 4)}x}")  # MyHDL resets its signals at the end

    @property
    def mail_width(self) -> int:
        return sum(len(getattr(self.bench.device_out, name)) for name in MAIL)

    def _joined(self) -> int:
        joined = 0
        for name in MAIL:
            signal = getattr(self.bench.device_out, name)
            joined = joined << len(signal) | int(signal)
        return joined

    def recorded(self, report: Report) -> Recorded:
        end = (self.windows, self.stimulus[-1][1])
        return Recorded(
            list(self.inputs),
            [len(signal) for signal in self.inputs.values()],
            [*self.stimulus, end],
            self.mail_width,
            self.final,
            report,
        )


def record(engine: IcarusEngine, program: Program, operands: Operands) -> Recorded:
    """Run a program on the engine's image, and remember everything that crosses the pipe."""
    host, bench = Host(program, operands), Bench(program.config)
    with pinned(), Tape(engine.image, bench, engine.patience) as tape:
        tape.simulate(host)
    return tape.recorded(host.report())


class Replay:
    """A recorded run, compiled for bare vvp. Calling it runs it once, and checks what it says.

    folder  for the generated files
    """

    def __init__(self, image: icarus.Image, recorded: Recorded, folder: Path):
        self.recorded, self.vvp = recorded, folder / "bare.vvp"
        (folder / "stimulus.hex").write_text(_hex(recorded))
        (folder / "bare.v").write_text(_top(image, recorded, folder / "stimulus.hex"))
        call(
            tool("iverilog"),
            "-g2005",
            "-s",
            "top",
            "-o",
            self.vvp,
            folder / "bare.v",
            *sorted(image.verilog.glob("*.v")),
        )

    def __call__(self) -> None:
        """Raises CheckFailed where the replay is not the recorded run. Its caller chooses the processor."""
        done = subprocess.run(
            [tool("vvp"), "-n", "-M-", self.vvp],
            capture_output=True,
            text=True,
            env={**os.environ, "MALLOC_TOP_PAD_": str(64 << 20)},
        )
        said, final, report = tuple(done.stdout.split()), self.recorded.final, self.recorded.report
        if done.returncode or said != final:
            raise CheckFailed(
                f"the replay ends with {_brief(said)}, not {_brief(final)} as the co-simulated run; "
                f"{done.stderr.strip() or 'it ended by itself'}"
            )
        if said[:3] != (str(report.cycles), str(report.busy), str(report.waiting)):
            raise CheckFailed(f"the device ends with {_brief(said)}, not as the run reports: {report}")


def _brief(final: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {value[-16:]}" for name, value in zip((*COUNTERS, "unknown", "mail"), final, strict=True))


def _hex(recorded: Recorded) -> str:
    lines = []
    for window, values in recorded.stimulus:
        word = window
        for value, width in zip(values, recorded.widths, strict=True):
            word = word << width | value
        lines.append(f"{word:x}\n")
    return "".join(lines)


def _top(image: icarus.Image, recorded: Recorded, stimulus: Path) -> str:
    """The engine's own top, with the player in the place of the pipe."""
    text = image.top.read_text()
    head, *pipe = re.split(r"^  initial begin\n(?=    \$from_myhdl)", text, flags=re.MULTILINE)
    if len(pipe) != 1:
        raise CheckFailed("the engine's top has no place where MyHDL's pipe begins")
    inputs_width = sum(recorded.widths)
    return head + PLAYER.format(
        width=inputs_width + 31,
        last=len(recorded.stimulus) - 1,
        mail_width=recorded.mail_width - 1,
        file=stimulus,
        inputs_width=inputs_width,
        step=WINDOW,
        inputs=", ".join(recorded.inputs),
        mail=", ".join(f"device_out_{name}" for name in MAIL),
        format=" ".join(["%0d"] * (len(COUNTERS) + 1)),
        counters=", ".join(f"device_out_{name}" for name in COUNTERS),
    )

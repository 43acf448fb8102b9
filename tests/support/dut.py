"""A device under test: a @module in MyHDL's simulator, or its Verilog in Icarus, behind one interface.

An endpoint is called at each rising edge after reset, with the cycle's number. It sees the signals as they
stood before the edge, and what it drives stands after it: so it behaves like a register.
"""

from contextlib import contextmanager, nullcontext

from myhdl import Cosimulation, Signal, Simulation, StopSimulation, block, delay, instance, intbv

from cosim.engines.icarus import bridge
from cosim.engines.icarus_engine import one_processor
from cosim.tools import tool
from rtl.hdl.hierarchy import flat_ports, forgotten_signals
from rtl.hdl.stream import Interface, Stream
from tests.support.verilog import compiled, message_length

LONGEST_MESSAGE = 4095  # characters: MyHDL's bridge keeps a message in 4,096 with a terminating zero


def streams(arguments):
    """The streams among a block's arguments, and within its bundles."""
    for value in arguments:
        if isinstance(value, Stream):
            yield value
        elif isinstance(value, Interface):
            yield from streams(vars(value).values())


class Dut:
    """A block with its ports, and a run of it.

    arguments  the block's parameters; and ports, where they are the test's own or it declares none
    """

    def __init__(self, deco, arguments, waves=None):
        self.deco, self.arguments, self.waves = deco, deco.complete(arguments), waves
        self.ports = dict(flat_ports(self.arguments))
        self.clk = self.arguments.get("clk", Signal(bool(0)))
        self.rst = self.arguments.get("rst", Signal(bool(0)))
        self.watchers = []  # endpoints of every run

    def read(self, signal) -> int:
        """The value of an output; fails when it is unknown (MyHDL would read an x as 0)."""
        name = next(name for name, port in self.ports.items() if port is signal)
        assert not self.unknown(name), f"{name} is unknown (x or z)"
        return int(signal)

    def peek(self, name: str) -> int | None:
        """The value of a port by its name, or None when it is unknown."""
        return None if self.unknown(name) else int(self.ports[name])

    def check(self) -> None:
        """Every handshake is known, and the data of every word that is offered."""
        for port in streams(self.arguments.values()):
            self.read(port.ready)
            if self.read(port.valid):
                self.read(port.data)

    def unknown(self, name: str) -> bool:
        return False

    def session(self):
        """Context in which the device runs."""
        return nullcontext()

    def trace(self, bench) -> None:
        """Have the waveform written that --waves asks for."""

    def run(self, *endpoints, until, limit, reset=2):
        """Reset for `reset` cycles, then clock until `until()` holds; fail after `limit` cycles."""
        with forgotten_signals(), self.session():
            bench = clock_until(self, (*self.watchers, *endpoints), until, limit, reset)
            self.trace(bench)
            simulation = Simulation(bench)
            try:
                simulation.run(quiet=1)
            finally:
                if not simulation._finished:  # MyHDL would refuse every further simulation
                    simulation.quit()


class MyhdlDut(Dut):
    """The block itself."""

    @block
    def device(self):
        return self.deco(**self.arguments)

    def trace(self, bench):
        if self.waves:
            bench.config_sim(trace=True, directory=str(self.waves.parent), filename=self.waves.stem)


class IcarusDut(Dut):
    """Its Verilog, through MyHDL's Cosimulation. The process is gone when run() returns."""

    def __init__(self, deco, arguments, waves=None):
        super().__init__(deco, arguments, waves)
        self.image, outputs = compiled(deco, self.arguments)
        self.outputs = {name: self.ports[name] for name in outputs}
        inputs = {name: port for name, port in self.ports.items() if name not in outputs}
        self.flags = Signal(intbv(0)[max(2, len(self.outputs)) :])
        length = max(message_length({**self.outputs, "unknown": self.flags}), message_length(inputs))
        if length > LONGEST_MESSAGE:
            raise ValueError(f"a message of the co-simulation must fit {LONGEST_MESSAGE} characters, not {length}")
        self.process = None

    def unknown(self, name):
        return name in self.outputs and bool(self.flags[list(self.outputs).index(name)])

    @block
    def device(self):
        dump = [f"+waves={self.waves}"] if self.waves else []
        device = Cosimulation(
            [tool("vvp"), "-n", "-m", str(bridge()), str(self.image), *dump], **self.ports, unknown=self.flags
        )
        self.process = device._child
        return device

    @contextmanager
    def session(self):
        with one_processor():
            try:
                yield
            finally:
                if self.process:
                    self.process.kill()
                    self.process.wait()


@block
def clock_until(dut, endpoints, until, limit, reset):
    """The bench: the device, its clock and reset, and at each rising edge its endpoints."""
    device, clk, rst = dut.device(), dut.clk, dut.rst

    @instance
    def drive():
        for cycle in range(-reset, limit):
            if cycle <= 0:
                rst.next = cycle < 0
            yield delay(5)
            clk.next = True
            yield clk.posedge
            if cycle >= 0:
                dut.check()
                for endpoint in endpoints:
                    endpoint(cycle)
            yield delay(5)
            clk.next = False
            if cycle >= 0 and until():
                raise StopSimulation
        raise AssertionError(f"still running after {limit} cycles")

    return device, drive

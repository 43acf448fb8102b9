"""The RTL in MyHDL's own simulator: no Verilog, no tools to install, and slow."""

from typing import Any

from myhdl import block, delay, instance

from cosim.accelerators import device_of
from cosim.engines.engine import Engine
from cosim.exchange import Report
from cosim.harness.harness import harness
from cosim.harness.host import Host
from cosim.harness.simulation import WINDOW_CYCLES, Bench, host_loop
from rtl.config import Config
from rtl.hdl.hierarchy import forgotten_signals
from tlm.memory import Memory
from tlm.transactions import Program

HALF_PERIOD = 5


class MyhdlEngine(Engine):
    """Simulates the blocks themselves. Raises ValueError for an accelerator without RTL."""

    name = "myhdl"

    def __init__(self, config: Config, memory: Memory | None = None):
        super().__init__(config, memory)
        device_of(config)

    def _run(self, program: Program, operands: Any) -> tuple[Any, Report]:
        host = Host(program, operands)
        with forgotten_signals():
            bench = simulation(Bench(program.config), host)
            try:
                bench.run_sim(quiet=1)
            finally:
                if bench.sim and not bench.sim._finished:  # after Ctrl-C, for example: no other could start
                    bench.sim.quit()
        return host.result(), host.report()


@block
def simulation(bench: Bench, host: Host):
    """The harness, a clock that stands still while the harness says so, and the host."""

    @instance
    def clock():
        while True:
            yield delay(HALF_PERIOD)
            bench.clk.next = bench.run
            bench.update_clk.next = bench.run and (bench.rst or bench.updating)
            yield delay(HALF_PERIOD)
            bench.clk.next = False
            bench.update_clk.next = False

    device = harness(bench.clk, bench.update_clk, bench.rst, bench.run, bench.host, bench.device_out, bench.config)
    loop = host_loop(bench, host, 2 * HALF_PERIOD * WINDOW_CYCLES, lambda: None)
    return clock, device, loop

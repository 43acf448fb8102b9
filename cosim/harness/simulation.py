"""One run of the harness in a simulator: the host's loop, its limits, and a clean end whatever happens."""

from collections.abc import Callable
from dataclasses import dataclass, field

from myhdl import Signal, StopSimulation, block, delay, instance

from cosim.accelerators import device_of
from cosim.harness.host import Host
from cosim.harness.messages import ToDevice, ToHost
from rtl.config import Config

WINDOW_CYCLES = 100  # clock cycles between two meetings of host and device
IDLE_WINDOWS = 20  # windows without any progress, after which the device hangs


class SimulationError(RuntimeError):
    """A failure of the simulated hardware, or of its simulator."""


@dataclass
class Bench:
    """The signals between the host and the harness of a configuration."""

    config: Config
    clk: Signal = field(default_factory=lambda: Signal(bool(0)))
    update_clk: Signal = field(default_factory=lambda: Signal(bool(0)))
    updating: Signal = field(default_factory=lambda: Signal(bool(0)))  # the updater's clock runs
    rst: Signal = field(default_factory=lambda: Signal(bool(1)))
    run: Signal = field(default_factory=lambda: Signal(bool(0)))

    def __post_init__(self):
        self.host, self.device_out = ToDevice(self.config), ToHost(self.config)


def _windows(cycles: int) -> int:
    return -(-cycles // WINDOW_CYCLES)


@block
def host_loop(bench: Bench, host: Host, window: int, on_window: Callable[[], None]):
    """Reset the device, then meet it once a window until everything has come back.

    window     MyHDL time units a window takes
    on_window  called after each window; may raise
    """
    to_device, device_out = bench.host, bench.device_out

    @instance
    def drive():
        bench.rst.next = True
        bench.updating.next = host.updating
        if to_device.rates is not None:
            to_device.rates.next = host.constants
        to_device.toggle.next = not to_device.toggle
        for _ in range(_windows(device_of(bench.config).reset_cycles)):
            yield delay(window)
            on_window()
        bench.rst.next = False
        still, before, limit = 0, None, host.limit
        while not host.done:
            yield delay(window)
            yield delay(0)  # Cosimulation reads the device's signals only after this time has begun
            on_window()
            if device_out.seen == to_device.taken:
                host.collect(device_out)
                to_device.taken.next = not to_device.taken
            if device_out.need and (message := next(host.messages, None)):
                for name, value in message.items():
                    getattr(to_device, name).next = value
                to_device.toggle.next = not to_device.toggle
                still = 0
            cycle = int(device_out.cycle)
            still = still + 1 if cycle == before else 0
            before = cycle
            if cycle > limit or still > IDLE_WINDOWS:
                state = "still runs" if cycle > limit else "stands still"
                raise SimulationError(
                    f"the device {state} at cycle {cycle}; {len(host.tile_ends)} of {len(host.tiles)} tiles are done"
                )
        raise StopSimulation

    return drive

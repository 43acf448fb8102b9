"""sat_axi under cocotb: AXI masters that are not ours, a referee on every channel, and runs of whole programs.

Imported by the simulator's Python; pytest's side is tests/rtl/sat/axi/test_sat_axi.py.
"""

import os
import random

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge, SimTimeoutError, with_timeout
from cocotb.utils import get_sim_time
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiStreamBus, AxiStreamSink, AxiStreamSource

from cosim.accelerators import kind_of
from cosim.engines.functional import Functional
from rtl.config import load_config
from rtl.golden import Rates
from rtl.sat.axi.registers import NAMED, RATES, bit
from rtl.sat.config import PRESETS, SatConfig

PERIOD = 10  # ns
PATIENCE = 10_000  # cycles that anything may take
CHANNELS = {  # channel -> its payload
    "s_axi_aw": ("addr", "prot"),
    "s_axi_w": ("data", "strb"),
    "s_axi_b": ("resp",),
    "s_axi_ar": ("addr", "prot"),
    "s_axi_r": ("data", "resp"),
    "s_axis_command_t": ("data",),
    "s_axis_operand_t": ("data",),
    "m_axis_result_t": ("data", "last"),
}
STALLS = {"none": 0.0, "rare": 0.2, "often": 0.7}  # how much of the time a channel pauses


class Bench:
    """The device in its clock and reset: masters on its ports, and a referee on each channel."""

    def __init__(self, dut):
        self.dut, self.config = dut, load_config(os.environ["SAT_CONFIG"], SatConfig, PRESETS)
        self.rng = random.Random(int(os.environ["SAT_SEED"]))
        self.numpy = np.random.default_rng(self.rng.getrandbits(64))
        self.moved = dict.fromkeys(CHANNELS, 0)
        timing = dut.aclk, dut.aresetn, False  # active low
        self.registers = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axi"), *timing)
        self.commands, self.operands = (  # of frames that are lists of words
            AxiStreamSource(AxiStreamBus.from_prefix(dut, name), *timing, byte_lanes=1)
            for name in ("s_axis_command", "s_axis_operand")
        )
        self.results = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis_result"), *timing, byte_lanes=1)
        dut.aresetn.value = 0
        cocotb.start_soon(Clock(dut.aclk, PERIOD, unit="ns").start())
        cocotb.start_soon(self._referee())

    @property
    def cycle(self):
        """The number of the present cycle."""
        return int(get_sim_time("ns")) // PERIOD

    def stall(self, often):
        """Pause every channel at random, each by itself."""
        write, read = self.registers.write_if, self.registers.read_if
        for channel in (
            write.aw_channel,
            write.w_channel,
            write.b_channel,
            read.ar_channel,
            read.r_channel,
            self.commands,
            self.operands,
            self.results,
        ):
            channel.set_pause_generator(self._pauses(random.Random(self.rng.getrandbits(64)), STALLS[often]))

    @staticmethod
    def _pauses(rng, share):
        while True:
            yield rng.random() < share

    async def start(self):
        """Reset, and wait until the device is out of it."""
        self.dut.aresetn.value = 0
        await ClockCycles(self.dut.aclk, 1)
        self.dut.aresetn.value = 1
        await self.ready()

    async def _referee(self):
        """On every channel, what is offered is known, and holds still until it moves."""

        def of(channel, *ends):
            return [getattr(self.dut, channel + end) for end in ends]

        ports = [(channel, *of(channel, "valid", "ready"), of(channel, *ends)) for channel, ends in CHANNELS.items()]
        waits, edge = {}, RisingEdge(self.dut.aclk)
        while True:
            await edge
            if not self.dut.aresetn.value:
                waits.clear()
                continue
            for channel, valid, ready, payload in ports:
                offered, before, moves = None, waits.pop(channel, None), int(ready.value)
                if int(valid.value):
                    offered = [int(signal.value) for signal in payload]
                    if moves:
                        self.moved[channel] += 1
                    else:
                        waits[channel] = offered
                assert before in (None, offered), f"{channel}: {offered} follows {before}, which had not moved"

    async def within(self, awaitable):
        """Wait, but not for ever."""
        return await with_timeout(awaitable, PATIENCE * PERIOD, "ns")

    async def read(self, name):
        """The value of a register."""
        answer = await self.within(self.registers.read(NAMED[name].offset, 4))
        assert answer.resp == 0
        return int.from_bytes(answer.data, "little")

    async def write(self, name, value):
        """Write a whole register."""
        answer = await self.within(self.registers.write(NAMED[name].offset, value.to_bytes(4, "little")))
        assert answer.resp == 0

    async def status(self):
        """The fields of the register status."""
        word = await self.read("status")
        return {field.name: word >> field.low & 1 for field in NAMED["status"].fields}

    async def ready(self):
        """Wait for the end of a reset."""
        for _ in range(PATIENCE // 10):  # reads, of some ten cycles each
            if not (await self.status())["resetting"]:
                return
        raise TimeoutError("the device does not come out of its reset")

    async def counters(self):
        """(busy, waiting, idle, tiles) at one clock edge."""
        await self.write("control", 1 << bit("control", "snapshot"))
        return *[await self.counter(name) for name in ("busy", "waiting", "idle")], await self.read("tiles")

    async def counter(self, name):
        """What the last snapshot copied of a counter."""
        return await self.read(f"{name}_low") | await self.read(f"{name}_high") << 32

    async def run(self, program, operands):
        """Run a program (tlm.Program or UpdateProgram) as software would, and return its result."""
        self.send(program, operands)
        return await self.receive(program)

    def send(self, program, operands):
        """Hand a program's commands and operands to the masters."""
        codec = kind_of(program).codec
        for tile in program.tiles():
            self.commands.send_nowait([codec.command(program, tile)])
            lines = codec.encoder(program, operands)(tile)
            self.operands.send_nowait([int.from_bytes(line.tobytes(), "little") for line in lines])

    async def receive(self, program, stale=0):
        """The result, of which each packet is a block; `stale` words precede the first one."""
        received, width = [], 4 * self.config.columns
        for block in (tile for tile in program.tiles() if tile.last):
            words, beats = await self._packet(), program.beats(block)
            assert len(words) - stale == beats, f"tlast ends a packet of {len(words) - stale} words, not {beats}"
            received += [np.frombuffer(word.to_bytes(width, "little"), "<u4") for word in words[stale:]]
            stale = 0
        return kind_of(program).codec.result(program, np.stack(received))

    async def _packet(self):
        """The words of the next packet. Raises TimeoutError where nothing more ends one."""
        try:
            return (await self.within(self.results.recv())).tdata
        except SimTimeoutError:
            raise TimeoutError(f"no tlast within {PATIENCE} cycles") from None

    async def write_rates(self, operands):
        """Write the constants of an update."""
        for register, rate in zip(RATES, operands.rates.constants, strict=True):
            await self.write(register.name, int(rate.view(np.uint32)))

    def a_gemm(self, dataflow="os", sparsity=None, output="fp32", scale=1.0):
        """(program, operands, expected result, expected report) of a GEMM that fits no tile."""
        config, engine = self.config, Recorder(self.config)
        m, k, n = 2 * config.rows + 1, config.chunk + 5, config.tile_columns + config.columns
        a, b = (self.numpy.standard_normal(shape).astype(np.float16) for shape in ((m, k), (k, n)))
        result = engine.gemm(a * np.float16(scale), b, sparsity, mapping=dataflow, output=output)
        return *engine.given, result.c, result.report

    def an_update(self, sparsity="2:8"):
        """The same of a weight update, with both copies where there is a sparsity."""
        config, engine = self.config, Recorder(self.config)
        shape = config.update_vectors + 3, config.largest_m + 1
        w, v, g = (self.numpy.standard_normal(shape).astype(np.float32) for _ in range(3))
        result = engine.update(w, v, g, Rates(0.1, 0.9, 1e-3, 8.0), sparsity)
        return *engine.given, result.updated, result.report


class Recorder(Functional):
    """The functional engine, which remembers what it was given."""

    def run(self, program, operands):
        self.given = program, operands
        return super().run(program, operands)


def same_bits(got, expected):
    """Compare matrices, or what an update gives, bit by bit. Returns how many bytes were compared."""
    if isinstance(expected, np.ndarray):
        assert got.dtype == expected.dtype and got.shape == expected.shape and got.tobytes() == expected.tobytes()
        return expected.nbytes
    return sum(same_bits(getattr(got, name), part) for name, part in vars(expected).items() if part is not None)

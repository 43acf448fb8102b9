"""What sat_axi has to do, seen from its AXI ports: runs, and resets in the middle of them.

tests/rtl/sat/axi/test_sat_axi.py runs these cases under cocotb.
"""

import cocotb
import numpy as np
from cocotb.triggers import ClockCycles, FallingEdge, ReadOnly, RisingEdge, Timer

from rtl.sat import layouts, timing
from rtl.sat.axi.registers import NAMED, bit
from tests.support.axi import CHANNELS, Bench, same_bits

OFFERED = ("s_axi_b", "s_axi_r", "m_axis_result_t")  # channels on which the device offers; it takes the others


@cocotb.test()
@cocotb.parametrize(
    (
        ("dataflow", "sparsity", "output", "stall"),
        [
            ("os", None, "fp32", "none"),
            ("os", "2:8", "fp16", "often"),
            ("ws", None, "fp16", "rare"),
            ("ws", "1:4", "fp32", "often"),
        ],
    )
)
async def a_gemm_has_the_functional_engines_bits_and_the_models_busy_cycles(dut, dataflow, sparsity, output, stall):
    bench = Bench(dut)
    await bench.start()
    bench.stall(stall)
    program, operands, expected, report = bench.a_gemm(dataflow, sparsity, output)
    assert same_bits(await bench.run(program, operands), expected) == expected.nbytes > 0
    busy, waiting, _, tiles = await bench.counters()
    assert (busy, tiles) == (report.busy, len(report.tiles)) and waiting > 0
    assert await bench.status() == dict(resetting=0, working=0, overflow=0)


@cocotb.test()
@cocotb.parametrize(stall=["none", "often"])
async def an_update_between_gemms_has_the_functional_engines_bits(dut, stall):
    bench = Bench(dut)
    await bench.start()
    bench.stall(stall)
    runs = [bench.a_gemm(), bench.an_update(), bench.a_gemm("ws", "2:8", "fp16"), bench.an_update(None)]
    await bench.write_rates(runs[1][1])
    for program, operands, expected, report in runs:
        before = await bench.counters()
        assert same_bits(await bench.run(program, operands), expected) > 0
        after = await bench.counters()
        assert (after[0] - before[0], after[3] - before[3]) == (report.busy, len(report.tiles))
    assert bench.moved["s_axis_command_t"] == after[3] > 8


@cocotb.test()
async def no_output_depends_on_an_input_within_a_cycle(dut):
    bench = Bench(dut)
    await bench.start()
    bench.stall("rare")
    ends = {channel: ("valid", "ready") if channel in OFFERED else ("ready", "valid") for channel in CHANNELS}
    outputs = [getattr(dut, channel + out) for channel, (out, _) in ends.items()]
    outputs += [getattr(dut, channel + end) for channel in OFFERED for end in CHANNELS[channel]]
    inputs = [getattr(dut, channel + into) for channel, (_, into) in ends.items()]
    inputs += [dut.s_axi_awaddr, dut.s_axi_araddr, dut.s_axis_command_tdata]
    program, operands, expected, _ = bench.a_gemm()
    bench.send(program, operands)
    check = cocotb.start_soon(disturb(dut, bench.rng, inputs, outputs))
    assert same_bits(await bench.receive(program), expected) > 0
    check.cancel()


async def disturb(dut, rng, inputs, outputs):
    """In the middle of each cycle, change inputs for a moment: no output may follow."""
    while True:
        await FallingEdge(dut.aclk)
        before, held = [signal.value for signal in outputs], [signal.value for signal in inputs]
        for signal in inputs:
            signal.value = rng.getrandbits(len(signal))
        await Timer(1, "ns")
        await ReadOnly()
        assert [signal.value for signal in outputs] == before
        await Timer(1, "ns")
        for signal, value in zip(inputs, held, strict=True):
            signal.value = value


@cocotb.test()
async def answers_and_results_are_offered_before_anyone_is_ready_for_them(dut):
    bench = Bench(dut)
    await bench.start()
    sinks = bench.registers.write_if.b_channel, bench.registers.read_if.r_channel, bench.results
    for sink in sinks:
        sink.pause = True
    await ClockCycles(dut.aclk, 3)
    program, operands, expected, _ = bench.a_gemm()
    bench.send(program, operands)
    answers = [
        cocotb.start_soon(bench.registers.write(NAMED["rate"].offset, bytes(4))),
        cocotb.start_soon(bench.registers.read(0, 4)),
    ]
    for channel in OFFERED:
        valid, ready = getattr(dut, f"{channel}valid"), getattr(dut, f"{channel}ready")
        if not valid.value:
            await bench.within(RisingEdge(valid))
        await ClockCycles(dut.aclk, 50)  # the referee sees that it holds still
        assert valid.value and not ready.value
    for sink in sinks:
        sink.pause = False
    assert same_bits(await bench.receive(program), expected) > 0
    for answer in answers:
        assert (await bench.within(answer)).resp == 0


@cocotb.test()
@cocotb.parametrize(dataflow=["os", "ws"], stall=["none", "often"])
async def after_a_soft_reset_in_the_middle_the_next_run_is_right(dut, dataflow, stall):
    bench = Bench(dut)
    await bench.start()
    await bench.write("rate", 0x12345678)
    bench.stall(stall)
    await break_off(bench, *bench.a_gemm(dataflow, scale=np.inf)[:2])
    assert (await bench.status())["overflow"] and (await bench.status())["working"]
    await bench.write("control", 1 << bit("control", "reset"))
    assert await bench.status() == dict(resetting=1, working=0, overflow=0)
    await bench.within(bench.commands.wait())
    await bench.within(bench.operands.wait())  # what was on its way is thrown away
    released = bench.cycle
    await bench.write("control", 0)
    await bench.ready()
    assert bench.cycle - released >= timing.reset_cycles(bench.config.rows, bench.config.columns, bench.config.turn)
    stale = bench.moved["m_axis_result_t"] - sum(map(len, packets(bench.results)))
    assert (await bench.counters())[::3] == (0, 0)  # busy, tiles
    program, operands, expected, report = bench.a_gemm(dataflow)
    bench.send(program, operands)
    assert same_bits(await bench.receive(program, stale), expected) > 0
    busy, _, _, tiles = await bench.counters()
    assert (busy, tiles) == (report.busy, len(report.tiles))
    assert await bench.status() == dict(resetting=0, working=0, overflow=0)
    assert await bench.read("rate") == 0x12345678


async def break_off(bench, program, operands):
    """Begin a run, and return in the middle of it: results leave, and operands are still to come."""
    bench.send(program, operands)
    while bench.moved["m_axis_result_t"] < 3:
        await bench.within(RisingEdge(bench.dut.aclk))
    assert not bench.operands.idle()


def packets(sink):
    """Those that have arrived."""
    found = []
    while not sink.empty():
        found.append(sink.recv_nowait().tdata)
    return found


@cocotb.test()
async def a_soft_reset_waits_until_the_result_that_was_offered_is_taken(dut):
    bench = Bench(dut)
    await bench.start()
    bench.results.pause = True
    bench.send(*bench.a_gemm()[:2])
    await bench.within(RisingEdge(dut.m_axis_result_tvalid))
    for word in (1 << bit("control", "reset"), 0):
        await bench.write("control", word)
    bench.commands.clear()
    bench.operands.clear()
    for _ in range(60):
        assert (await bench.status())["resetting"] and dut.m_axis_result_tvalid.value
    bench.results.pause = False
    await bench.ready()
    assert 1 <= bench.moved["m_axis_result_t"] <= 2 and not dut.m_axis_result_tvalid.value


@cocotb.test()
async def a_reset_of_one_cycle_in_the_middle_is_enough_and_loses_nothing_that_follows(dut):
    bench = Bench(dut)
    await bench.start()
    program, operands, expected, report = bench.a_gemm()
    await break_off(bench, program, operands)
    bench.commands.clear()
    bench.operands.clear()
    dut.aresetn.value = 0
    await ClockCycles(dut.aclk, 1)
    dut.aresetn.value = 1
    bench.send(program, operands)  # at once: the device takes it when it can
    packets(bench.results)
    await RisingEdge(dut.aclk)
    await ReadOnly()
    assert not dut.m_axis_result_tvalid.value
    await RisingEdge(dut.aclk)
    assert same_bits(await bench.receive(program), expected) > 0
    assert (await bench.counters())[0] == report.busy


@cocotb.test()
async def bits_that_fill_the_last_byte_are_ignored(dut):
    bench = Bench(dut)
    await bench.start()
    program, operands, expected, _ = bench.a_gemm("os", "2:4")
    widths = layouts.command_bits(bench.config), layouts.line_bits(bench.config)
    for source, width in zip((bench.commands, bench.operands), widths, strict=True):
        fill_up(source, width, bench.rng)
    assert same_bits(await bench.run(program, operands), expected) > 0


def fill_up(source, width, rng):
    """Let a source send random bits above its words."""
    spare, send = source.width - width, source.send_nowait
    assert 0 <= spare < 8
    source.send_nowait = lambda frame: send([word | rng.randrange(1 << spare) << width for word in frame])

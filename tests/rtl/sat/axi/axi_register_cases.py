"""Cases of sat_axi's registers, seen from AXI4-Lite, which test_sat_axi.py beside this file runs under cocotb."""

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge
from cocotbext.axi.axil_channels import AxiLiteARTransaction, AxiLiteAWTransaction, AxiLiteWTransaction

from rtl.sat.axi.axi_lite import SLVERR
from rtl.sat.axi.registers import ADDRESS_BITS, NAMED, REGISTERS, bit
from tests.support.axi import Bench, same_bits

ROUNDS, BURST = 12, 8  # of writes, then reads


@cocotb.test()
async def after_reset_every_register_reads_as_described(dut):
    bench = Bench(dut)
    await bench.start()
    for register in REGISTERS:
        if register.name != "status":  # which was `resetting`, and has been waited for
            assert await bench.read(register.name) == register.value(bench.config), register.name
    assert await bench.status() == dict(resetting=0, working=0, overflow=0)
    assert bench.moved["s_axi_r"] >= len(REGISTERS)


@cocotb.test()
@cocotb.parametrize(stall=["none", "rare", "often"])
async def registers_take_what_is_strobed_in_any_order_of_address_and_data(dut, stall):
    bench, held = Bench(dut), {register.word: 0 for register in REGISTERS if register.access == "rw"}
    await bench.start()
    bench.stall(stall)
    write, read, rng = bench.registers.write_if, bench.registers.read_if, bench.rng
    for _ in range(ROUNDS):
        given = [
            (rng.choice([*held, rng.randrange(1 << ADDRESS_BITS - 2)]), rng.getrandbits(32), rng.getrandbits(4))
            for _ in range(BURST)
        ]
        cocotb.start_soon(
            send_late(
                dut,
                rng,
                write.aw_channel,
                [
                    AxiLiteAWTransaction(awaddr=4 * word + rng.randrange(4), awprot=rng.getrandbits(3))
                    for word, *_ in given
                ],
            )
        )
        cocotb.start_soon(
            send_late(
                dut, rng, write.w_channel, [AxiLiteWTransaction(wdata=data, wstrb=strobe) for _, data, strobe in given]
            )
        )
        for word, data, strobe in given:
            answer = await bench.within(write.b_channel.recv())
            assert answer.bresp == (0 if word in held else SLVERR)
            remember(held, word, data, strobe)
        for word, value in held.items():
            await read.ar_channel.send(AxiLiteARTransaction(araddr=4 * word, arprot=rng.getrandbits(3)))
            answer = await bench.within(read.r_channel.recv())
            assert (answer.rresp, int(answer.rdata)) == (0, value)
    assert bench.moved["s_axi_b"] == ROUNDS * BURST and bench.moved["s_axi_r"] >= ROUNDS * len(held)


async def send_late(dut, rng, channel, transactions):
    """So address and data come in either order."""
    await ClockCycles(dut.aclk, rng.choice([1, 20]))
    for transaction in transactions:
        await channel.send(transaction)


def remember(held, word, data, strobe):
    """What a write leaves in a register that can be written."""
    if word in held:
        mask = sum(0xFF << 8 * k for k in range(4) if strobe >> k & 1)
        held[word] = held[word] & ~mask | data & mask
        if word == NAMED["control"].word:
            held[word] &= 1 << bit("control", "reset")  # snapshot reads as 0, and there are no other bits


@cocotb.test()
async def what_is_not_there_is_an_error_and_what_is_read_only_stays(dut):
    bench = Bench(dut)
    await bench.start()
    beyond = REGISTERS[-1].offset + 4
    for address in (beyond, beyond + 4, 1 << ADDRESS_BITS - 1, (1 << ADDRESS_BITS) - 4):
        answer = await bench.registers.read(address, 4)
        assert (answer.resp, answer.data) == (SLVERR, bytes(4))
        assert (await bench.registers.write(address, b"\xff" * 4)).resp == SLVERR
    for register in REGISTERS:
        expected = 0 if register.access == "rw" else SLVERR
        if register.name != "control":
            assert (await bench.registers.write(register.offset, b"\xff" * 4)).resp == expected, register.name
    for register in REGISTERS:
        if register.constant:
            assert await bench.read(register.name) == register.value(bench.config)


@cocotb.test()
async def counters_are_copied_at_one_edge_and_add_up(dut):
    bench, edges, sums = Bench(dut), [], []
    await bench.start()
    program, operands, expected, _ = bench.a_gemm()
    bench.send(program, operands)
    for wait in (0, 7, 500, 1500):
        await ClockCycles(dut.aclk, wait + 1)
        writing = cocotb.start_soon(bench.write("control", 1 << bit("control", "snapshot")))
        await RisingEdge(dut.s_axi_bvalid)  # the edge at which they are copied
        edges.append(bench.cycle)
        await writing
        sums.append(0)
        for name in ("busy", "waiting", "idle"):
            await ClockCycles(dut.aclk, 30)  # they go on while their copies are read
            sums[-1] += await bench.counter(name)
    assert [end - edges[0] for end in edges] == [total - sums[0] for total in sums]
    assert same_bits(await bench.receive(program), expected) > 0

"""SAT for Vivado: AXI4-Stream data ports, and an AXI4-Lite port for control and counters."""

from myhdl import always_comb

from rtl.hdl.hierarchy import module, waives, write_verilog
from rtl.hdl.lanes import pack, unpack
from rtl.hdl.layout import Layout
from rtl.hdl.prefix import Prefix
from rtl.hdl.stream import Interface, Stream, bit, bus
from rtl.sat import layouts, timing
from rtl.sat.axi.axi_lite import AxiLite, axi_lite
from rtl.sat.axi.bundles import Counters, RegisterBus, Status
from rtl.sat.axi.register_bank import register_bank
from rtl.sat.axi.register_slice import register_slice
from rtl.sat.axi.registers import ADDRESS_BITS
from rtl.sat.axi.reset_holder import reset_holder
from rtl.sat.config import SatConfig
from rtl.sat.sat import sat


class AxiStream(Interface):
    """An AXI4-Stream of so many bits, rounded up to whole bytes; with tlast where packets end."""

    def __init__(self, bits: int, packets: bool = False):
        self.tdata = bus(8 * -(-bits // 8))
        self.tvalid = bit()
        self.tready = bit()
        if packets:
            self.tlast = bit()


@waives(UNUSEDSIGNAL="the bits that fill a port's last byte are ignored")
@module
def sat_axi(aclk, aresetn, s_axi, s_axis_command, s_axis_operand, m_axis_result, config):
    """Execute commands that come and whose results leave by AXI4-Stream.

    aclk            in   clock of all ports, and of the accelerator
    aresetn         in   reset, active low; a cycle is enough, for it lasts as long inside as the accelerator needs
    s_axi           AxiLite         control, constants of the update, counters: registers of rtl/sat/axi/registers.py
    s_axis_command  AxiStream in    as commands of sat, in the low bits; the bits that fill the last byte are ignored
    s_axis_operand  AxiStream in    as operands of sat, likewise
    m_axis_result   AxiStream out   as results of sat; tlast with the last word of each block, or of an update's tile
    Every port goes through registers: no output depends on an input within a cycle.
    Latency     1 cycle more than sat in each stream
    Throughput  as sat
    Reset       synchronous. By software as well: then what comes is thrown away until status.resetting is 0, and a
                result that was offered stays until it is taken
    Golden      as sat
    """
    command_bits, line_bits, result_bits = layouts.command_bits(config), layouts.line_bits(config), 32 * config.columns
    cycles = timing.reset_cycles(config.rows, config.columns, config.turn)
    given_commands, commands = Stream(command_bits), Stream(command_bits)
    given_operands, operands = Stream(line_bits), Stream(line_bits)
    results = Stream(result_bits)
    result = Layout(data=result_bits, last=1)
    sent, offered = Stream(result.width), Stream(result.width)
    rates = bus(layouts.rates())
    rst, soft_reset, discarding, stored, active = (bit() for _ in range(5))
    access, status, counters = RegisterBus(), Status(), Counters()

    @always_comb
    def observe():
        rst.next = not aresetn
        status.working.next = (active or offered.valid) and not status.resetting

    @always_comb
    def take_command():
        given_commands.data.next = s_axis_command.tdata[command_bits:]
        given_commands.valid.next = s_axis_command.tvalid and not status.resetting
        s_axis_command.tready.next = discarding or (given_commands.ready and not status.resetting)

    @always_comb
    def take_operand():
        given_operands.data.next = s_axis_operand.tdata[line_bits:]
        given_operands.valid.next = s_axis_operand.tvalid and not status.resetting
        s_axis_operand.tready.next = discarding or (given_operands.ready and not status.resetting)

    @always_comb
    def send():
        sent.valid.next = results.valid and not status.resetting
        results.ready.next = sent.ready

    @always_comb
    def offer():
        m_axis_result.tvalid.next = offered.valid
        offered.ready.next = m_axis_result.tready

    wires = (
        pack(result, sent.data, data=results.data, last=stored),
        unpack(result, offered.data, data=m_axis_result.tdata, last=m_axis_result.tlast),
    )
    accelerator = sat(
        aclk,
        aclk,
        status.resetting,
        commands,
        operands,
        results,
        rates,
        status.tile_done,
        stored,
        active,
        status.overflow,
        counters.busy,
        counters.waiting,
        counters.idle,
        config,
    )
    control = (
        axi_lite(aclk, rst, s_axi, access),
        register_bank(aclk, rst, access, soft_reset, status, counters, rates, config),
        reset_holder(aclk, rst, soft_reset, offered.valid, status.resetting, discarding, cycles),
    )
    slices = (
        register_slice(aclk, status.resetting, given_commands, commands, command_bits),
        register_slice(aclk, status.resetting, given_operands, operands, line_bits),
        register_slice(aclk, rst, sent, offered, result.width),
    )
    return observe, take_command, take_operand, send, offer, wires, accelerator, control, slices


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `sat_axi`, by name."""
    return dict(
        aclk=bit(),
        aresetn=bit(),
        s_axi=AxiLite(ADDRESS_BITS),
        s_axis_command=AxiStream(layouts.command_bits(config)),
        s_axis_operand=AxiStream(layouts.line_bits(config)),
        m_axis_result=AxiStream(32 * config.columns, packets=True),
    )


def write(config: SatConfig, folder, prefix: str = "sat_") -> dict:
    """Write the Verilog, one module a file, under names that begin with the prefix (rtl/hdl/prefix.py).

    Returns {module name: Path}, children before their parents: the top, `sat_axi` with the usual prefix, is last.
    Raises ValueError for a prefix that no module can be called after.
    """
    return write_verilog(folder, sat_axi, **ports(config), config=config, prefix=Prefix("sat", prefix))

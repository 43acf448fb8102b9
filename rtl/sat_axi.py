"""SAT for Vivado: AXI4-Stream data ports, and an AXI4-Lite port for control and counters."""

from myhdl import Signal, always_comb, concat, intbv

from rtl import sat_timing as timing
from rtl import words
from rtl.axi_lite import AxiLite, axi_lite
from rtl.hierarchy import module, waives, write_verilog
from rtl.prefix import Prefix
from rtl.register_bank import register_bank
from rtl.register_slice import register_slice
from rtl.registers import ADDRESS_BITS
from rtl.reset_holder import reset_holder
from rtl.sat import COUNTER_BITS, sat
from rtl.sat_config import SatConfig
from rtl.stream import Interface, Stream


class AxiStream(Interface):
    """An AXI4-Stream of so many bits, rounded up to whole bytes; with tlast where packets end."""

    def __init__(self, bits: int, packets: bool = False):
        self.tdata = Signal(intbv(0)[8 * -(-bits // 8) :])
        self.tvalid = Signal(bool(0))
        self.tready = Signal(bool(0))
        if packets:
            self.tlast = Signal(bool(0))


@waives(UNUSEDSIGNAL="of some words only certain fields are used here")
@module
def sat_axi(aclk, aresetn, s_axi, s_axis_command, s_axis_operand, m_axis_result, config):
    """Execute commands that come and whose results leave by AXI4-Stream.

    aclk            in   clock of all ports, and of the accelerator
    aresetn         in   reset, active low; a cycle is enough, for it lasts as long inside as the accelerator needs
    s_axi           AxiLite         rtl/registers.py
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
    command_bits, line_bits, result_bits = words.command_bits(config), words.line_bits(config), 32 * config.columns
    cycles = timing.reset_cycles(config.rows, config.columns, config.turn)
    given_commands, commands = Stream(command_bits), Stream(command_bits)
    given_operands, operands = Stream(line_bits), Stream(line_bits)
    results = Stream(result_bits)
    sent, offered = Stream(result_bits + 1), Stream(result_bits + 1)  # with tlast on top
    rates = Signal(intbv(0)[words.rates().width :])
    rst, soft_reset, resetting, discarding = (Signal(bool(0)) for _ in range(4))
    tile_done, stored, active, working, overflow = (Signal(bool(0)) for _ in range(5))
    busy, waiting, idle = (Signal(intbv(0)[COUNTER_BITS:]) for _ in range(3))
    write, writable, readable = (Signal(bool(0)) for _ in range(3))
    write_word, read_word = (Signal(intbv(0)[ADDRESS_BITS - 2 :]) for _ in range(2))
    write_data, read_data = (Signal(intbv(0)[32:]) for _ in range(2))
    write_strobe = Signal(intbv(0)[4:])

    @always_comb
    def observe():
        rst.next = not aresetn
        working.next = (active or offered.valid) and not resetting

    @always_comb
    def take_command():
        given_commands.data.next = s_axis_command.tdata[command_bits:]
        given_commands.valid.next = s_axis_command.tvalid and not resetting
        s_axis_command.tready.next = discarding or (given_commands.ready and not resetting)

    @always_comb
    def take_operand():
        given_operands.data.next = s_axis_operand.tdata[line_bits:]
        given_operands.valid.next = s_axis_operand.tvalid and not resetting
        s_axis_operand.tready.next = discarding or (given_operands.ready and not resetting)

    @always_comb
    def send():
        sent.data.next = concat(stored, results.data)
        sent.valid.next = results.valid and not resetting
        results.ready.next = sent.ready

    @always_comb
    def offer():
        m_axis_result.tdata.next = offered.data[result_bits:]
        m_axis_result.tlast.next = offered.data[result_bits]
        m_axis_result.tvalid.next = offered.valid
        offered.ready.next = m_axis_result.tready

    return (
        observe,
        take_command,
        take_operand,
        send,
        offer,
        sat(
            aclk,
            aclk,
            resetting,
            commands,
            operands,
            results,
            rates,
            tile_done,
            stored,
            active,
            overflow,
            busy,
            waiting,
            idle,
            config,
        ),
        axi_lite(
            aclk, rst, s_axi, write, write_word, write_data, write_strobe, writable, read_word, read_data, readable
        ),
        register_bank(
            aclk,
            rst,
            write,
            write_word,
            write_data,
            write_strobe,
            writable,
            read_word,
            read_data,
            readable,
            soft_reset,
            resetting,
            working,
            overflow,
            tile_done,
            busy,
            waiting,
            idle,
            rates,
            config,
        ),
        reset_holder(aclk, rst, soft_reset, offered.valid, resetting, discarding, cycles),
        register_slice(aclk, resetting, given_commands, commands, command_bits),
        register_slice(aclk, resetting, given_operands, operands, line_bits),
        register_slice(aclk, rst, sent, offered, result_bits + 1),
    )


def ports(config: SatConfig) -> dict:
    """Fresh ports for a `sat_axi` of this configuration, by name."""
    return dict(
        aclk=Signal(bool(0)),
        aresetn=Signal(bool(0)),
        s_axi=AxiLite(ADDRESS_BITS),
        s_axis_command=AxiStream(words.command_bits(config)),
        s_axis_operand=AxiStream(words.line_bits(config)),
        m_axis_result=AxiStream(32 * config.columns, packets=True),
    )


def write(config: SatConfig, folder, prefix: str = "sat_") -> dict:
    """Write the Verilog, one module a file, under names that begin with the prefix (rtl/prefix.py).

    Returns {module name: Path}, children before their parents: the top, `sat_axi` with the usual prefix, is last.
    Raises ValueError for a prefix that no module can be called after.
    """
    return write_verilog(folder, sat_axi, **ports(config), config=config, prefix=Prefix("sat", prefix))

"""An AXI4-Lite subordinate: five channels in, one write and one read at a time out."""

from myhdl import Signal, always, always_comb, intbv

from rtl.hierarchy import module, waives
from rtl.stream import Interface

SLVERR = 2


class AxiLite(Interface):
    """The five channels of AXI4-Lite with 32 bits of data, by ARM's names in lower case."""

    def __init__(self, address_bits: int):
        for channel in ("aw", "ar"):
            setattr(self, f"{channel}addr", Signal(intbv(0)[address_bits:]))
            setattr(self, f"{channel}prot", Signal(intbv(0)[3:]))
            self._handshake(channel)
        self.wdata, self.wstrb = Signal(intbv(0)[32:]), Signal(intbv(0)[4:])
        self._handshake("w")
        self.bresp = Signal(intbv(0)[2:])
        self._handshake("b")
        self.rdata, self.rresp = Signal(intbv(0)[32:]), Signal(intbv(0)[2:])
        self._handshake("r")

    def _handshake(self, channel: str) -> None:
        setattr(self, f"{channel}valid", Signal(bool(0)))
        setattr(self, f"{channel}ready", Signal(bool(0)))


@waives(UNUSEDSIGNAL="of some words only certain fields are used here")
@module
def axi_lite(clk, rst, s_axi, write, write_word, write_data, write_strobe, writable, read_word, read_data, readable):
    """Answer AXI4-Lite.

    s_axi         AxiLite    address and data of a write may come in either order; protection is not looked at
    write         out  in this cycle write_data goes to write_word, the bytes whose bit in write_strobe is 1
    writable      in   there is a register that can be written at write_word
    read_word     out  the word to be read
    read_data     in   what it holds, in the same cycle; 0 where it is not readable
    readable      in   there is a register at read_word
    What cannot be written or read is answered with SLVERR: DECERR is the interconnect's, which found no subordinate.
    No ready depends on a valid, and an answer holds still until it is taken.
    Latency     2 cycles from the address, or the write's data if it comes later, to the answer
    Throughput  a write and a read every other cycle
    Reset       synchronous, active high: no answer is offered
    Golden      none
    """
    addressed, supplied = Signal(bool(0)), Signal(bool(0))  # a write's address and its data are here
    asked = Signal(bool(0))  # a read's address is
    high = len(s_axi.awaddr)
    s_axi.awprot.read = True
    s_axi.arprot.read = True

    @always_comb
    def shake():
        s_axi.awready.next = not addressed
        s_axi.wready.next = not supplied
        s_axi.arready.next = not asked
        write.next = addressed and supplied and not s_axi.bvalid

    @always(clk.posedge)
    def take():
        if s_axi.awvalid and s_axi.awready:
            addressed.next = True
            write_word.next = s_axi.awaddr[high:2]
        if s_axi.wvalid and s_axi.wready:
            supplied.next = True
            write_data.next = s_axi.wdata
            write_strobe.next = s_axi.wstrb
        if write:
            addressed.next = False
            supplied.next = False
        if rst:
            addressed.next = False
            supplied.next = False

    @always(clk.posedge)
    def confirm():
        if write:
            s_axi.bvalid.next = True
            s_axi.bresp.next = 0
            if not writable:
                s_axi.bresp.next = SLVERR
        elif s_axi.bready:
            s_axi.bvalid.next = False
        if rst:
            s_axi.bvalid.next = False

    @always(clk.posedge)
    def ask():
        if s_axi.arvalid and s_axi.arready:
            asked.next = True
            read_word.next = s_axi.araddr[high:2]
        elif not s_axi.rvalid:
            asked.next = False
        if rst:
            asked.next = False

    @always(clk.posedge)
    def answer():
        if asked and not s_axi.rvalid:
            s_axi.rvalid.next = True
            s_axi.rdata.next = read_data
            s_axi.rresp.next = 0
            if not readable:
                s_axi.rresp.next = SLVERR
        elif s_axi.rready:
            s_axi.rvalid.next = False
        if rst:
            s_axi.rvalid.next = False

    return shake, take, confirm, ask, answer
